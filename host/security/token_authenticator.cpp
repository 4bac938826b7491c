#include "host/security/token_authenticator.h"

#include <strings.h>
#include <algorithm>
#include <memory>
#include <utility>

#include <stoa/json.h>

#include "host/security/jwt.h"
#include "host/security/verified_cache.h"

namespace stoa::host::security {
namespace {

constexpr std::chrono::seconds kKeep{60};
constexpr std::int64_t kServiceTokenLife = 60;
constexpr std::size_t kCertificates = 1024;
constexpr std::size_t kMaxSubject = 256;

tl::unexpected<Refusal> refuse(const char* slug, std::string detail) {
    return tl::unexpected(Refusal{401, slug, std::move(detail)});
}

/// The credentials of "Bearer …" (RFC 6750), whose scheme is case-insensitive, or nothing.
std::string_view bearer(std::string_view authorization) {
    constexpr std::string_view kScheme = "Bearer ";
    const bool right = authorization.size() > kScheme.size() &&
                       ::strncasecmp(authorization.data(), kScheme.data(), kScheme.size()) == 0;
    return right ? authorization.substr(kScheme.size()) : std::string_view{};
}

Time keepUntil(std::int64_t expires, Time now) { return std::min(now + kKeep, Time{std::chrono::seconds{expires}}); }

struct User {
    std::string subject;
    std::string roles;
    std::string session;
};

struct Caller {
    std::string service;
    std::string audience;
};

class TokenAuthenticator : public Authenticator {
public:
    TokenAuthenticator(JwksCache& keys, PublicKey fleet, const Clock& clock, AuthenticatorOptions options)
        : keys_(keys),
          fleet_(std::move(fleet)),
          clock_(clock),
          options_(std::move(options)),
          users_(options_.cached_tokens),
          callers_(options_.cached_tokens / 4),
          certificates_(kCertificates) {}

    tl::expected<Identity, Refusal> authenticate(std::string_view authorization, std::string_view service_token,
                                                 std::string_view audience) override {
        Identity identity;
        const Time now = clock_.now();
        if (!authorization.empty()) {
            auto user = checkUser(authorization, now);
            if (!user) {
                return tl::unexpected(std::move(user.error()));
            }
            identity.user = true;
            identity.subject = std::move(user->subject);
            identity.roles = std::move(user->roles);
            identity.session = std::move(user->session);
        }
        if (!service_token.empty()) {
            auto caller = checkCaller(service_token, audience, now);
            if (!caller) {
                return tl::unexpected(std::move(caller.error()));
            }
            identity.service = std::move(*caller);
        }
        return identity;
    }

private:
    tl::expected<User, Refusal> checkUser(std::string_view authorization, Time now) {
        const std::string_view token = bearer(authorization);
        if (token.empty()) {
            return refuse("token-invalid", "Authorization must be: Bearer, a space, and the token");
        }
        const auto keys = currentKeys();
        if (!keys) {
            return tl::unexpected(Refusal{503, "keys-unavailable", "the keys to check tokens with are not known yet"});
        }
        const Digest digest = fastSha256(token);
        if (auto known = users_.find(digest, now)) {
            return std::move(*known);
        }
        return verifyUser(token, *keys, digest, now);
    }

    tl::expected<User, Refusal> verifyUser(std::string_view token, const KeySet& keys, const Digest& digest, Time now) {
        const auto jws = parseJws(token, kAccessToken);
        if (!jws) {
            return refuse("token-invalid", "access token: " + jws.error());
        }
        const auto key = keys.find(jws->kid);
        if (key == keys.end()) {
            keys_.wanted();
            return refuse("token-invalid", "access token: signed with an unknown key");
        }
        if (!jws->verify(key->second)) {
            return refuse("token-invalid", "access token: the signature is wrong");
        }
        const Verdict verdict =
            checkClaims(jws->claims, {.issuer = options_.issuer, .audience = options_.audience}, now);
        if (!verdict) {
            return refuse(verdict.fault == Fault::kExpired ? "token-expired" : "token-invalid",
                          "access token: " + verdict.reason);
        }
        for (const char* claim : {"sub", "roles", "sid"}) {
            if (jws->claims.isMember(claim) && !jws->claims[claim].isString()) {
                return refuse("token-invalid", std::string("access token: ") + claim + " must be a text");
            }
        }
        User user{textOr(jws->claims, "sub"), textOr(jws->claims, "roles"), textOr(jws->claims, "sid")};
        if (user.subject.empty() || user.subject.size() > kMaxSubject) {
            return refuse("token-invalid", "access token: sub must have 1 to 256 bytes");
        }
        users_.store(digest, user, keepUntil(verdict.expires, now));
        return user;
    }

    /// Results of keys that are no longer in the set go with it.
    std::shared_ptr<const KeySet> currentKeys() {
        auto keys = keys_.keys();
        const std::lock_guard lock(seen_mutex_);
        if (seen_ != keys) {
            users_.clear();
            seen_ = keys;
        }
        return keys;
    }

    tl::expected<std::string, Refusal> checkCaller(std::string_view token, std::string_view audience, Time now) {
        const Digest digest = fastSha256(token);
        auto caller = callers_.find(digest, now);
        if (!caller) {
            auto verified = verifyCaller(token, digest, now);
            if (!verified) {
                return tl::unexpected(std::move(verified.error()));
            }
            caller = std::move(*verified);
        }
        if (audience.empty() || caller->audience != audience) {
            return refuse("service-token-invalid", "service token: made for another service");
        }
        return std::move(caller->service);
    }

    tl::expected<Caller, Refusal> verifyCaller(std::string_view token, const Digest& digest, Time now) {
        const auto jws = parseJws(token, kServiceToken);
        if (!jws) {
            return refuse("service-token-invalid", "service token: " + jws.error());
        }
        const auto certificate = checkCertificate(jws->certificate, now);
        if (!certificate) {
            return refuse("service-token-invalid", "service token: " + certificate.error());
        }
        if (jws->kid != (*certificate)->kid || !jws->verify((*certificate)->key)) {
            return refuse("service-token-invalid", "service token: not signed by the certified key");
        }
        const Verdict verdict = checkClaims(jws->claims, {}, now);
        if (verdict.fault == Fault::kExpired) {
            return refuse("service-token-expired", "service token: " + verdict.reason);
        }
        const Json::Value& claims = jws->claims;
        Caller caller{textOr(claims, "iss"), textOr(claims, "aud")};
        if (!verdict || caller.service.empty() || caller.audience.empty()) {
            return refuse("service-token-invalid",
                          "service token: " + (verdict ? "iss and aud must be texts" : verdict.reason));
        }
        if (!claims.isMember("iat") || verdict.expires - claims["iat"].asInt64() > kServiceTokenLife) {
            return refuse("service-token-invalid", "service token: must live 60 seconds at most");
        }
        if (!(*certificate)->services.contains(caller.service)) {
            return refuse("service-token-invalid", "service token: the certificate does not name its issuer");
        }
        callers_.store(digest, caller, std::min(keepUntil(verdict.expires, now), (*certificate)->expires));
        return caller;
    }

    tl::expected<std::shared_ptr<const Certificate>, std::string> checkCertificate(const std::string& text, Time now) {
        const Digest digest = fastSha256(text);
        if (auto known = certificates_.find(digest, now)) {
            return std::move(*known);
        }
        auto opened = openCertificate(text, fleet_, now);
        if (!opened) {
            return because(opened.error());
        }
        auto certificate = std::make_shared<const Certificate>(std::move(*opened));
        certificates_.store(digest, certificate, certificate->expires);
        return certificate;
    }

    JwksCache& keys_;
    const PublicKey fleet_;
    const Clock& clock_;
    const AuthenticatorOptions options_;
    std::mutex seen_mutex_;
    std::shared_ptr<const KeySet> seen_;
    VerifiedCache<User> users_;
    VerifiedCache<Caller> callers_;
    VerifiedCache<std::shared_ptr<const Certificate>> certificates_;
};

}  // namespace

bool Identity::hasRole(std::string_view role) const {
    for (std::string_view rest = roles; !rest.empty() && !role.empty();) {
        const std::size_t space = rest.find(' ');
        if (rest.substr(0, space) == role) {
            return true;
        }
        rest = space == std::string_view::npos ? std::string_view{} : rest.substr(space + 1);
    }
    return false;
}

std::unique_ptr<Authenticator> makeAuthenticator(JwksCache& keys, const PublicKey& fleet, const Clock& clock,
                                                 AuthenticatorOptions options) {
    return std::make_unique<TokenAuthenticator>(keys, fleet, clock, std::move(options));
}

}  // namespace stoa::host::security
