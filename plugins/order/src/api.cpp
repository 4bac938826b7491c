#include "api.h"

#include <charconv>
#include <map>

#include <stoa/error.h>

#include "store.h"
#include "views.h"

namespace order {
namespace {

constexpr std::string_view kOrders = "/api/v1/orders/";

/// The caller's order; 404 for somebody else's, as for none, so that ids can't be probed.
Order ownOrder(stoa::Transaction& tx, const stoa::Request& request) {
    const stoa::Caller caller = request.caller();
    auto order = store::find(tx, request.param("orderId"));
    const bool may = order && (order->user_id == caller.subject || caller.isStaff() || !caller.service.empty());
    if (!may) {
        throw stoa::notFound("order");
    }
    return std::move(*order);
}

std::vector<Wish> wishesOf(const Json::Value& lines) {
    std::vector<Wish> wishes;
    for (const Json::Value& line : lines) {
        wishes.push_back({line["productId"].asString(), line["quantity"].asInt64()});
    }
    return wishes;
}

Json::Value productIds(const std::vector<Wish>& wishes) {
    Json::Value ids(Json::arrayValue);
    std::map<std::string, bool> seen;
    for (const Wish& wish : wishes) {
        if (seen.emplace(wish.product_id, true).second) {
            ids.append(wish.product_id);
        }
    }
    return ids;
}

std::map<std::string, Offer> offersOf(const Json::Value& answer) {
    std::map<std::string, Offer> offers;
    for (const Json::Value& item : answer["items"]) {
        offers[item["id"].asString()] = {item["name"].asString(), stoa::Money::from(item["price"], "/price"),
                                         item["status"].asString() == "active"};
    }
    return offers;
}

/// A hint from now; whether there is enough is decided by the reservation.
void refuseShortages(const std::vector<Line>& lines, const Json::Value& answer) {
    std::map<std::string, std::int64_t> available;
    for (const Json::Value& item : answer["items"]) {
        available[item["productId"].asString()] = item["available"].asInt64();
    }
    auto problem = stoa::conflict("out-of-stock", "There is not enough of some of the products.");
    bool refused = false;
    for (const Line& line : lines) {
        if (available[line.product_id] < line.quantity) {
            Json::Value shortage;
            shortage["productId"] = line.product_id;
            shortage["requested"] = static_cast<Json::Int64>(line.quantity);
            shortage["available"] = static_cast<Json::Int64>(available[line.product_id]);
            Json::Value all = refused ? problem.body()["shortages"] : Json::Value(Json::arrayValue);
            all.append(std::move(shortage));
            problem.with("shortages", std::move(all));
            refused = true;
        }
    }
    if (refused) {
        throw problem;
    }
}

/// The answer of a 2xx. Anything else says nothing of the order: 503, never kept for the idempotency key.
Json::Value answerOf(const stoa::Reply& reply, std::string_view service) {
    reply.orThrow();
    if (!reply.ok()) {
        throw stoa::Error(STOA_UNAVAILABLE, std::string(service) + " answered " + std::to_string(reply.status()));
    }
    return reply.json();
}

void checkUser(const stoa::Reply& reply, const std::string& user_id, stoa::Time now) {
    if (reply.status() != 404) {
        answerOf(reply, "user");
        return;
    }
    if (profileMayStillCome(user_id, now)) {
        throw stoa::unavailable(1, "Your profile is being set up; try again in a moment.");
    }
    throw stoa::conflict("profile-missing", "This account has no profile.");
}

/// Cursor keys are text that a client may have made up.
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

}  // namespace

Api::Api(stoa::Host& host, const Events& events)
    : host_(host),
      events_(events),
      currency_(host.config()["currency"].asString()),
      deadline_(host.config()["deadlineSeconds"].asInt64()) {}

std::vector<Line> Api::askPricesAndStock(const std::vector<Wish>& wishes, const std::string& user_id) const {
    Json::Value products;
    products["ids"] = productIds(wishes);
    Json::Value stock;
    stock["productIds"] = products["ids"];
    const auto replies = host_.client().callAll({
        {.service = "user", .path = "/api/v1/users/" + stoa::escapeSegment(user_id)},
        {.service = "product", .method = "POST", .path = "/api/v1/products/batch-get", .body = products},
        {.service = "inventory", .method = "POST", .path = "/api/v1/inventory/batch-stock", .body = stock},
    });
    checkUser(replies[0], user_id, host_.now());
    auto lines = priceLines(wishes, offersOf(answerOf(replies[1], "product")), currency_);
    refuseShortages(lines, answerOf(replies[2], "inventory"));
    return lines;
}

std::string Api::recordPayment(const Order& order, const std::string& token) const {
    Json::Value body;
    body["orderId"] = order.id;
    body["userId"] = order.user_id;
    body["attempt"] = static_cast<Json::Int64>(order.attempt);
    body["amount"] = stoa::Money{order.total, order.currency}.json();
    body["token"] = token;
    const stoa::Reply reply = host_.client().call({.service = "payment",
                                                   .method = "POST",
                                                   .path = "/api/v1/payments",
                                                   .body = std::move(body),
                                                   .idempotency_key = order.id + ":" + std::to_string(order.attempt)});
    if (reply.status() == 400 || reply.status() == 422) {
        throw stoa::unprocessable("payment-refused", "The payment was not accepted.")
            .with("cause", stoa::textOr(reply.json(), "type"));
    }
    return answerOf(reply, "payment")["paymentId"].asString();
}

stoa::Response Api::createOrder(stoa::Request& request) const {
    const Json::Value body = request.json();
    Order order;
    order.id = request.resourceId();
    order.user_id = request.caller().subject;
    order.cart_id = stoa::textOr(body, "cartId");
    order.currency = currency_;
    order.shipping_address = stoa::writeJson(body["shippingAddress"]);
    order.lines = askPricesAndStock(wishesOf(body["lines"]), order.user_id);
    order.total = totalOf(order.lines);
    const stoa::Money total{order.total, order.currency};
    if (stoa::Money::from(body["expectedTotal"], "/expectedTotal") != total) {
        throw stoa::conflict("price-changed", "The total is not what you expected; look at it and order again.")
            .with("total", total.json());
    }
    order.payment_id = recordPayment(order, body["paymentToken"].asString());
    return request.transact([&](stoa::Transaction& tx) {
        order.created = order.updated = tx.now();
        order.deadline = order.created + deadline_;
        order.event_version = 1;
        if (!store::insert(tx, order)) {
            throw stoa::conflict("cart-ordered", "There is an order for this cart already.");
        }
        store::appendHistory(tx, order.id, "status PENDING", "");
        events_.publish(tx, order, Publish::kCreated);
        tx.setTimer(kDeadline, order.id, order.deadline);
        return stoa::Response::json(202, orderView(order))
            .location(std::string(kOrders) + order.id)
            .etag(order.version);
    });
}

stoa::Response Api::listOrders(stoa::Request& request) const {
    const stoa::Page page = request.page();
    const auto keys = keysOf(page.cursor);
    const stoa::Caller caller = request.caller();
    // Staff may look at everybody's; a customer's `userId` changes nothing.
    const std::string user(caller.isStaff() ? request.query("userId").value_or("") : caller.subject);
    const auto status = request.query("status").value_or("");
    const auto orders =
        host_.sql().read([&](stoa::Transaction& tx) { return store::list(tx, user, status, keys, page.limit + 1); });
    Json::Value body;
    body["items"] = Json::Value(Json::arrayValue);
    for (std::int64_t i = 0; i < std::min<std::int64_t>(page.limit, static_cast<std::int64_t>(orders.size())); ++i) {
        body["items"].append(orderView(orders[static_cast<std::size_t>(i)]));
    }
    if (static_cast<std::int64_t>(orders.size()) > page.limit) {
        const Order& last = orders[static_cast<std::size_t>(page.limit) - 1];
        body["nextCursor"] = stoa::encodeCursor({std::to_string(stoa::toMicros(last.created)), last.id});
    }
    return stoa::Response::json(200, body);
}

stoa::Response Api::getOrder(stoa::Request& request) const {
    const Order order = host_.sql().read([&](stoa::Transaction& tx) { return ownOrder(tx, request); });
    return stoa::Response::json(200, orderView(order)).etag(order.version);
}

stoa::Response Api::getTimeline(stoa::Request& request) const {
    const auto entries =
        host_.sql().read([&](stoa::Transaction& tx) { return store::history(tx, ownOrder(tx, request).id); });
    return stoa::Response::json(200, timelineView(entries));
}

stoa::Response Api::cancelOrder(stoa::Request& request) const {
    return request.transact([&](stoa::Transaction& tx) {
        Order order = ownOrder(tx, request);
        const Status status = order.saga.status;
        const bool dying = status == Status::kCancelPending || status == Status::kCancelled;
        if (!dying && !events_.advance(tx, order, Trigger::kCancelAsked)) {
            throw stoa::conflict("not-cancellable", "This order can't be cancelled any more.")
                .with("state", std::string(name(status)));
        }
        return stoa::Response::json(202, orderView(order)).etag(order.version);
    });
}

stoa::Response Api::payOrder(stoa::Request& request) const {
    Order order = host_.sql().read([&](stoa::Transaction& tx) { return ownOrder(tx, request); });
    const std::int64_t attempt = order.attempt + 1;
    const auto refuse = [&] {
        return stoa::conflict("not-payable", "Only an order whose payment failed can be paid again.")
            .with("state", std::string(name(order.saga.status)));
    };
    if (!decide(order.saga, Trigger::kPaidAgain).ignored.empty()) {
        throw refuse();
    }
    order.attempt = attempt;
    const std::string payment_id = recordPayment(order, request.json()["paymentToken"].asString());
    return request.transact([&](stoa::Transaction& tx) {
        order = ownOrder(tx, request);
        if (order.attempt != attempt - 1) {
            throw refuse();
        }
        order.attempt = attempt;
        order.payment_id = payment_id;
        order.payment_version = 0;
        order.deadline = tx.now() + deadline_;
        if (!events_.advance(tx, order, Trigger::kPaidAgain)) {
            throw refuse();
        }
        tx.setTimer(kDeadline, order.id, order.deadline);
        return stoa::Response::json(202, orderView(order)).etag(order.version);
    });
}

}  // namespace order
