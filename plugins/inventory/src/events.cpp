#include "events.h"

#include <utility>

#include <stoa/error.h>
#include <stoa/json.h>
#include <stoa/time.h>
#include <stoa/uuid.h>

#include "store.h"

namespace inventory {
namespace {

using stoa::Event;
using stoa::Transaction;

Json::Value itemsOf(const std::vector<Line>& lines) {
    Json::Value items(Json::arrayValue);
    for (const Line& line : lines) {
        Json::Value item;
        item["productId"] = line.product_id;
        item["quantity"] = static_cast<Json::Int64>(line.quantity);
        items.append(std::move(item));
    }
    return items;
}

Json::Value itemsOf(const std::vector<Shortage>& shortages) {
    Json::Value items(Json::arrayValue);
    for (const Shortage& shortage : shortages) {
        Json::Value item;
        item["productId"] = shortage.product_id;
        item["requested"] = static_cast<Json::Int64>(shortage.requested);
        item["available"] = static_cast<Json::Int64>(shortage.available);
        items.append(std::move(item));
    }
    return items;
}

std::vector<Line> linesOf(const Json::Value& items) {
    std::vector<Line> lines;
    for (const Json::Value& item : items) {
        lines.push_back({item["productId"].asString(), item["quantity"].asInt64()});
    }
    return merged(std::move(lines));
}

std::string orderOf(const Event& event) { return event.data["orderId"].asString(); }

/// What every message about the reservation says.
Json::Value about(const Reservation& reservation) {
    Json::Value data;
    data["orderId"] = reservation.order_id;
    data["reservationId"] = reservation.id;
    data["attempt"] = static_cast<Json::Int64>(reservation.attempt);
    return data;
}

Json::Value withReason(Json::Value data, std::string_view reason) {
    data["reason"] = std::string(reason);
    return data;
}

}  // namespace

Events::Events(const stoa::Host& host)
    : hold_(host.config()["holdSeconds"].asInt64()), low_(host.config()["lowStockThreshold"].asInt64()) {}

void Events::onCreated(const Event& event, Transaction& tx) const {
    Reservation reservation = store::lock(tx, orderOf(event));
    const Arrival arrival{event.data["attempt"].asInt64(), event.version, linesOf(event.data["items"])};
    apply(tx, reservation, inventory::onCreated(reservation, arrival.attempt, arrival.version), arrival);
}

void Events::onConfirmed(const Event& event, Transaction& tx) const {
    Reservation reservation = store::lock(tx, orderOf(event));
    apply(tx, reservation, inventory::onConfirmed(reservation, event.version));
}

void Events::onCancelled(const Event& event, Transaction& tx) const {
    Reservation reservation = store::lock(tx, orderOf(event));
    apply(tx, reservation, inventory::onCancelled(reservation, event.data["attempt"].asInt64(), event.version));
}

void Events::onPaymentFailed(const Event& event, Transaction& tx) const {
    Reservation reservation = store::lock(tx, orderOf(event));
    apply(tx, reservation, inventory::onPaymentFailed(reservation, event.data["attempt"].asInt64()));
}

void Events::onShipped(const Event& event, Transaction& tx) const {
    Reservation reservation = store::lock(tx, orderOf(event));
    const Steps steps = inventory::onShipped(reservation);
    if (steps.empty() && reservation.state != State::kShipped) {
        // Taking it off what is on hand would take it from somebody else. A dead letter shows it to people.
        throw stoa::Error(STOA_INTERNAL, "a parcel of order " + reservation.order_id +
                                             " has left without committed stock; count the shelf, adjust the stock");
    }
    apply(tx, reservation, steps);
}

void Events::onExpiry(const stoa::Firing& firing, Transaction& tx) const {
    Reservation reservation = store::lock(tx, firing.key);
    const Steps steps = inventory::onExpiry(reservation, tx.now());
    if (steps.empty() && reservation.state == State::kHeld) {
        tx.setTimer(kHoldExpiry, firing.key, reservation.expires);  // held anew meanwhile
    }
    apply(tx, reservation, steps);
}

void Events::apply(Transaction& tx, Reservation& reservation, const Steps& steps, const Arrival& arrival) const {
    const bool was_held = reservation.state == State::kHeld;
    Messages messages;
    for (const Step& step : steps) {
        if (step.action == Action::kBegin) {
            reservation.attempt = arrival.attempt;
            reservation.order_version = arrival.version;
            reservation.id =
                stoa::uuidFromName("reservation", reservation.order_id + ":" + std::to_string(arrival.attempt));
            reservation.lines = arrival.lines;
            store::saveLines(tx, reservation);
        } else if (!perform(tx, reservation, step, messages)) {
            break;
        }
    }
    store::save(tx, reservation);  // before the events, so that their positions follow the reservation's versions
    for (Message& message : messages) {
        tx.publish({.topic = message.topic,
                    .aggregate = "reservation",
                    .key = reservation.order_id,
                    .version = message.version,
                    .data = std::move(message.data)});
    }
    if (reservation.state == State::kHeld && !steps.empty()) {
        tx.setTimer(kHoldExpiry, reservation.order_id, reservation.expires);
    } else if (was_held && reservation.state != State::kHeld) {
        tx.cancelTimer(kHoldExpiry, reservation.order_id);
    }
}

bool Events::perform(Transaction& tx, Reservation& reservation, const Step& step, Messages& messages) const {
    const auto publish = [&](const char* topic, Json::Value data) {
        messages.push_back({topic, ++reservation.event_version, std::move(data)});
    };
    switch (step.action) {
        case Action::kTake:
        case Action::kTakeAndCommit:
            return take(tx, reservation, step.action, messages);
        case Action::kCommit:
            reservation.state = State::kCommitted;
            publish("inventory.committed", about(reservation));
            break;
        case Action::kShip:
            store::ship(tx, reservation);
            reservation.state = State::kShipped;
            break;
        case Action::kGiveBack:
            store::giveBack(tx, reservation, step.reason);
            watchAll(tx, reservation.lines);
            reservation.state = step.reason == kExpired ? State::kExpired : State::kReleased;
            publish("inventory.released", withReason(about(reservation), step.reason));
            break;
        case Action::kAcknowledge:
            reservation.state = State::kReleased;
            reservation.id.clear();
            reservation.lines.clear();
            store::saveLines(tx, reservation);
            publish("inventory.released", withReason(about(reservation), step.reason));
            break;
        case Action::kAnswerAgain:
            publish("inventory.released", withReason(about(reservation), step.reason));
            break;
        case Action::kBegin:
            break;
    }
    return true;
}

bool Events::take(Transaction& tx, Reservation& reservation, Action action, Messages& messages) const {
    const auto shortages = store::take(tx, reservation);
    Json::Value data = about(reservation);
    std::string topic;
    if (shortages.empty()) {
        watchAll(tx, reservation.lines);
    }
    if (action == Action::kTakeAndCommit) {
        topic = shortages.empty() ? "inventory.committed" : "inventory.commit_refused";
        reservation.state = shortages.empty() ? State::kCommitted : reservation.state;
    } else if (shortages.empty()) {
        topic = "inventory.reserved";
        reservation.state = State::kHeld;
        reservation.expires = tx.now() + hold_;
        data["items"] = itemsOf(reservation.lines);
        data["expiresAt"] = stoa::formatTime(reservation.expires);
    } else {
        topic = "inventory.reservation_failed";
        reservation.state = State::kFailed;
        data.removeMember("reservationId");
        data["shortages"] = itemsOf(shortages);
    }
    messages.push_back({std::move(topic), ++reservation.event_version, std::move(data)});
    return shortages.empty();
}

void Events::watchAll(Transaction& tx, const std::vector<Line>& lines) const {
    for (const Line& line : lines) {
        watch(tx, line.product_id);
    }
}

Stock Events::watch(Transaction& tx, std::string_view product_id) const {
    Stock stock = store::stock(tx, product_id);
    const bool low = isLow(stock, low_);
    if (low == stock.low) {
        return stock;
    }
    stock.low = low;
    stock.event_version += low ? 1 : 0;
    store::markLow(tx, stock, low);
    if (low) {
        Json::Value data;
        data["productId"] = stock.product_id;
        data["currentStock"] = static_cast<Json::Int64>(stock.available());
        data["threshold"] = static_cast<Json::Int64>(low_);
        tx.publish({.topic = "inventory.low_stock",
                    .aggregate = "stock",
                    .key = stock.product_id,
                    .version = stock.event_version,
                    .data = std::move(data)});
    }
    return stock;
}

}  // namespace inventory
