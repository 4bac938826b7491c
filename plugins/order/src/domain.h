/// Rules of orders besides the saga. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/money.h>
#include <stoa/time.h>

#include "saga.h"

namespace order {

struct Line {
    std::string product_id;
    std::string name;  ///< as it was when the order was placed
    std::int64_t quantity = 0;
    std::int64_t unit_price = 0;  ///< minor units
};

struct Order {
    std::string id;
    std::string user_id;
    std::string cart_id;  ///< empty: none
    Saga saga;
    std::vector<Line> lines;
    std::int64_t attempt = 1;  ///< of paying
    std::string payment_id;
    std::int64_t payment_version = 0;    ///< of the newest payment event that was applied
    std::int64_t inventory_version = 0;  ///< the same, of the reservation
    std::int64_t shipment_version = 0;
    std::int64_t total = 0;
    std::string currency;
    std::string shipping_address;    ///< JSON, as sent
    std::int64_t version = 1;        ///< of the row: the ETag
    std::int64_t event_version = 0;  ///< events published so far
    stoa::Time deadline;
    std::int64_t repeats = 0;  ///< of what CANCEL_PENDING asks for, in its present phase
    bool stuck = false;        ///< it was repeated often enough; somebody has to look
    stoa::Time created;
    stoa::Time updated;
};

/// Quantity by product, of what the customer asked for.
struct Wish {
    std::string product_id;
    std::int64_t quantity;
};

/// What product says of one of them.
struct Offer {
    std::string name;
    stoa::Money price;
    bool active = true;
};

/// The lines at the prices of `offers`, one per product (duplicates summed), in the order of the wishes. Throws Problem
/// 422 naming the line for an unknown or discontinued product, or another currency than `currency`.
std::vector<Line> priceLines(const std::vector<Wish>& wishes, const std::map<std::string, Offer>& offers,
                             const std::string& currency);

/// Σ quantity × unit price. Throws Problem 422 on overflow.
std::int64_t totalOf(const std::vector<Line>& lines);

/// A profile follows its registration within moments: until then an unknown user is worth waiting for. `user_id` is a
/// UUIDv7, so it says when that was.
bool profileMayStillCome(std::string_view user_id, stoa::Time now);

}  // namespace order
