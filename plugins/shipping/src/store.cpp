#include "store.h"

#include <stoa/error.h>

namespace shipping::store {
namespace {

constexpr std::string_view kColumns =
    "shipment_id, order_id, user_id, state, confirmed_version, confirmed_attempt, committed_attempt, dead_version, "
    "asked_version, answer_owed, parcel_id, tracking_number, reason, version, event_version, created_us, updated_us";

std::string select(std::string_view condition) {
    return "SELECT " + std::string(kColumns) + " FROM shipments WHERE " + std::string(condition);
}

Shipment shipmentOf(const stoa::Row& row) {
    Shipment shipment;
    shipment.id = row.get<std::string>("shipment_id");
    shipment.order_id = row.get<std::string>("order_id");
    shipment.user_id = row.get<std::string>("user_id");
    shipment.state = stateNamed(row.get<std::string>("state"));
    shipment.confirmed_version = row.get<std::int64_t>("confirmed_version");
    shipment.confirmed_attempt = row.get<std::int64_t>("confirmed_attempt");
    shipment.committed_attempt = row.get<std::int64_t>("committed_attempt");
    shipment.dead_version = row.get<std::int64_t>("dead_version");
    shipment.asked_version = row.get<std::int64_t>("asked_version");
    shipment.answer_owed = row.get<bool>("answer_owed");
    shipment.parcel_id = row.get<std::string>("parcel_id");
    shipment.tracking_number = row.get<std::string>("tracking_number");
    shipment.reason = row.get<std::string>("reason");
    shipment.version = row.get<std::int64_t>("version");
    shipment.event_version = row.get<std::int64_t>("event_version");
    shipment.created = row.get<stoa::Time>("created_us");
    shipment.updated = row.get<stoa::Time>("updated_us");
    return shipment;
}

void loadItems(stoa::Transaction& tx, Shipment& shipment) {
    for (const stoa::Row& row :
         tx.query("SELECT product_id, quantity FROM shipment_lines WHERE shipment_id = $1 ORDER BY product_id",
                  {shipment.id})) {
        shipment.items.push_back({row.get<std::string>("product_id"), row.get<std::int64_t>("quantity")});
    }
}

}  // namespace

Shipment ofOrder(stoa::Transaction& tx, std::string_view order_id, std::string_view user_id) {
    const std::string id = shipmentIdOf(order_id);
    tx.execute("INSERT INTO shipments (" + std::string(kColumns) +
                   ") VALUES ($1, $2, $3, $4, 0, 0, 0, 0, 0, $5, '', '', '', 1, 0, $6, $6) ON CONFLICT DO NOTHING",
               {id, order_id, user_id, name(State::kExpected), false, tx.now()});
    return find(tx, id).value();
}

std::optional<Shipment> find(stoa::Transaction& tx, std::string_view shipment_id) {
    std::optional<Shipment> found;
    for (const stoa::Row& row : tx.query(select("shipment_id = $1"), {shipment_id})) {
        found = shipmentOf(row);
    }
    if (found) {
        loadItems(tx, *found);
    }
    return found;
}

std::vector<Shipment> list(stoa::Transaction& tx, std::string_view user_id, std::string_view order_id,
                           const std::vector<std::string>& before, std::int64_t limit) {
    const bool first = before.empty();
    const std::int64_t created = first ? 0 : std::stoll(before[0]);
    const std::string_view id = first ? std::string_view{} : before[1];
    std::vector<Shipment> shipments;
    for (const stoa::Row& row :
         tx.query(select("state <> 'EXPECTED' AND ($1 = '' OR user_id = $1) AND ($2 = '' OR order_id = $2) AND "
                         "($3 = 1 OR created_us < $4 OR (created_us = $4 AND shipment_id < $5)) "
                         "ORDER BY created_us DESC, shipment_id DESC LIMIT $6"),
                  {user_id, order_id, first ? 1 : 0, created, id, limit})) {
        shipments.push_back(shipmentOf(row));
    }
    for (Shipment& shipment : shipments) {
        loadItems(tx, shipment);
    }
    return shipments;
}

void insertItems(stoa::Transaction& tx, const Shipment& shipment) {
    for (const Item& item : shipment.items) {
        tx.execute("INSERT INTO shipment_lines (shipment_id, product_id, quantity) VALUES ($1, $2, $3)",
                   {shipment.id, item.product_id, item.quantity});
    }
}

void update(stoa::Transaction& tx, Shipment& shipment) {
    shipment.updated = tx.now();
    const std::int64_t changed = tx.execute(
        "UPDATE shipments SET user_id = $1, state = $2, confirmed_version = $3, confirmed_attempt = $4, "
        "committed_attempt = $5, dead_version = $6, asked_version = $7, answer_owed = $8, parcel_id = $9, "
        "tracking_number = $10, reason = $11, event_version = $12, updated_us = $13, version = version + 1 WHERE "
        "shipment_id = $14 AND version = $15",
        {shipment.user_id, name(shipment.state), shipment.confirmed_version, shipment.confirmed_attempt,
         shipment.committed_attempt, shipment.dead_version, shipment.asked_version, shipment.answer_owed,
         shipment.parcel_id, shipment.tracking_number, shipment.reason, shipment.event_version, shipment.updated,
         shipment.id, shipment.version});
    if (changed != 1) {
        throw stoa::Error(STOA_CONFLICT, "the shipment was changed at the same moment");
    }
    ++shipment.version;
}

void appendTracking(stoa::Transaction& tx, const Shipment& shipment) {
    tx.execute(
        "INSERT INTO tracking (shipment_id, sequence, state, at_us) SELECT $1, COALESCE(MAX(sequence), 0) + 1, $2, $3 "
        "FROM tracking WHERE shipment_id = $1",
        {shipment.id, name(shipment.state), tx.now()});
}

std::vector<std::pair<State, stoa::Time>> tracking(stoa::Transaction& tx, std::string_view shipment_id) {
    std::vector<std::pair<State, stoa::Time>> states;
    for (const stoa::Row& row :
         tx.query("SELECT state, at_us FROM tracking WHERE shipment_id = $1 ORDER BY sequence", {shipment_id})) {
        states.emplace_back(stateNamed(row.get<std::string>("state")), row.get<stoa::Time>("at_us"));
    }
    return states;
}

}  // namespace shipping::store
