/// Orders in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/sql.h>

#include "domain.h"

namespace order::store {

struct HistoryEntry {
    std::int64_t sequence;
    std::string type;
    std::string detail;
    stoa::Time at;
};

/// False: another order has this cart.
bool insert(stoa::Transaction& tx, const Order& order);
std::optional<Order> find(stoa::Transaction& tx, std::string_view order_id);
/// Newest first; `before` empty or the keys of the last one seen (created in microseconds, id). Empty `user_id`: all
/// users'.
std::vector<Order> list(stoa::Transaction& tx, std::string_view user_id, std::string_view status,
                        const std::vector<std::string>& before, std::int64_t limit);
/// Writes the changed order if it is still at `order.version`, as the next version. Throws Error STOA_CONFLICT
/// otherwise, so that the transaction runs again on what is there now.
void update(stoa::Transaction& tx, Order& order);

void appendHistory(stoa::Transaction& tx, std::string_view order_id, std::string_view type, std::string_view detail);
std::vector<HistoryEntry> history(stoa::Transaction& tx, std::string_view order_id);

void rememberCustomer(stoa::Transaction& tx, std::string_view user_id, std::string_view email, std::string_view name,
                      std::int64_t version);

}  // namespace order::store
