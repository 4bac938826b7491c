#include "api.h"

#include <algorithm>
#include <charconv>
#include <span>

#include <stoa/base64.h>

#include "events.h"
#include "store.h"

namespace shipping {
namespace {

Json::Value text(std::string_view value) { return Json::Value(std::string(value)); }

Json::Value shipmentView(const Shipment& shipment) {
    Json::Value view;
    view["shipmentId"] = shipment.id;
    view["orderId"] = shipment.order_id;
    view["userId"] = shipment.user_id;
    view["status"] = text(name(shipment.state));
    view["items"] = Json::Value(Json::arrayValue);
    for (const Item& item : shipment.items) {
        Json::Value entry;
        entry["productId"] = item.product_id;
        entry["quantity"] = static_cast<Json::Int64>(item.quantity);
        view["items"].append(std::move(entry));
    }
    if (!shipment.tracking_number.empty()) {
        view["trackingNumber"] = shipment.tracking_number;
    }
    if (!shipment.reason.empty()) {
        view["reason"] = shipment.reason;
    }
    view["version"] = static_cast<Json::Int64>(shipment.version);
    view["createdAt"] = stoa::formatTime(shipment.created);
    view["updatedAt"] = stoa::formatTime(shipment.updated);
    return view;
}

/// The caller's shipment; 404 for somebody else's, as for none, so that ids can't be probed.
Shipment ownShipment(stoa::Transaction& tx, const stoa::Request& request) {
    const stoa::Caller caller = request.caller();
    auto shipment = store::find(tx, request.param("shipmentId"));
    if (!shipment || shipment->state == State::kExpected ||
        (shipment->user_id != caller.subject && !caller.isStaff())) {
        throw stoa::notFound("shipment");
    }
    return std::move(*shipment);
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

Happening happeningOf(const std::string& status) {
    if (status == "PICKED_UP") {
        return Happening::kPickedUp;
    }
    return status == "IN_TRANSIT" ? Happening::kMoving : Happening::kArrived;
}

std::string hexOf(std::string_view bytes) {
    return stoa::hex(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

}  // namespace

Api::Api(stoa::Host& host)
    : host_(host),
      carrier_(host.config()["carrier"].asString()),
      tolerance_(host.config()["toleranceSeconds"].asInt64()) {}

stoa::Response Api::listShipments(stoa::Request& request) const {
    const stoa::Page page = request.page();
    const auto keys = keysOf(page.cursor);
    const stoa::Caller caller = request.caller();
    const std::string user(caller.isStaff() ? std::string_view{} : caller.subject);
    auto shipments = host_.sql().read([&](stoa::Transaction& tx) {
        return store::list(tx, user, request.query("orderId").value_or(""), keys, page.limit + 1);
    });
    const auto limit = static_cast<std::size_t>(page.limit);
    Json::Value body;
    body["items"] = Json::Value(Json::arrayValue);
    if (shipments.size() > limit) {
        shipments.resize(limit);
        const Shipment& last = shipments.back();
        body["nextCursor"] = stoa::encodeCursor({std::to_string(stoa::toMicros(last.created)), last.id});
    }
    for (const Shipment& shipment : shipments) {
        body["items"].append(shipmentView(shipment));
    }
    return stoa::Response::json(200, body);
}

stoa::Response Api::getShipment(stoa::Request& request) const {
    const Shipment shipment = host_.sql().read([&](stoa::Transaction& tx) { return ownShipment(tx, request); });
    return stoa::Response::json(200, shipmentView(shipment)).etag(shipment.version);
}

stoa::Response Api::getTracking(stoa::Request& request) const {
    return host_.sql().read([&](stoa::Transaction& tx) {
        const Shipment shipment = ownShipment(tx, request);
        Json::Value view;
        view["shipmentId"] = shipment.id;
        view["status"] = text(name(shipment.state));
        if (!shipment.tracking_number.empty()) {
            view["trackingNumber"] = shipment.tracking_number;
        }
        view["items"] = Json::Value(Json::arrayValue);
        for (const auto& [state, at] : store::tracking(tx, shipment.id)) {
            Json::Value entry;
            entry["status"] = text(name(state));
            entry["at"] = stoa::formatTime(at);
            view["items"].append(std::move(entry));
        }
        return stoa::Response::json(200, view);
    });
}

stoa::Response Api::shipShipment(stoa::Request& request) const {
    return byStaff(request, 200, Happening::kShippedByStaff, {State::kShipped, State::kInTransit, State::kDelivered});
}

stoa::Response Api::deliverShipment(stoa::Request& request) const {
    return byStaff(request, 200, Happening::kDeliveredByStaff, {State::kDelivered});
}

stoa::Response Api::cancelShipment(stoa::Request& request) const {
    return byStaff(request, 202, Happening::kCancelledByStaff, {State::kCancelling, State::kCancelled});
}

stoa::Response Api::byStaff(stoa::Request& request, int status, Happening what,
                            std::initializer_list<State> already) const {
    return request.transact([&](stoa::Transaction& tx) {
        Shipment shipment = ownShipment(tx, request);
        if (std::find(already.begin(), already.end(), shipment.state) == already.end()) {
            const std::string_view why = events::advance(tx, shipment, {.what = what});
            if (!why.empty()) {
                throw stoa::conflict("wrong-status", "This can't be done now: " + std::string(why) + ".")
                    .with("state", std::string(name(shipment.state)));
            }
        }
        return stoa::Response::json(status, shipmentView(shipment)).etag(shipment.version);
    });
}

void Api::checkSignature(const stoa::Request& request) const {
    const auto refuse = [](const char* why) { return stoa::Problem(401, "bad-signature", "Bad signature", why); };
    const auto signature = parseSignature(request.header("Carrier-Signature").value_or(""));
    if (!signature) {
        throw refuse("Carrier-Signature must be t=<unix seconds>,v1=<hex>.");
    }
    const std::int64_t now = stoa::toMicros(host_.now()) / 1'000'000;
    if (signature->at < now - tolerance_.count() || signature->at > now + tolerance_.count()) {
        throw refuse("The signature's time is too far from now.");
    }
    const std::string signed_text = std::to_string(signature->at) + "." + std::string(request.body());
    if (!host_.crypto().equal(hexOf(host_.crypto().hmacSha256("webhook", signed_text)), signature->hex)) {
        throw refuse("The signature does not fit the body.");
    }
}

stoa::Response Api::carrierReport(stoa::Request& request) const {
    if (request.param("carrier") != carrier_) {
        throw stoa::notFound("carrier");
    }
    checkSignature(request);
    const Json::Value report = request.json();
    return request.transact([&](stoa::Transaction& tx) {
        auto shipment = store::find(tx, report["reference"].asString());
        if (!shipment) {
            throw stoa::notFound("shipment");
        }
        const std::string_view ignored = events::advance(tx, *shipment,
                                                         {.what = happeningOf(report["status"].asString()),
                                                          .parcel_id = report["parcelId"].asString(),
                                                          .tracking_number = report["trackingNumber"].asString()});
        if (!ignored.empty()) {
            host_.log().info("a report of the carrier changes nothing", {{"shipment", shipment->id}, {"why", ignored}});
        }
        return stoa::Response(204);
    });
}

}  // namespace shipping
