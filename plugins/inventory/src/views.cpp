#include "views.h"

#include <stoa/time.h>

namespace inventory {

Json::Value stockView(const Stock& stock) {
    Json::Value view;
    view["productId"] = stock.product_id;
    view["onHand"] = static_cast<Json::Int64>(stock.on_hand);
    view["reserved"] = static_cast<Json::Int64>(stock.reserved);
    view["available"] = static_cast<Json::Int64>(stock.available());
    return view;
}

Json::Value movementView(const store::Movement& movement) {
    Json::Value view;
    view["sequence"] = static_cast<Json::Int64>(movement.sequence);
    view["type"] = movement.type;
    view["onHandDelta"] = static_cast<Json::Int64>(movement.on_hand_delta);
    view["reservedDelta"] = static_cast<Json::Int64>(movement.reserved_delta);
    view["reference"] = movement.reference;
    view["reason"] = movement.reason;
    view["at"] = stoa::formatTime(movement.at);
    return view;
}

Json::Value reservationView(const Reservation& reservation) {
    Json::Value view;
    view["orderId"] = reservation.order_id;
    view["reservationId"] = reservation.id;
    view["state"] = std::string(name(reservation.state));
    view["attempt"] = static_cast<Json::Int64>(reservation.attempt);
    view["items"] = Json::Value(Json::arrayValue);
    for (const Line& line : reservation.lines) {
        Json::Value item;
        item["productId"] = line.product_id;
        item["quantity"] = static_cast<Json::Int64>(line.quantity);
        view["items"].append(std::move(item));
    }
    if (reservation.state == State::kHeld) {
        view["expiresAt"] = stoa::formatTime(reservation.expires);
    }
    view["version"] = static_cast<Json::Int64>(reservation.version);
    view["createdAt"] = stoa::formatTime(reservation.created);
    view["updatedAt"] = stoa::formatTime(reservation.updated);
    return view;
}

}  // namespace inventory
