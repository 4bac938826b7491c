#include "events.h"

#include <map>

#include <stoa/json.h>

#include "store.h"

namespace shipping::events {
namespace {

using stoa::Event;
using stoa::Transaction;

Json::Value payload(const Shipment& shipment, Publish what) {
    Json::Value data;
    data["shipmentId"] = shipment.id;
    data["orderId"] = shipment.order_id;
    if (what == Publish::kCancelled && !shipment.reason.empty()) {
        data["reason"] = shipment.reason;
    }
    if (what == Publish::kCancelled || what == Publish::kCancelRefused) {
        return data;
    }
    data["userId"] = shipment.user_id;
    for (const Item& item : shipment.items) {
        Json::Value entry;
        entry["productId"] = item.product_id;
        entry["quantity"] = static_cast<Json::Int64>(item.quantity);
        data["items"].append(std::move(entry));
    }
    if (what != Publish::kCreated) {
        data["trackingNumber"] = shipment.tracking_number;
    }
    return data;
}

void publish(Transaction& tx, const Shipment& shipment, const std::vector<Publish>& all) {
    std::int64_t version = shipment.event_version - static_cast<std::int64_t>(all.size());
    for (const Publish what : all) {
        tx.publish({.topic = name(what),
                    .aggregate = "shipment",
                    .key = shipment.id,
                    .version = ++version,
                    .data = payload(shipment, what)});
    }
}

std::vector<Item> itemsOf(const Json::Value& lines) {
    std::map<std::string, std::int64_t> quantities;
    for (const Json::Value& line : lines) {
        quantities[line["productId"].asString()] += line["quantity"].asInt64();
    }
    std::vector<Item> items;
    items.reserve(quantities.size());
    for (const auto& [product, quantity] : quantities) {
        items.push_back({product, quantity});
    }
    return items;
}

Shipment shipmentOf(const Event& event, Transaction& tx) {
    const std::string user_id = stoa::textOr(event.data, "userId");  // inventory does not say
    Shipment shipment = store::ofOrder(tx, event.data["orderId"].asString(), user_id);
    if (shipment.user_id.empty()) {
        shipment.user_id = user_id;
    }
    return shipment;
}

void apply(const Event& event, Transaction& tx, Happening what) {
    Shipment shipment = shipmentOf(event, tx);
    advance(tx, shipment, {.what = what, .version = event.version, .attempt = event.data["attempt"].asInt64()});
}

}  // namespace

std::string_view advance(Transaction& tx, Shipment& shipment, const Trigger& trigger) {
    Transition transition = decide(shipment, trigger);
    if (!transition.ignored.empty()) {
        return transition.ignored;
    }
    const State before = shipment.state;
    shipment = std::move(transition.next);
    store::update(tx, shipment);  // before the events, so that their positions follow the shipment's versions
    if (shipment.state != before) {
        store::appendTracking(tx, shipment);
    }
    publish(tx, shipment, transition.publish);
    if (transition.ask_carrier) {
        tx.setTimer(kCarrierJob, shipment.id, tx.now());
    }
    return {};
}

void onOrderCreated(const Event& event, Transaction& tx) {
    Shipment shipment = shipmentOf(event, tx);
    if (shipment.items.empty()) {  // paid again: the same items
        shipment.items = itemsOf(event.data["items"]);
        store::insertItems(tx, shipment);
    }
    advance(tx, shipment, {.what = Happening::kOrderCreated, .version = event.version});
}

void onOrderConfirmed(const Event& event, Transaction& tx) { apply(event, tx, Happening::kOrderConfirmed); }
void onStockCommitted(const Event& event, Transaction& tx) { apply(event, tx, Happening::kStockCommitted); }
void onCancelRequested(const Event& event, Transaction& tx) { apply(event, tx, Happening::kCancelRequested); }
void onOrderCancelled(const Event& event, Transaction& tx) { apply(event, tx, Happening::kOrderCancelled); }

}  // namespace shipping::events
