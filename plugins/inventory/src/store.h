/// Stock and reservations in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/sql.h>

#include "domain.h"

namespace inventory::store {

struct Movement {
    std::int64_t sequence = 0;
    std::string type;
    std::int64_t on_hand_delta = 0;
    std::int64_t reserved_delta = 0;
    std::string reference;
    std::string reason;
    stoa::Time at;
};

/// Zeros for an unknown product; its `version` is 0.
Stock stock(stoa::Transaction& tx, std::string_view product_id);
std::vector<Movement> movements(stoa::Transaction& tx, std::string_view product_id, std::int64_t before,
                                std::int64_t limit);

/// Each writes its movement too. False: the condition does not hold, and nothing was changed.
void receive(stoa::Transaction& tx, const Line& line, std::string_view reference);
bool adjust(stoa::Transaction& tx, std::string_view product_id, std::int64_t delta, std::string_view reason);
/// All lines or none; empty when all were taken.
std::vector<Shortage> take(stoa::Transaction& tx, const Reservation& reservation);
void giveBack(stoa::Transaction& tx, const Reservation& reservation, std::string_view reason);
void ship(stoa::Transaction& tx, const Reservation& reservation);
/// Writes the mark; with `published` the version of the stock's events goes up.
void markLow(stoa::Transaction& tx, const Stock& stock, bool published);

std::optional<Reservation> find(stoa::Transaction& tx, std::string_view order_id);
/// The order's reservation, locked until the transaction ends; made in state NONE when there is none.
Reservation lock(stoa::Transaction& tx, std::string_view order_id);
/// Writes everything but the lines.
void save(stoa::Transaction& tx, Reservation& reservation);
void saveLines(stoa::Transaction& tx, const Reservation& reservation);

}  // namespace inventory::store
