#include "api.h"

#include "moves.h"
#include "store.h"

namespace sandbox_carrier {
namespace {

Parcel known(stoa::Transaction& tx, const stoa::Request& request) {
    auto parcel = store::find(tx, request.param("parcelId"));
    if (!parcel) {
        throw stoa::notFound("parcel");
    }
    return std::move(*parcel);
}

}  // namespace

Json::Value parcelView(const Parcel& parcel) {
    Json::Value view;
    view["parcelId"] = parcel.id;
    view["reference"] = parcel.reference;
    view["trackingNumber"] = parcel.tracking_number;
    view["status"] = parcel.status;
    view["at"] = stoa::formatTime(parcel.updated);
    return view;
}

Api::Api(stoa::Host& host) : host_(host), pace_(paceOf(host.config())) {}

void Api::checkKey(const stoa::Request& request) const {
    if (!host_.crypto().equal(request.header("Carrier-Key").value_or(""), host_.secret("key"))) {
        throw stoa::Problem(401, "bad-key", "Bad key", "Carrier-Key is not the key that was agreed on.");
    }
}

stoa::Response Api::bookParcel(stoa::Request& request) const {
    checkKey(request);
    const Json::Value body = request.json();
    if (body["address"]["postalCode"].asString() == kUnserved) {
        throw stoa::unprocessable("not-served", "No parcel goes to this address.");
    }
    // The reference is what makes a repeated booking one: an answer that the host kept would reach callers without the
    // key.
    const std::string id = host_.newId();
    return request.transact([&](stoa::Transaction& tx) {
        Parcel parcel{.id = id,
                      .reference = body["reference"].asString(),
                      .tracking_number = trackingNumberOf(id),
                      .address = stoa::writeJson(body["address"]),
                      .lines = stoa::writeJson(body["lines"]),
                      .created = tx.now(),
                      .updated = tx.now()};
        if (store::insert(tx, parcel)) {
            tx.setTimer(kMoveTimer, parcel.id, tx.now() + stay(parcel.status, pace_));
        } else {
            parcel = store::findByReference(tx, parcel.reference).value();
        }
        return stoa::Response::json(201, parcelView(parcel)).location("/api/v1/carrier/parcels/" + parcel.id);
    });
}

stoa::Response Api::getParcel(stoa::Request& request) const {
    checkKey(request);
    const Parcel parcel = host_.sql().read([&](stoa::Transaction& tx) { return known(tx, request); });
    return stoa::Response::json(200, parcelView(parcel));
}

stoa::Response Api::cancelParcel(stoa::Request& request) const {
    checkKey(request);
    return request.transact([&](stoa::Transaction& tx) {
        Parcel parcel = known(tx, request);
        if (parcel.status == kBooked && store::move(tx, parcel, kCancelled)) {
            tx.cancelTimer(kMoveTimer, parcel.id);
        }
        if (parcel.status != kCancelled) {
            throw stoa::conflict("picked-up", "The parcel was picked up.").with("state", parcel.status);
        }
        return stoa::Response::json(200, parcelView(parcel));
    });
}

}  // namespace sandbox_carrier
