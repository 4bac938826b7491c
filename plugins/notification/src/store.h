/// Recipients, notifications and deliveries in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/sql.h>

#include "domain.h"

namespace notification::store {

/// Locked until the transaction ends, so that nobody becomes known while something is held for them; made, with nothing
/// known, when there is none.
Recipient lockRecipient(stoa::Transaction& tx, std::string_view user_id);
Recipient recipient(stoa::Transaction& tx, std::string_view user_id);
void saveRecipient(stoa::Transaction& tx, const Recipient& recipient);

/// The user of the order, empty when unknown; locked as above.
std::string lockOrder(stoa::Transaction& tx, std::string_view order_id);
void saveOrder(stoa::Transaction& tx, std::string_view order_id, std::string_view user_id);

/// False: this event has made this notification already.
bool insert(stoa::Transaction& tx, const Notification& notification);
std::optional<Notification> notification(stoa::Transaction& tx, std::string_view notification_id);
/// Newest first; `before` empty or the keys of the last one seen (created in microseconds, id).
std::vector<Notification> inbox(stoa::Transaction& tx, std::string_view user_id, const std::vector<std::string>& before,
                                std::int64_t limit);

void insert(stoa::Transaction& tx, const Delivery& delivery);
std::optional<Delivery> delivery(stoa::Transaction& tx, std::string_view delivery_id);
std::vector<Delivery> deliveries(stoa::Transaction& tx, std::string_view state, std::string_view user_id,
                                 const std::vector<std::string>& before, std::int64_t limit);
/// Writes the changed delivery if it is still in state `was` after as many attempts. False: it isn't.
bool update(stoa::Transaction& tx, const Delivery& delivery, State was, std::int64_t attempts);

/// Gives what waits for the user of this order to `user_id`.
void adopt(stoa::Transaction& tx, std::string_view order_id, std::string_view user_id);
/// HELD deliveries of a user become PENDING; their ids.
std::vector<std::string> release(stoa::Transaction& tx, std::string_view user_id);

}  // namespace notification::store
