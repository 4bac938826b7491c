#include "api.h"

#include <charconv>
#include <limits>
#include <set>

#include "store.h"
#include "views.h"

namespace inventory {
namespace {

using stoa::Request;
using stoa::Response;
using stoa::Transaction;

/// The keys of a cursor are text that a client may have made up.
std::int64_t before(const std::string& cursor) {
    if (cursor.empty()) {
        return std::numeric_limits<std::int64_t>::max();
    }
    const std::string key = stoa::decodeCursor(cursor, 1)[0];
    std::int64_t sequence = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), sequence);
    if (error != std::errc{} || end != key.data() + key.size()) {
        throw stoa::badRequest("bad-cursor", "This cursor was not made by this list.");
    }
    return sequence;
}

/// Locked; 404 for an order of which nothing was ever to be reserved.
Reservation lockKnown(Transaction& tx, std::string_view order_id) {
    const auto known = store::find(tx, order_id);
    if (!known || known->state == State::kNone) {
        throw stoa::notFound("reservation");
    }
    return store::lock(tx, order_id);
}

Response answer(const Reservation& reservation) {
    return Response::json(200, reservationView(reservation)).etag(reservation.version);
}

stoa::Problem refused(const Reservation& reservation, std::string_view slug, std::string why) {
    return stoa::conflict(slug, std::move(why)).with("state", std::string(name(reservation.state)));
}

}  // namespace

Response Api::getStock(Request& request) const {
    const auto stock = host_.sql().read([&](Transaction& tx) { return store::stock(tx, request.param("productId")); });
    return Response::json(200, stockView(stock)).etag(stock.version);
}

Response Api::batchStock(Request& request) const {
    const Json::Value body = request.json();
    std::set<std::string> ids;
    for (const Json::Value& id : body["productIds"]) {
        ids.insert(id.asString());
    }
    const Json::Value answer = host_.sql().read([&](Transaction& tx) {
        Json::Value list;
        for (const std::string& id : ids) {
            list["items"].append(stockView(store::stock(tx, id)));
        }
        return list;
    });
    return Response::json(200, answer);
}

Response Api::receiveStock(Request& request) const {
    const Json::Value body = request.json();
    const Line line{std::string(request.param("productId")), body["quantity"].asInt64()};
    return request.transact([&](Transaction& tx) {
        store::receive(tx, line, stoa::textOr(body, "reference"));
        const Stock stock = events_.watch(tx, line.product_id);
        return Response::json(200, stockView(stock)).etag(stock.version);
    });
}

Response Api::batchReceive(Request& request) const {
    const Json::Value body = request.json();
    std::vector<Line> lines;
    for (const Json::Value& item : body["items"]) {
        lines.push_back({item["productId"].asString(), item["quantity"].asInt64()});
    }
    lines = merged(std::move(lines));
    return request.transact([&](Transaction& tx) {
        Json::Value list;
        for (const Line& line : lines) {
            store::receive(tx, line, stoa::textOr(body, "reference"));
            list["items"].append(stockView(events_.watch(tx, line.product_id)));
        }
        return Response::json(200, list);
    });
}

Response Api::adjustStock(Request& request) const {
    const Json::Value body = request.json();
    const std::string product{request.param("productId")};
    return request.transact([&](Transaction& tx) {
        if (!store::adjust(tx, product, body["delta"].asInt64(), body["reason"].asString())) {
            throw stoa::conflict("not-enough-stock", "Less would be left than is reserved for orders.")
                .with("stock", stockView(store::stock(tx, product)));
        }
        const Stock stock = events_.watch(tx, product);
        return Response::json(200, stockView(stock)).etag(stock.version);
    });
}

Response Api::listMovements(Request& request) const {
    const stoa::Page page = request.page();
    const std::int64_t last = before(page.cursor);
    const auto movements = host_.sql().read(
        [&](Transaction& tx) { return store::movements(tx, request.param("productId"), last, page.limit + 1); });
    Json::Value list;
    list["items"] = Json::Value(Json::arrayValue);
    for (const auto& movement : movements) {
        if (static_cast<std::int64_t>(list["items"].size()) == page.limit) {
            list["nextCursor"] = stoa::encodeCursor({list["items"][list["items"].size() - 1]["sequence"].asString()});
            break;
        }
        list["items"].append(movementView(movement));
    }
    return Response::json(200, list);
}

Response Api::getReservation(Request& request) const {
    const auto found = host_.sql().read([&](Transaction& tx) { return store::find(tx, request.param("orderId")); });
    if (!found || found->state == State::kNone) {
        throw stoa::notFound("reservation");
    }
    return answer(*found);
}

Response Api::commitReservation(Request& request) const {
    return request.transact([&](Transaction& tx) {
        Reservation reservation = lockKnown(tx, request.param("orderId"));
        if (reservation.state == State::kHeld) {
            events_.apply(tx, reservation, {{Action::kCommit}});
        } else if (reservation.state != State::kCommitted) {
            throw refused(reservation, "not-held", "Only what is held can be committed.");
        }
        return answer(reservation);
    });
}

Response Api::releaseReservation(Request& request) const {
    return request.transact([&](Transaction& tx) {
        Reservation reservation = lockKnown(tx, request.param("orderId"));
        if (reservation.state == State::kCommitted) {
            throw refused(reservation, "committed",
                          "It is committed to its order, and may be packed; cancel the order.");
        }
        if (reservation.live()) {
            events_.apply(tx, reservation, {{Action::kGiveBack, kCancelled}});
        } else if (reservation.state == State::kShipped) {
            throw refused(reservation, "shipped", "It has left the warehouse.");
        }
        return answer(reservation);
    });
}

}  // namespace inventory
