/// What may happen to a shipment, and what follows from it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/time.h>

namespace shipping {

enum class State {
    kExpected,  ///< an order that is not confirmed yet, as far as we know
    kPending,
    kBooking,  ///< the carrier may have been asked: nobody knows whether there is a parcel
    kLabelled,
    kShipped,
    kInTransit,
    kDelivered,
    kCancelling,  ///< the carrier is being asked
    kCancelled
};

std::string_view name(State state);
/// Throws std::invalid_argument for any other text.
State stateNamed(std::string_view text);

struct Item {
    std::string product_id;
    std::int64_t quantity = 0;
};

struct Shipment {
    std::string id;
    std::string order_id;
    std::string user_id;
    std::vector<Item> items;  ///< empty until order.created came
    State state = State::kExpected;
    // Topics are not ordered against each other: what counts is the version of the order that an event speaks of.
    std::int64_t confirmed_version = 0;  ///< of order.confirmed
    std::int64_t confirmed_attempt = 0;  ///< at paying, that was confirmed
    std::int64_t committed_attempt = 0;  ///< whose stock inventory has committed
    std::int64_t dead_version = 0;       ///< what was confirmed up to here does not ship
    std::int64_t asked_version = 0;      ///< of the newest order.cancel_requested
    bool answer_owed = false;            ///< order waits for shipment.cancelled or shipment.cancel_refused
    std::string parcel_id;               ///< the carrier's; empty until it is booked
    std::string tracking_number;
    std::string reason;              ///< why it was cancelled, when neither order nor staff asked for it
    std::int64_t version = 1;        ///< of the row: the ETag
    std::int64_t event_version = 0;  ///< events published so far
    stoa::Time created;
    stoa::Time updated;
};

enum class Happening {
    // The order; `version` is the order's.
    kOrderCreated,
    kOrderConfirmed,
    kCancelRequested,
    kOrderCancelled,
    kStockCommitted,  ///< inventory; only `attempt` counts
    // Our own work at the carrier.
    kBookingBegins,
    kBooked,
    kBookingRefused,  ///< for good: there is no parcel, and there will be none
    kParcelCancelled,
    kParcelKept,  ///< the carrier refused to cancel it
    // Reports of the carrier.
    kPickedUp,
    kMoving,
    kArrived,
    // Staff.
    kShippedByStaff,
    kDeliveredByStaff,
    kCancelledByStaff
};

struct Trigger {
    Happening what;
    std::int64_t version = 0;
    std::string parcel_id = {};
    std::string tracking_number = {};
    std::int64_t attempt = 0;  ///< at paying, of kOrderConfirmed and kStockCommitted
    std::string reason = {};   ///< of kBookingRefused
};

enum class Publish { kCreated, kShipped, kDelivered, kCancelled, kCancelRefused };
std::string_view name(Publish publish);  ///< the topic

struct Transition {
    Shipment next;
    std::vector<Publish> publish = {};
    bool ask_carrier = false;       ///< there is work for the carrier job
    std::string_view ignored = {};  ///< why nothing happens; empty when something does
};

/// For kOrderCreated the caller has put the items into `shipment` already.
Transition decide(const Shipment& shipment, const Trigger& trigger);

/// Whether the carrier may be asked for a parcel: nothing leaves that inventory has not committed, because until then
/// it may answer that the stock is gone.
bool mayBook(const Shipment& shipment);

/// The one shipment of an order; the same whichever event comes first.
std::string shipmentIdOf(std::string_view order_id);

/// "t=<unix>,v1=<hex>"; nothing when it is anything else.
struct Signature {
    std::int64_t at = 0;  ///< seconds since the epoch
    std::string hex;
};
std::optional<Signature> parseSignature(std::string_view header);

}  // namespace shipping
