#include "host/security/upgrade_orders.h"

#include <stoa/error.h>
#include <stoa/json.h>

#include "host/base/ids.h"
#include "host/security/jwt.h"

namespace stoa::host::security {
namespace {

constexpr std::int64_t kLife = 60;  // seconds

tl::unexpected<Refusal> untrusted(std::string detail) {
    return tl::unexpected(Refusal{401, "order-invalid", std::move(detail)});
}

tl::unexpected<Refusal> forbidden(std::string detail) {
    return tl::unexpected(Refusal{403, "order-forbidden", std::move(detail)});
}

/// The claims that make an order, each of its type; false when one is missing.
bool complete(const Json::Value& claims) {
    for (const char* name : {"iss", "aud", "jti", "purpose", "service", "subject"}) {
        if (textOr(claims, name).empty()) {
            return false;
        }
    }
    return claims["epoch"].isInt64() && claims["iat"].isInt64() && claims["options"].isObject();
}

}  // namespace

std::string signOrder(HostIdentity& identity, const UpgradeOrder& order) {
    if (!identity.covers(order.service)) {
        throw Error(STOA_FORBIDDEN,
                    "this host's certificate does not name the service " + order.service + ": ask a host that runs it");
    }
    const std::int64_t now = toSeconds(identity.clock().now());
    Json::Value claims;
    claims["iss"] = identity.hostId();
    claims["aud"] = order.target;
    claims["jti"] = newId(identity.clock());
    claims["iat"] = Json::Int64(now);
    claims["exp"] = Json::Int64(now + kLife);
    claims["purpose"] = order.purpose;
    claims["service"] = order.service;
    claims["epoch"] = Json::Int64(order.epoch);
    claims["subject"] = order.subject;
    claims["options"] = order.options.isObject() ? order.options : Json::Value(Json::objectValue);
    return signJws(kUpgradeToken, identity.kid(), claims, identity.key(), identity.certificate());
}

tl::expected<OpenedOrder, Refusal> openOrder(const HostIdentity& identity, std::string_view text,
                                             const UpgradeOrder& wanted) {
    const Time now = identity.clock().now();
    if (text.empty()) {
        return untrusted("An order of a host of this fleet must come with it.");
    }
    const auto jws = parseJws(text, kUpgradeToken);
    if (!jws) {
        return untrusted("The order is malformed: " + jws.error());
    }
    const auto certificate = openCertificate(jws->certificate, identity.fleet(), now);
    if (!certificate) {
        return untrusted(certificate.error());
    }
    if (jws->kid != certificate->kid || !jws->verify(certificate->key)) {
        return untrusted("The order is not signed by the certified key.");
    }
    const Json::Value& claims = jws->claims;
    const Verdict verdict = checkClaims(claims, {.issuer = certificate->host_id, .audience = {}}, now);
    if (!verdict) {
        return untrusted("The order can't be used: " + verdict.reason);
    }
    if (!complete(claims) || verdict.expires - claims["iat"].asInt64() > kLife) {
        return untrusted("The order lacks a claim, or lives longer than 60 seconds.");
    }
    if (textOr(claims, "aud") != wanted.target || claims["epoch"].asInt64() != wanted.epoch) {
        return forbidden("The order is for another host, or for an earlier start of this one.");
    }
    if (textOr(claims, "purpose") != wanted.purpose || textOr(claims, "service") != wanted.service) {
        return forbidden("The order is for something else.");
    }
    if (!certificate->services.contains(wanted.service)) {
        return forbidden("The asking host's certificate does not name the service " + wanted.service + ".");
    }
    UpgradeOrder order = wanted;
    order.subject = textOr(claims, "subject");
    order.options = claims["options"];
    return OpenedOrder{std::move(order), certificate->host_id, textOr(claims, "jti"),
                       Time{std::chrono::seconds{verdict.expires}}};
}

bool SpentOrders::spend(const OpenedOrder& order, Time now) {
    const std::lock_guard lock(mutex_);
    std::erase_if(spent_, [&](const auto& each) { return each.second <= now; });
    // checkClaims lets an order live a little beyond its end; it must be remembered for as long.
    return spent_.size() < kMost && spent_.emplace(order.id, order.expires + 2 * kLeeway).second;
}

}  // namespace stoa::host::security
