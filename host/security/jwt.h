/// Compact JWS and JWT (RFC 7515, 7519) as strictly as RFC 8725 advises: ES256 alone, one `typ` per kind of token, no
/// header member that we did not put there, exact base64url, no duplicate members, bounded size.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <json/value.h>
#include <tl/expected.hpp>

#include <stoa/time.h>

#include "host/security/ecdsa.h"

namespace stoa::host::security {

/// Kinds of token: the header's `typ`, so that one can never be taken for another.
inline constexpr std::string_view kAccessToken = "at+jwt";  ///< RFC 9068
inline constexpr std::string_view kServiceToken = "stoa-service+jwt";
inline constexpr std::string_view kCertificateToken = "stoa-cert+jwt";
inline constexpr std::string_view kRegistrationToken = "stoa-registration+jwt";
inline constexpr std::string_view kUpgradeToken = "stoa-upgrade+jwt";

inline constexpr std::size_t kTokenLimit = 8192;
inline constexpr std::chrono::seconds kLeeway{5};
/// Header member of service tokens, registrations and upgrade orders: the certificate of the key that signed them.
inline constexpr const char* kCertificateHeader = "stoa_cert";

/// A token whose form is right; nothing in it is to be believed before verify() said true.
struct Jws {
    std::string kid;
    std::string certificate;  ///< header `stoa_cert`, or empty
    Json::Value claims;       ///< an object
    std::string signed_part;  ///< header.payload
    std::string signature;    ///< 64 bytes

    bool verify(const PublicKey& key) const { return key.verify(signed_part, signature); }
};

/// 1 to 64 letters, digits, - or _: a kid that is taken.
bool isKid(std::string_view kid);

/// The error says what is wrong with the form and holds nothing of the token. `typ` is what must be in the header; a
/// certificate is accepted, and required, for service tokens, registrations and upgrade orders only.
tl::expected<Jws, std::string> parseJws(std::string_view compact, std::string_view typ,
                                        std::size_t limit = kTokenLimit);

/// Signs `claims`. `certificate` may be empty.
std::string signJws(std::string_view typ, std::string_view kid, const Json::Value& claims, const PrivateKey& key,
                    std::string_view certificate = {});

/// What must be in the claims besides `exp` (always), `nbf` and `iat` (when there); empty: not looked at.
struct Expected {
    std::string_view issuer;
    std::string_view audience;
};

enum class Fault { kNone, kExpired, kInvalid };
struct Verdict {
    Fault fault = Fault::kNone;
    std::string reason;
    std::int64_t expires = 0;  ///< `exp`, seconds since the epoch
    explicit operator bool() const { return fault == Fault::kNone; }
};

/// `exp`, `nbf`, `iat` with kLeeway, `iss`, `aud` (one string, never a list).
Verdict checkClaims(const Json::Value& claims, const Expected& expected, Time now);

inline std::int64_t toSeconds(Time time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace stoa::host::security
