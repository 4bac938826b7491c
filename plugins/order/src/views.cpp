#include "views.h"

#include <stoa/json.h>

namespace order {
namespace {

Json::Value text(std::string_view value) { return Json::Value(std::string(value)); }

}  // namespace

Json::Value orderView(const Order& order) {
    Json::Value view;
    view["orderId"] = order.id;
    view["userId"] = order.user_id;
    view["status"] = text(name(order.saga.status));
    view["paymentStatus"] = text(name(order.saga.payment));
    view["fulfillmentStatus"] = text(name(order.saga.fulfillment));
    view["lines"] = Json::Value(Json::arrayValue);
    for (const Line& line : order.lines) {
        Json::Value entry;
        entry["productId"] = line.product_id;
        entry["name"] = line.name;
        entry["quantity"] = static_cast<Json::Int64>(line.quantity);
        entry["unitPrice"] = stoa::Money{line.unit_price, order.currency}.json();
        entry["lineTotal"] = (stoa::Money{line.unit_price, order.currency} * line.quantity).json();
        view["lines"].append(std::move(entry));
    }
    view["total"] = stoa::Money{order.total, order.currency}.json();
    if (auto address = stoa::parseJson(order.shipping_address)) {
        view["shippingAddress"] = std::move(*address);
    }
    if (!order.saga.reason.empty()) {
        view["reason"] = order.saga.reason;
    }
    view["cancelRefused"] = order.saga.cancel_refused;
    view["paymentId"] = order.payment_id;
    view["version"] = static_cast<Json::Int64>(order.version);
    view["createdAt"] = stoa::formatTime(order.created);
    view["updatedAt"] = stoa::formatTime(order.updated);
    return view;
}

Json::Value timelineView(const std::vector<store::HistoryEntry>& entries) {
    Json::Value view;
    view["items"] = Json::Value(Json::arrayValue);
    for (const store::HistoryEntry& entry : entries) {
        Json::Value item;
        item["sequence"] = static_cast<Json::Int64>(entry.sequence);
        item["type"] = entry.type;
        item["at"] = stoa::formatTime(entry.at);
        if (!entry.detail.empty()) {
            item["detail"] = entry.detail;
        }
        view["items"].append(std::move(item));
    }
    return view;
}

}  // namespace order
