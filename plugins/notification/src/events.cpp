#include "events.h"

#include <string>
#include <utility>

#include <stoa/json.h>
#include <stoa/uuid.h>

#include "sender.h"
#include "store.h"
#include "templates.h"

namespace notification::events {
namespace {

using stoa::Event;
using stoa::Transaction;

/// What waits for this user goes out.
void releaseHeld(Transaction& tx, std::string_view user_id) {
    for (const std::string& id : store::release(tx, user_id)) {
        tx.setTimer(kSend, id, tx.now());
    }
}

/// What the event is about, where it may be published again under another id for somebody who has not answered: the
/// customer was told the first time.
std::string subjectOf(const Event& event) {
    if (event.topic == "order.cancelled") {
        return event.data["orderId"].asString() + ":" + event.data["attempt"].asString();
    }
    if (event.topic == "payment.refunded") {
        return event.data["refundId"].asString();
    }
    return event.id;
}

/// Writes down that `user_id` is told, once for what it is about and the template. Held while the user or the address
/// is unknown.
void tell(Transaction& tx, const Event& event, std::string_view template_name, const std::string& user_id,
          const std::string& order_id, Json::Value variables) {
    const std::string what = subjectOf(event) + "|" + std::string(template_name);
    Notification notification;
    notification.id = stoa::uuidFromName("notification", what);
    notification.event_id = event.id;
    notification.template_name = template_name;
    notification.user_id = user_id;
    notification.order_id = order_id;
    notification.variables = stoa::writeJson(variables);
    notification.created = tx.now();
    if (!store::insert(tx, notification)) {
        return;
    }
    const bool known = !user_id.empty() && store::lockRecipient(tx, user_id).known();
    Delivery delivery;
    delivery.id = stoa::uuidFromName("delivery", what + "|email");
    delivery.notification_id = notification.id;
    delivery.event_id = event.id;
    delivery.template_name = template_name;
    delivery.channel = "email";
    delivery.user_id = user_id;
    delivery.state = known ? State::kPending : State::kHeld;
    delivery.created = delivery.updated = notification.created;
    store::insert(tx, delivery);
    if (known) {
        tx.setTimer(kSend, delivery.id, tx.now());
    }
}

/// Notes whose order it is, and hands over what waited for that.
void noteOrder(Transaction& tx, const std::string& order_id, const std::string& user_id) {
    if (!store::lockOrder(tx, order_id).empty()) {
        return;
    }
    store::saveOrder(tx, order_id, user_id);
    store::adopt(tx, order_id, user_id);
    if (store::lockRecipient(tx, user_id).known()) {
        releaseHeld(tx, user_id);
    }
}

Json::Value only(const Json::Value& data, std::initializer_list<const char*> members) {
    Json::Value variables(Json::objectValue);
    for (const char* member : members) {
        if (data.isMember(member)) {
            variables[member] = data[member];
        }
    }
    return variables;
}

}  // namespace

void onRegistered(const Event& event, Transaction& tx) {
    const std::string user_id = event.data["userId"].asString();
    Recipient recipient = store::lockRecipient(tx, user_id);
    if (recipient.profile_version == 0) {  // a profile is newer than what it began with
        recipient.email = event.data["email"].asString();
        recipient.name = stoa::textOr(event.data, "name");
        store::saveRecipient(tx, recipient);
        releaseHeld(tx, user_id);
    }
    tell(tx, event, kRegistered, user_id, "", Json::Value(Json::objectValue));
}

void onProfile(const Event& event, Transaction& tx) {
    const std::string user_id = event.data["userId"].asString();
    Recipient recipient = store::lockRecipient(tx, user_id);
    if (event.version <= recipient.profile_version) {
        return;
    }
    const Json::Value& profile = event.data["profile"];
    recipient.email = profile["email"].asString();
    recipient.name = stoa::textOr(profile, "name");
    recipient.locale = stoa::textOr(profile, "locale");
    recipient.wants_mail = profile["emailNotifications"].asBool();
    recipient.profile_version = event.version;
    store::saveRecipient(tx, recipient);
    releaseHeld(tx, user_id);
}

void onOrder(const Event& event, Transaction& tx) {
    const std::string order_id = event.data["orderId"].asString();
    const std::string user_id = event.data["userId"].asString();
    noteOrder(tx, order_id, user_id);
    if (event.topic == "order.confirmed") {
        tell(tx, event, kOrderConfirmed, user_id, order_id, only(event.data, {"orderId"}));
    } else if (event.topic == "order.cancelled") {
        tell(tx, event, kOrderCancelled, user_id, order_id, only(event.data, {"orderId", "reason"}));
    }
}

void onShipment(const Event& event, Transaction& tx) {
    const std::string order_id = event.data["orderId"].asString();
    const std::string user_id = event.data["userId"].asString();
    noteOrder(tx, order_id, user_id);
    tell(tx, event, event.topic == "shipment.shipped" ? kShipped : kDelivered, user_id, order_id,
         only(event.data, {"orderId", "trackingNumber"}));
}

void onRefunded(const Event& event, Transaction& tx) {
    const std::string order_id = event.data["orderId"].asString();
    const std::string user_id = store::lockOrder(tx, order_id);
    tell(tx, event, kRefunded, user_id, order_id, only(event.data, {"orderId", "amount", "currency"}));
}

}  // namespace notification::events
