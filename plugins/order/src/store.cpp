#include "store.h"

#include <stoa/error.h>

namespace order::store {
namespace {

constexpr std::string_view kColumns =
    "order_id, user_id, cart_id, status, payment_status, fulfillment_status, inventory_status, phase, outcome, reason, "
    "cancel_refused, attempt, payment_id, payment_version, inventory_version, shipment_version, total_amount, "
    "currency, "
    "shipping_address, version, event_version, deadline_us, repeats, stuck, created_us, updated_us";

Order orderOf(const stoa::Row& row) {
    Order order;
    order.id = row.get<std::string>("order_id");
    order.user_id = row.get<std::string>("user_id");
    order.cart_id = row.get<std::optional<std::string>>("cart_id").value_or("");
    order.saga.status = parse<Status>(row.get<std::string>("status"));
    order.saga.payment = parse<PaymentStatus>(row.get<std::string>("payment_status"));
    order.saga.fulfillment = parse<FulfillmentStatus>(row.get<std::string>("fulfillment_status"));
    order.saga.inventory = parse<InventoryStatus>(row.get<std::string>("inventory_status"));
    order.saga.phase = parse<Phase>(row.get<std::string>("phase"));
    order.saga.outcome = parse<Status>(row.get<std::string>("outcome"));
    order.saga.reason = row.get<std::string>("reason");
    order.saga.cancel_refused = row.get<bool>("cancel_refused");
    order.attempt = row.get<std::int64_t>("attempt");
    order.payment_id = row.get<std::string>("payment_id");
    order.payment_version = row.get<std::int64_t>("payment_version");
    order.inventory_version = row.get<std::int64_t>("inventory_version");
    order.shipment_version = row.get<std::int64_t>("shipment_version");
    order.total = row.get<std::int64_t>("total_amount");
    order.currency = row.get<std::string>("currency");
    order.shipping_address = row.get<std::string>("shipping_address");
    order.version = row.get<std::int64_t>("version");
    order.event_version = row.get<std::int64_t>("event_version");
    order.deadline = row.get<stoa::Time>("deadline_us");
    order.repeats = row.get<std::int64_t>("repeats");
    order.stuck = row.get<bool>("stuck");
    order.created = row.get<stoa::Time>("created_us");
    order.updated = row.get<stoa::Time>("updated_us");
    return order;
}

std::vector<Line> linesOf(stoa::Transaction& tx, std::string_view order_id) {
    std::vector<Line> lines;
    for (const stoa::Row& row :
         tx.query("SELECT product_id, name, quantity, unit_price FROM order_lines WHERE order_id = $1 ORDER BY line",
                  {order_id})) {
        lines.push_back({row.get<std::string>("product_id"), row.get<std::string>("name"),
                         row.get<std::int64_t>("quantity"), row.get<std::int64_t>("unit_price")});
    }
    return lines;
}

std::string select(std::string_view condition) {
    return "SELECT " + std::string(kColumns) + " FROM orders WHERE " + std::string(condition);
}

}  // namespace

bool insert(stoa::Transaction& tx, const Order& order) {
    const Saga& saga = order.saga;
    const std::optional<std::string> cart = order.cart_id.empty() ? std::nullopt : std::optional(order.cart_id);
    const std::string statement = "INSERT INTO orders (" + std::string(kColumns) +
                                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, "
                                  "$17, $18, $19, $20, $21, $22, $23, $24, $25, $26) ON CONFLICT DO NOTHING";
    const std::int64_t inserted = tx.execute(statement, {order.id,
                                                         order.user_id,
                                                         cart,
                                                         name(saga.status),
                                                         name(saga.payment),
                                                         name(saga.fulfillment),
                                                         name(saga.inventory),
                                                         name(saga.phase),
                                                         name(saga.outcome),
                                                         saga.reason,
                                                         saga.cancel_refused,
                                                         order.attempt,
                                                         order.payment_id,
                                                         order.payment_version,
                                                         order.inventory_version,
                                                         order.shipment_version,
                                                         order.total,
                                                         order.currency,
                                                         order.shipping_address,
                                                         order.version,
                                                         order.event_version,
                                                         order.deadline,
                                                         order.repeats,
                                                         order.stuck,
                                                         order.created,
                                                         order.updated});
    if (inserted == 0) {
        return false;
    }
    std::int64_t number = 1;
    for (const Line& line : order.lines) {
        tx.execute(
            "INSERT INTO order_lines (order_id, line, product_id, name, quantity, unit_price) VALUES ($1, $2, $3, $4, "
            "$5, $6)",
            {order.id, number++, line.product_id, line.name, line.quantity, line.unit_price});
    }
    return true;
}

std::optional<Order> find(stoa::Transaction& tx, std::string_view order_id) {
    std::optional<Order> found;
    for (const stoa::Row& row : tx.query(select("order_id = $1"), {order_id})) {
        found = orderOf(row);
    }
    if (found) {
        found->lines = linesOf(tx, order_id);
    }
    return found;
}

std::vector<Order> list(stoa::Transaction& tx, std::string_view user_id, std::string_view status,
                        const std::vector<std::string>& before, std::int64_t limit) {
    const bool first = before.empty();
    const std::int64_t created = first ? 0 : std::stoll(before[0]);
    const std::string_view id = first ? std::string_view{} : before[1];
    std::vector<Order> orders;
    for (const stoa::Row& row :
         tx.query(select("($1 = '' OR user_id = $1) AND ($2 = '' OR status = $2) AND ($3 = 1 OR created_us < $4 OR "
                         "(created_us = $4 AND order_id < $5)) ORDER BY created_us DESC, order_id DESC LIMIT $6"),
                  {user_id, status, first ? 1 : 0, created, id, limit})) {
        orders.push_back(orderOf(row));
    }
    for (Order& order : orders) {
        order.lines = linesOf(tx, order.id);
    }
    return orders;
}

void update(stoa::Transaction& tx, Order& order) {
    const Saga& saga = order.saga;
    order.updated = tx.now();
    const std::int64_t changed = tx.execute(
        "UPDATE orders SET status = $1, payment_status = $2, fulfillment_status = $3, inventory_status = $4, "
        "phase = $5, outcome = $6, reason = $7, cancel_refused = $8, attempt = $9, payment_id = $10, "
        "payment_version = $11, inventory_version = $12, shipment_version = $13, event_version = $14, "
        "deadline_us = $15, repeats = $16, stuck = $17, updated_us = $18, version = version + 1 WHERE order_id = $19 "
        "AND version = $20",
        {name(saga.status),
         name(saga.payment),
         name(saga.fulfillment),
         name(saga.inventory),
         name(saga.phase),
         name(saga.outcome),
         saga.reason,
         saga.cancel_refused,
         order.attempt,
         order.payment_id,
         order.payment_version,
         order.inventory_version,
         order.shipment_version,
         order.event_version,
         order.deadline,
         order.repeats,
         order.stuck,
         order.updated,
         order.id,
         order.version});
    if (changed != 1) {
        throw stoa::Error(STOA_CONFLICT, "the order was changed at the same moment");
    }
    ++order.version;
}

void appendHistory(stoa::Transaction& tx, std::string_view order_id, std::string_view type, std::string_view detail) {
    const std::int64_t inserted = tx.execute(
        "INSERT INTO order_events (order_id, sequence, type, detail, at_us) SELECT $1, COALESCE(MAX(sequence), 0) + 1, "
        "$2, $3, $4 FROM order_events WHERE order_id = $1 ON CONFLICT DO NOTHING",
        {order_id, type, detail, tx.now()});
    if (inserted != 1) {  // two events of different topics at once; the one that comes second is tried again
        throw stoa::Error(STOA_CONFLICT, "the order's history was written at the same moment");
    }
}

std::vector<HistoryEntry> history(stoa::Transaction& tx, std::string_view order_id) {
    std::vector<HistoryEntry> entries;
    for (const stoa::Row& row :
         tx.query("SELECT sequence, type, detail, at_us FROM order_events WHERE order_id = $1 ORDER BY sequence",
                  {order_id})) {
        entries.push_back({row.get<std::int64_t>("sequence"), row.get<std::string>("type"),
                           row.get<std::string>("detail"), row.get<stoa::Time>("at_us")});
    }
    return entries;
}

void rememberCustomer(stoa::Transaction& tx, std::string_view user_id, std::string_view email, std::string_view name,
                      std::int64_t version) {
    tx.execute(
        "INSERT INTO customers (user_id, email, name, version) VALUES ($1, $2, $3, $4) ON CONFLICT (user_id) DO UPDATE "
        "SET email = excluded.email, name = excluded.name, version = excluded.version WHERE customers.version < "
        "excluded.version",
        {user_id, email, name, version});
}

}  // namespace order::store
