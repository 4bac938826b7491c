#include "api.h"

#include <charconv>

#include "store.h"

namespace notification {
namespace {

using stoa::Request;
using stoa::Response;
using stoa::Transaction;

/// The keys of a cursor are text that a client may have made up.
std::vector<std::string> keysOf(const std::string& cursor) {
    if (cursor.empty()) {
        return {};
    }
    auto keys = stoa::decodeCursor(cursor, 2);
    std::int64_t created = 0;
    const auto [end, error] = std::from_chars(keys[0].data(), keys[0].data() + keys[0].size(), created);
    if (error != std::errc{} || end != keys[0].data() + keys[0].size()) {
        throw stoa::badRequest("bad-cursor", "This cursor was not made by this list.");
    }
    return keys;
}

Json::Value deliveryView(const Delivery& delivery) {
    Json::Value view;
    view["deliveryId"] = delivery.id;
    view["notificationId"] = delivery.notification_id;
    view["eventId"] = delivery.event_id;
    view["template"] = delivery.template_name;
    view["channel"] = delivery.channel;
    if (!delivery.user_id.empty()) {
        view["userId"] = delivery.user_id;
    }
    view["state"] = std::string(name(delivery.state));
    view["attempts"] = static_cast<Json::Int64>(delivery.attempts);
    view["messageId"] = delivery.message_id;
    if (!delivery.error.empty()) {
        view["error"] = delivery.error;
    }
    view["createdAt"] = stoa::formatTime(delivery.created);
    view["updatedAt"] = stoa::formatTime(delivery.updated);
    return view;
}

Json::Value notificationView(const Notification& notification, const Letter& letter) {
    Json::Value view;
    view["notificationId"] = notification.id;
    view["template"] = notification.template_name;
    view["subject"] = letter.subject;
    view["text"] = letter.text;
    if (!notification.order_id.empty()) {
        view["orderId"] = notification.order_id;
    }
    view["createdAt"] = stoa::formatTime(notification.created);
    return view;
}

/// One more than the page was asked for: then there is a next one.
template <class Item, class View>
Response pageOf(const std::vector<Item>& items, std::int64_t limit, View&& view) {
    Json::Value page;
    page["items"] = Json::Value(Json::arrayValue);
    const auto size = static_cast<std::size_t>(limit);
    for (std::size_t i = 0; i < std::min(size, items.size()); ++i) {
        page["items"].append(view(items[i]));
    }
    if (items.size() > size) {
        const Item& last = items[size - 1];
        page["nextCursor"] = stoa::encodeCursor({std::to_string(stoa::toMicros(last.created)), last.id});
    }
    return Response::json(200, page);
}

Delivery expect(Transaction& tx, const Request& request) {
    auto delivery = store::delivery(tx, request.param("deliveryId"));
    if (!delivery) {
        throw stoa::notFound("delivery");
    }
    return std::move(*delivery);
}

}  // namespace

Response Api::listNotifications(Request& request) const {
    const stoa::Page page = request.page();
    const auto keys = keysOf(page.cursor);
    const std::string user{request.caller().subject};
    const auto [recipient, all] = host_.sql().read([&](Transaction& tx) {
        return std::pair{store::recipient(tx, user), store::inbox(tx, user, keys, page.limit + 1)};
    });
    return pageOf(all, page.limit, [&, &reader = recipient](const Notification& notification) {
        return notificationView(notification, sender_.letter(notification, reader));
    });
}

Response Api::listDeliveries(Request& request) const {
    const stoa::Page page = request.page();
    const auto keys = keysOf(page.cursor);
    const auto all = host_.sql().read([&](Transaction& tx) {
        return store::deliveries(tx, request.query("state").value_or(""), request.query("userId").value_or(""), keys,
                                 page.limit + 1);
    });
    return pageOf(all, page.limit, deliveryView);
}

Response Api::getDelivery(Request& request) const {
    const auto found = host_.sql().read([&](Transaction& tx) { return expect(tx, request); });
    return Response::json(200, deliveryView(found));
}

Response Api::resendDelivery(Request& request) const {
    return request.transact([&](Transaction& tx) {
        Delivery delivery = expect(tx, request);
        const State was = delivery.state;
        if (!resendable(was)) {
            throw stoa::conflict("not-resendable", "Only what is SENT, FAILED or UNCERTAIN can be sent once more.")
                .with("state", std::string(name(was)));
        }
        ++delivery.resends;
        if (was == State::kSent) {
            delivery.message_id = messageId(delivery);
        }
        delivery.state = State::kPending;
        delivery.error.clear();
        if (!store::update(tx, delivery, was, delivery.attempts)) {
            throw stoa::Error(STOA_CONFLICT, "the delivery was changed at the same moment");
        }
        tx.setTimer(kSend, delivery.id, tx.now());
        return Response::json(202, deliveryView(delivery));
    });
}

}  // namespace notification
