#include "events.h"

#include <string>

#include <stoa/json.h>

#include "store.h"

namespace order {
namespace {

using stoa::Event;
using stoa::Transaction;

Json::Value payload(const Order& order, Publish what) {
    Json::Value data;
    data["orderId"] = order.id;
    data["userId"] = order.user_id;
    switch (what) {
        case Publish::kCreated:
            data["eventType"] = "order.created";
            data["attempt"] = static_cast<Json::Int64>(order.attempt);
            data["paymentId"] = order.payment_id;
            data["totalAmount"] = static_cast<Json::Int64>(order.total);
            data["currency"] = order.currency;
            for (const Line& line : order.lines) {
                Json::Value item;
                item["productId"] = line.product_id;
                item["quantity"] = static_cast<Json::Int64>(line.quantity);
                item["unitPrice"] = static_cast<Json::Int64>(line.unit_price);
                data["items"].append(std::move(item));
            }
            break;
        case Publish::kConfirmed:
            data["attempt"] = static_cast<Json::Int64>(order.attempt);
            data["status"] = std::string(name(order.saga.status));
            break;
        case Publish::kCancelRequested:
            data["reason"] = order.saga.reason;
            break;
        case Publish::kCancelled:
            data["attempt"] = static_cast<Json::Int64>(order.attempt);
            data["reason"] = order.saga.reason;
            data["outcome"] = std::string(name(order.saga.outcome));
            break;
    }
    return data;
}

/// True when `version` is news; remembers it. Topics of one aggregate are not ordered against each other, and what is
/// older than the newest that was applied has been overtaken.
bool isNews(std::int64_t& known, std::int64_t version) {
    if (version <= known) {
        return false;
    }
    known = version;
    return true;
}

std::string detailOf(const Event& event) {
    const std::string reason = stoa::textOr(event.data, "reason");
    return reason.empty() ? stoa::textOr(event.data, "trackingNumber") : reason;
}

}  // namespace

Events::Events(stoa::Host& host)
    : host_(host),
      patience_(host.config()["compensationSeconds"].asInt64()),
      most_repeats_(host.config()["compensationRepeats"].asInt64()),
      repeated_(host.metrics().counter("order_compensations_repeated_total",
                                       "Cancellations that were published again, because nobody had answered.")),
      stuck_(host.metrics().counter("order_sagas_stuck_total",
                                    "Orders whose cancellation stayed unanswered however often it was repeated.")) {}

/// Notes the event in the history and lets the saga decide. A version that was raised is written in any case.
void Events::apply(Transaction& tx, Order& order, const Event& event, Trigger trigger) const {
    store::appendHistory(tx, order.id, event.topic, detailOf(event));
    if (!advance(tx, order, trigger)) {
        store::update(tx, order);
    }
}

void Events::publish(Transaction& tx, Order& order, Publish what) const {
    tx.publish({.topic = name(what),
                .aggregate = "order",
                .key = order.id,
                .version = order.event_version,
                .data = payload(order, what)});
}

bool Events::advance(Transaction& tx, Order& order, Trigger trigger) const {
    Transition transition = decide(order.saga, trigger);
    if (!transition.ignored.empty()) {
        return false;
    }
    const Saga before = order.saga;
    order.saga = std::move(transition.next);
    if (before.phase != order.saga.phase) {
        order.repeats = 0;
        order.stuck = false;
    }
    order.event_version += static_cast<std::int64_t>(transition.publish.size());
    store::update(tx, order);  // before the events, so that their positions follow the order's versions
    if (before.status != order.saga.status) {
        store::appendHistory(tx, order.id, "status " + std::string(name(order.saga.status)), order.saga.reason);
    }
    for (const Publish what : transition.publish) {
        publish(tx, order, what);
    }
    keepTimers(tx, order, before);
    return true;
}

void Events::keepTimers(Transaction& tx, const Order& order, const Saga& before) const {
    if (before.status == Status::kPending && order.saga.status != Status::kPending) {
        tx.cancelTimer(kDeadline, order.id);
    }
    if (before.phase != order.saga.phase) {
        if (order.saga.phase == Phase::kNone) {
            tx.cancelTimer(kCompensation, order.id);
        } else {
            tx.setTimer(kCompensation, order.id, tx.now() + patience_);
        }
    }
}

void Events::onPayment(const Event& event, Transaction& tx) const {
    auto order = store::find(tx, event.data["orderId"].asString());
    // Without an order: a payment was recorded, and the order was never placed; payment has voided it by itself.
    if (!order || event.data["paymentId"].asString() != order->payment_id ||
        !isNews(order->payment_version, event.version)) {
        return;
    }
    Trigger trigger = parse<Trigger>(event.topic);
    if (trigger == Trigger::kPaymentRefunded && event.data["refundedTotal"].asInt64() < order->total) {
        trigger = Trigger::kPaymentPartlyRefunded;
    }
    apply(tx, *order, event, trigger);
}

void Events::onInventory(const Event& event, Transaction& tx) const {
    auto order = store::find(tx, event.data["orderId"].asString());
    if (!order || event.data["attempt"].asInt64() != order->attempt ||
        !isNews(order->inventory_version, event.version)) {
        return;
    }
    Trigger trigger = parse<Trigger>(event.topic);
    if (trigger == Trigger::kStockReleased && stoa::textOr(event.data, "reason") == "payment_failed") {
        trigger = Trigger::kStockReleasedUnpaid;
    }
    apply(tx, *order, event, trigger);
}

void Events::onShipment(const Event& event, Transaction& tx) const {
    auto order = store::find(tx, event.data["orderId"].asString());
    if (!order) {
        return;
    }
    const Trigger trigger = parse<Trigger>(event.topic);
    // A refused cancellation says nothing of whether the parcel has arrived: it may overtake the delivery, and the
    // delivery stands.
    const bool arrives =
        trigger == Trigger::kShipmentDelivered && order->saga.fulfillment < FulfillmentStatus::kDelivered;
    if (isNews(order->shipment_version, event.version) || arrives) {
        apply(tx, *order, event, trigger);
    }
}

void Events::onProfile(const Event& event, Transaction& tx) const {
    const Json::Value& profile = event.data["profile"];
    store::rememberCustomer(tx, event.data["userId"].asString(), stoa::textOr(profile, "email"),
                            stoa::textOr(profile, "name"), event.version);
}

void Events::onDeadline(const stoa::Firing& firing, Transaction& tx) const {
    auto order = store::find(tx, firing.key);
    if (order && tx.now() < order->deadline) {
        tx.setTimer(kDeadline, order->id, order->deadline);  // paid again meanwhile
    } else if (order) {
        advance(tx, *order, Trigger::kDeadlinePassed);
    }
}

/// Consumers remember what they have answered, and answer a new question again. What stays unanswered in spite of that
/// needs a person: somebody's dead letters, or a provider that refuses.
void Events::onCompensation(const stoa::Firing& firing, Transaction& tx) const {
    auto order = store::find(tx, firing.key);
    if (!order || order->saga.phase == Phase::kNone) {
        return;
    }
    if (order->repeats >= most_repeats_) {
        giveUp(tx, *order);
        return;
    }
    ++order->repeats;
    store::appendHistory(tx, order->id, name(Trigger::kAnswerOverdue),
                         "asked again, " + std::to_string(order->repeats) + " of " + std::to_string(most_repeats_));
    advance(tx, *order, Trigger::kAnswerOverdue);
    tx.setTimer(kCompensation, order->id, tx.now() + patience_ * (std::int64_t{1} << order->repeats));
    repeated_.record();
}

/// Only the asking ends: the answer, should it come, is as good as ever.
void Events::giveUp(Transaction& tx, Order& order) const {
    order.stuck = true;
    store::update(tx, order);
    store::appendHistory(tx, order.id, "saga stuck", std::string(name(order.saga.phase)));
    stuck_.record();
    host_.log().error("a cancellation is not answered; look at the dead letters of payment, inventory and shipping",
                      {{"order_id", order.id},
                       {"phase", name(order.saga.phase)},
                       {"payment", name(order.saga.payment)},
                       {"stock", name(order.saga.inventory)}});
}

}  // namespace order
