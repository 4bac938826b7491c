#include "store.h"

namespace notification::store {
namespace {

constexpr std::string_view kNotification =
    "SELECT notification_id, event_id, template, user_id, order_id, variables, created_us FROM notifications WHERE ";
constexpr std::string_view kDelivery =
    "SELECT delivery_id, notification_id, event_id, template, channel, recipient, state, message_id, attempts, "
    "resends, error, created_us, updated_us FROM deliveries WHERE ";

std::string with(std::string_view select, std::string_view condition) {
    return std::string(select) + std::string(condition);
}

Notification notificationOf(const stoa::Row& row) {
    return {row.get<std::string>("notification_id"), row.get<std::string>("event_id"),
            row.get<std::string>("template"),        row.get<std::string>("user_id"),
            row.get<std::string>("order_id"),        row.get<std::string>("variables"),
            row.get<stoa::Time>("created_us")};
}

Delivery deliveryOf(const stoa::Row& row) {
    Delivery delivery;
    delivery.id = row.get<std::string>("delivery_id");
    delivery.notification_id = row.get<std::string>("notification_id");
    delivery.event_id = row.get<std::string>("event_id");
    delivery.template_name = row.get<std::string>("template");
    delivery.channel = row.get<std::string>("channel");
    delivery.user_id = row.get<std::string>("recipient");
    delivery.state = parseState(row.get<std::string>("state"));
    delivery.message_id = row.get<std::string>("message_id");
    delivery.attempts = row.get<std::int64_t>("attempts");
    delivery.resends = row.get<std::int64_t>("resends");
    delivery.error = row.get<std::string>("error");
    delivery.created = row.get<stoa::Time>("created_us");
    delivery.updated = row.get<stoa::Time>("updated_us");
    return delivery;
}

/// The keys of a page's beginning, as values.
struct Before {
    explicit Before(const std::vector<std::string>& keys)
        : first(keys.empty() ? 1 : 0),
          created(keys.empty() ? 0 : std::stoll(keys[0])),
          id(keys.empty() ? std::string_view{} : keys[1]) {}
    std::int64_t first;
    std::int64_t created;
    std::string_view id;
};

}  // namespace

Recipient lockRecipient(stoa::Transaction& tx, std::string_view user_id) {
    tx.execute(
        "INSERT INTO recipients (user_id, email, name, locale, email_notifications, profile_version) VALUES ($1, '', "
        "'', '', $2, 0) ON CONFLICT (user_id) DO UPDATE SET profile_version = recipients.profile_version",
        {user_id, true});
    return recipient(tx, user_id);
}

Recipient recipient(stoa::Transaction& tx, std::string_view user_id) {
    Recipient recipient;
    recipient.user_id = user_id;
    for (const stoa::Row& row :
         tx.query("SELECT email, name, locale, email_notifications, profile_version FROM recipients WHERE user_id = $1",
                  {user_id})) {
        recipient.email = row.get<std::string>("email");
        recipient.name = row.get<std::string>("name");
        recipient.locale = row.get<std::string>("locale");
        recipient.wants_mail = row.get<bool>("email_notifications");
        recipient.profile_version = row.get<std::int64_t>("profile_version");
    }
    return recipient;
}

void saveRecipient(stoa::Transaction& tx, const Recipient& recipient) {
    tx.execute(
        "UPDATE recipients SET email = $1, name = $2, locale = $3, email_notifications = $4, profile_version = $5 "
        "WHERE user_id = $6",
        {recipient.email, recipient.name, recipient.locale, recipient.wants_mail, recipient.profile_version,
         recipient.user_id});
}

std::string lockOrder(stoa::Transaction& tx, std::string_view order_id) {
    tx.execute(
        "INSERT INTO orders (order_id, user_id) VALUES ($1, '') ON CONFLICT (order_id) DO UPDATE SET user_id = "
        "orders.user_id",
        {order_id});
    std::string user;
    for (const stoa::Row& row : tx.query("SELECT user_id FROM orders WHERE order_id = $1", {order_id})) {
        user = row.get<std::string>("user_id");
    }
    return user;
}

void saveOrder(stoa::Transaction& tx, std::string_view order_id, std::string_view user_id) {
    tx.execute("UPDATE orders SET user_id = $1 WHERE order_id = $2", {user_id, order_id});
}

bool insert(stoa::Transaction& tx, const Notification& notification) {
    return tx.execute(
               "INSERT INTO notifications (notification_id, event_id, template, user_id, order_id, variables, "
               "created_us) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
               {notification.id, notification.event_id, notification.template_name, notification.user_id,
                notification.order_id, notification.variables, notification.created}) == 1;
}

std::optional<Notification> notification(stoa::Transaction& tx, std::string_view notification_id) {
    std::optional<Notification> found;
    for (const stoa::Row& row : tx.query(with(kNotification, "notification_id = $1"), {notification_id})) {
        found = notificationOf(row);
    }
    return found;
}

std::vector<Notification> inbox(stoa::Transaction& tx, std::string_view user_id, const std::vector<std::string>& keys,
                                std::int64_t limit) {
    const Before before(keys);
    std::vector<Notification> all;
    for (const stoa::Row& row :
         tx.query(with(kNotification,
                       "user_id = $1 AND ($2 = 1 OR created_us < $3 OR (created_us = $4 AND notification_id < $5)) "
                       "ORDER BY created_us DESC, notification_id DESC LIMIT $6"),
                  {user_id, before.first, before.created, before.created, before.id, limit})) {
        all.push_back(notificationOf(row));
    }
    return all;
}

void insert(stoa::Transaction& tx, const Delivery& delivery) {
    tx.execute(
        "INSERT INTO deliveries (delivery_id, notification_id, event_id, template, channel, recipient, state, "
        "message_id, attempts, resends, error, created_us, updated_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
        "$10, $11, $12, $13)",
        {delivery.id, delivery.notification_id, delivery.event_id, delivery.template_name, delivery.channel,
         delivery.user_id, name(delivery.state), delivery.message_id, delivery.attempts, delivery.resends,
         delivery.error, delivery.created, delivery.updated});
}

std::optional<Delivery> delivery(stoa::Transaction& tx, std::string_view delivery_id) {
    std::optional<Delivery> found;
    for (const stoa::Row& row : tx.query(with(kDelivery, "delivery_id = $1"), {delivery_id})) {
        found = deliveryOf(row);
    }
    return found;
}

std::vector<Delivery> deliveries(stoa::Transaction& tx, std::string_view state, std::string_view user_id,
                                 const std::vector<std::string>& keys, std::int64_t limit) {
    const Before before(keys);
    std::vector<Delivery> all;
    for (const stoa::Row& row :
         tx.query(with(kDelivery,
                       "($1 = '' OR state = $2) AND ($3 = '' OR recipient = $4) AND ($5 = 1 OR created_us < $6 OR "
                       "(created_us = $7 AND delivery_id < $8)) ORDER BY created_us DESC, delivery_id DESC LIMIT $9"),
                  {state, state, user_id, user_id, before.first, before.created, before.created, before.id, limit})) {
        all.push_back(deliveryOf(row));
    }
    return all;
}

bool update(stoa::Transaction& tx, const Delivery& delivery, State was, std::int64_t attempts) {
    return tx.execute(
               "UPDATE deliveries SET state = $1, message_id = $2, attempts = $3, resends = $4, error = $5, updated_us "
               "= $6 WHERE delivery_id = $7 AND state = $8 AND attempts = $9",
               {name(delivery.state), delivery.message_id, delivery.attempts, delivery.resends, delivery.error,
                tx.now(), delivery.id, name(was), attempts}) == 1;
}

void adopt(stoa::Transaction& tx, std::string_view order_id, std::string_view user_id) {
    tx.execute(
        "UPDATE deliveries SET recipient = $1 WHERE recipient = '' AND notification_id IN (SELECT notification_id FROM "
        "notifications WHERE order_id = $2)",
        {user_id, order_id});
    tx.execute("UPDATE notifications SET user_id = $1 WHERE user_id = '' AND order_id = $2", {user_id, order_id});
}

std::vector<std::string> release(stoa::Transaction& tx, std::string_view user_id) {
    std::vector<std::string> ids;
    for (const stoa::Row& row :
         tx.query("SELECT delivery_id FROM deliveries WHERE recipient = $1 AND state = 'HELD' ORDER BY delivery_id",
                  {user_id})) {
        ids.push_back(row.get<std::string>("delivery_id"));
    }
    tx.execute("UPDATE deliveries SET state = 'PENDING' WHERE recipient = $1 AND state = 'HELD'", {user_id});
    return ids;
}

}  // namespace notification::store
