#include "carrier.h"

#include "events.h"
#include "store.h"

namespace shipping {
namespace {

/// Answers to a request that another try of the same can't change: it is the request that the carrier does not want.
/// The rest is about this moment, or about our keys, which people can put right.
bool isForGood(int status) {
    switch (status) {
        case 401:
        case 403:
        case 408:
        case 409:
        case 425:
        case 429:
            return false;
        default:
            return status >= 400 && status < 500;
    }
}

}  // namespace

Carrier::Carrier(stoa::Host& host)
    : host_(host),
      refused_(host.metrics().counter("shipping_bookings_refused_total",
                                      "Parcels that the carrier would not take; their orders are cancelled.")) {}

void Carrier::work(const stoa::Firing& firing) const {
    Shipment shipment = read(firing.key);
    if (mayBook(shipment) || shipment.state == State::kBooking) {
        const Json::Value address = addressOf(shipment);
        // Committed before the carrier hears of it: from here on a cancellation has to ask the carrier.
        shipment = note(shipment.id, {.what = Happening::kBookingBegins});
        if (shipment.state == State::kBooking) {
            shipment = note(shipment.id, book(shipment, address));
        }
    }
    if (shipment.state == State::kCancelling) {
        if (shipment.parcel_id.empty()) {  // nobody knows whether it was booked: the same key tells
            shipment = note(shipment.id, book(shipment, addressOf(shipment)));
        }
        if (shipment.state == State::kCancelling) {
            note(shipment.id, cancel(shipment));
        }
    }
}

Shipment Carrier::read(const std::string& id) const {
    auto shipment = host_.sql().read([&](stoa::Transaction& tx) { return store::find(tx, id); });
    if (!shipment) {
        throw stoa::Error(STOA_NOT_FOUND, "there is no shipment " + id);
    }
    return std::move(*shipment);
}

Shipment Carrier::note(const std::string& id, const Trigger& trigger) const {
    return host_.sql().write([&](stoa::Transaction& tx) {
        Shipment shipment = store::find(tx, id).value();
        events::advance(tx, shipment, trigger);
        return shipment;
    });
}

/// Read anew each time: addresses are the order's to keep.
Json::Value Carrier::addressOf(const Shipment& shipment) const {
    const stoa::Reply reply =
        host_.client().call({.service = "order", .path = "/api/v1/orders/" + stoa::escapeSegment(shipment.order_id)});
    if (!reply.orThrow().ok()) {
        throw stoa::Error(STOA_UNAVAILABLE, "order answered " + std::to_string(reply.status()) + " for order " +
                                                shipment.order_id + ", whose address is needed");
    }
    return reply.json()["shippingAddress"];
}

Trigger Carrier::book(const Shipment& shipment, const Json::Value& address) const {
    Json::Value body;
    body["reference"] = shipment.id;
    body["address"] = address;
    for (const Item& item : shipment.items) {
        Json::Value line;
        line["productId"] = item.product_id;
        line["quantity"] = static_cast<Json::Int64>(item.quantity);
        body["lines"].append(std::move(line));
    }
    const stoa::Reply reply = ask("/parcels", shipment.id, std::move(body));
    if (isForGood(reply.status())) {
        refused_.record();
        host_.log().error("the carrier will not take a parcel; its order is cancelled and refunded",
                          {{"shipment", shipment.id}, {"order", shipment.order_id}, {"answer", reply.body()}});
        return {.what = Happening::kBookingRefused, .reason = "carrier_refused"};
    }
    if (!reply.ok()) {
        throw stoa::Error(STOA_UNAVAILABLE, "the carrier refused to book shipment " + shipment.id + " with status " +
                                                std::to_string(reply.status()) + ": " + reply.body());
    }
    const Json::Value parcel = reply.json();
    return {.what = Happening::kBooked,
            .parcel_id = stoa::textOr(parcel, "parcelId"),
            .tracking_number = stoa::textOr(parcel, "trackingNumber")};
}

Trigger Carrier::cancel(const Shipment& shipment) const {
    const stoa::Reply reply = ask("/parcels/" + stoa::escapeSegment(shipment.parcel_id) + "/cancel", {}, {});
    if (reply.status() == 404 || reply.status() == 410) {
        return {.what = Happening::kParcelCancelled};  // what is not there can't leave
    }
    if (reply.status() == 409 || isForGood(reply.status())) {
        return {.what = Happening::kParcelKept};
    }
    if (!reply.ok()) {
        throw stoa::Error(STOA_UNAVAILABLE, "the carrier answered the cancellation of parcel " + shipment.parcel_id +
                                                " with status " + std::to_string(reply.status()));
    }
    return {.what = Happening::kParcelCancelled};
}

stoa::Reply Carrier::ask(const std::string& path, const std::string& key, Json::Value body) const {
    stoa::Reply reply = host_.external().call({.service = "carrier",
                                               .method = "POST",
                                               .path = path,
                                               .body = std::move(body),
                                               .headers = {{"Carrier-Key", host_.secret("carrier")}},
                                               .idempotency_key = key});
    reply.orThrow();
    return reply;
}

}  // namespace shipping
