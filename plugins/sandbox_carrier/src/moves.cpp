#include "moves.h"

#include <span>

#include <stoa/base64.h>

#include "api.h"
#include "store.h"

namespace sandbox_carrier {
namespace {

std::string hexOf(std::string_view bytes) {
    return stoa::hex(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

}  // namespace

Pace paceOf(const Json::Value& settings) {
    return {.pickup = std::chrono::milliseconds{settings["pickupMs"].asInt64()},
            .deliver = std::chrono::milliseconds{settings["deliverMs"].asInt64()}};
}

Moves::Moves(stoa::Host& host) : host_(host), pace_(paceOf(host.config())) {}

void Moves::move(const stoa::Firing& firing, stoa::Transaction& tx) const {
    auto parcel = store::find(tx, firing.key);
    const auto to = parcel ? next(parcel->status) : std::nullopt;
    if (!to || !store::move(tx, *parcel, *to)) {
        return;  // cancelled meanwhile
    }
    tx.setTimer(kReportJob, parcel->id + ":" + parcel->status, tx.now(), stoa::writeJson(parcelView(*parcel)));
    if (next(parcel->status)) {
        tx.setTimer(kMoveTimer, parcel->id, tx.now() + stay(parcel->status, pace_));
    }
}

void Moves::report(const stoa::Firing& firing) const {
    const std::string at = std::to_string(stoa::toMicros(host_.now()) / 1'000'000);
    const std::string code = hexOf(host_.crypto().hmacSha256("webhook", at + "." + firing.payload));
    const stoa::Reply reply = host_.external().call({.service = "shop",
                                                     .method = "POST",
                                                     .path = host_.config()["webhookPath"].asString(),
                                                     .headers = {{"Carrier-Signature", "t=" + at + ",v1=" + code}},
                                                     .raw_body = firing.payload,
                                                     .content_type = "application/json"});
    if (!reply.ok()) {
        throw stoa::Error(STOA_UNAVAILABLE, "the shop did not take the report " + firing.key + ": " +
                                                (reply.answered() ? std::to_string(reply.status()) : reply.error()));
    }
}

}  // namespace sandbox_carrier
