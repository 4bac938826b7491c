/// Shipments in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <stoa/sql.h>

#include "domain.h"

namespace shipping::store {

/// The shipment of this order; made, in state kExpected, when there is none.
Shipment ofOrder(stoa::Transaction& tx, std::string_view order_id, std::string_view user_id);
std::optional<Shipment> find(stoa::Transaction& tx, std::string_view shipment_id);

/// Real shipments, newest first; empty `user_id` or `order_id`: all. `before`: empty, or the keys of the last one seen
/// (created in microseconds, id).
std::vector<Shipment> list(stoa::Transaction& tx, std::string_view user_id, std::string_view order_id,
                           const std::vector<std::string>& before, std::int64_t limit);

void insertItems(stoa::Transaction& tx, const Shipment& shipment);

/// Writes the changed shipment if it is still at `shipment.version`, as the next version. Throws Error STOA_CONFLICT
/// otherwise, so that the transaction runs again on what is there now.
void update(stoa::Transaction& tx, Shipment& shipment);

void appendTracking(stoa::Transaction& tx, const Shipment& shipment);
std::vector<std::pair<State, stoa::Time>> tracking(stoa::Transaction& tx, std::string_view shipment_id);

}  // namespace shipping::store
