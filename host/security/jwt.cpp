#include "host/security/jwt.h"

#include <algorithm>
#include <array>
#include <limits>

#include <stoa/base64.h>
#include <stoa/json.h>

namespace stoa::host::security {
namespace {

constexpr std::int64_t kLastSecond = 253'402'300'799;  // end of the year 9999

/// The decoded JSON object of one part.
tl::expected<Json::Value, std::string> object(std::string_view part, const char* name) {
    const auto text = fromBase64Url(part);
    if (!text) {
        return because(std::string("the ") + name + " is not exact base64url");
    }
    auto value = parseJson(*text);
    if (!value || !value->isObject()) {
        return because(std::string("the ") + name + " is not one strict JSON object");
    }
    return std::move(*value);
}

/// Everything in the header is ours; whatever else stands there, `crit`, `jwk`, `jku` or `x5u` before all, is refused.
std::string headerFault(const Json::Value& header, std::string_view typ) {
    const bool certified = typ == kServiceToken || typ == kRegistrationToken || typ == kUpgradeToken;
    for (const std::string& name : header.getMemberNames()) {
        const bool known = name == "alg" || name == "typ" || name == "kid" || (certified && name == kCertificateHeader);
        if (!known) {
            return "the header has a member that is not taken here";
        }
        if (!header[name].isString()) {
            return "the header's members must be texts";
        }
    }
    if (textOr(header, "alg") != "ES256") {
        return "alg must be ES256";
    }
    if (textOr(header, "typ") != typ) {
        return "typ must be " + std::string(typ);
    }
    if (!isKid(textOr(header, "kid"))) {
        return "kid must be 1 to 64 letters, digits, - or _";
    }
    if (certified && textOr(header, kCertificateHeader).empty()) {
        return "the header has no certificate";
    }
    return {};
}

/// Seconds since the epoch, when `name` is there; the reason when it is not an integer in range.
tl::expected<std::int64_t, std::string> seconds(const Json::Value& claims, const char* name, std::int64_t absent) {
    if (!claims.isMember(name)) {
        return absent;
    }
    const Json::Value& value = claims[name];
    const bool integer = value.type() == Json::intValue || value.type() == Json::uintValue;
    if (!integer || !value.isInt64() || value.asInt64() < 0 || value.asInt64() > kLastSecond) {
        return because(std::string(name) + " must be an integer count of seconds");
    }
    return value.asInt64();
}

Verdict invalid(std::string reason) { return {Fault::kInvalid, std::move(reason), 0}; }

bool isText(const Json::Value& claims, const char* name, std::string_view expected) {
    return claims.isMember(name) && claims[name].isString() && claims[name].asString() == expected;
}

}  // namespace

bool isKid(std::string_view kid) {
    return !kid.empty() && kid.size() <= 64 && std::ranges::all_of(kid, [](unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    });
}

tl::expected<Jws, std::string> parseJws(std::string_view compact, std::string_view typ, std::size_t limit) {
    if (compact.size() > limit) {
        return because("it is longer than " + std::to_string(limit) + " bytes");
    }
    const std::size_t first = compact.find('.');
    const std::size_t second = first == std::string_view::npos ? first : compact.find('.', first + 1);
    if (second == std::string_view::npos || compact.find('.', second + 1) != std::string_view::npos) {
        return because("it does not have three parts");
    }
    const auto header = object(compact.substr(0, first), "header");
    if (!header) {
        return because(header.error());
    }
    if (std::string fault = headerFault(*header, typ); !fault.empty()) {
        return because(std::move(fault));
    }
    auto claims = object(compact.substr(first + 1, second - first - 1), "payload");
    if (!claims) {
        return because(claims.error());
    }
    auto signature = fromBase64Url(compact.substr(second + 1));
    if (!signature || signature->size() != 64) {
        return because("the signature must be 64 bytes in base64url");
    }
    return Jws{textOr(*header, "kid"), textOr(*header, kCertificateHeader), std::move(*claims),
               std::string(compact.substr(0, second)), std::move(*signature)};
}

std::string signJws(std::string_view typ, std::string_view kid, const Json::Value& claims, const PrivateKey& key,
                    std::string_view certificate) {
    Json::Value header;
    header["alg"] = "ES256";
    header["typ"] = std::string(typ);
    header["kid"] = std::string(kid);
    if (!certificate.empty()) {
        header[kCertificateHeader] = std::string(certificate);
    }
    std::string text = base64Url(writeJson(header)) + "." + base64Url(writeJson(claims));
    const std::string signature = key.sign(text);
    return text + "." + base64Url(signature);
}

Verdict checkClaims(const Json::Value& claims, const Expected& expected, Time now) {
    constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
    const auto expires = seconds(claims, "exp", kNever);
    const auto not_before = seconds(claims, "nbf", kNever);
    const auto issued = seconds(claims, "iat", kNever);
    for (const auto& claim : {expires, not_before, issued}) {
        if (!claim) {
            return invalid(claim.error());
        }
    }
    if (*expires == kNever) {
        return invalid("exp is missing");
    }
    if (!expected.issuer.empty() && !isText(claims, "iss", expected.issuer)) {
        return invalid("iss must be " + std::string(expected.issuer));
    }
    if (!expected.audience.empty() && !isText(claims, "aud", expected.audience)) {
        return invalid("aud must be " + std::string(expected.audience));
    }
    const std::int64_t second = toSeconds(now);
    if (std::max(*not_before, *issued) > second + kLeeway.count()) {
        return invalid("it is not valid yet; if it was just made, compare the clocks");
    }
    if (*expires + kLeeway.count() <= second) {
        return {Fault::kExpired, "it has expired", *expires};
    }
    return {Fault::kNone, {}, *expires};
}

}  // namespace stoa::host::security
