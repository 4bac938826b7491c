#include "sessions.h"

#include <stoa/base64.h>
#include <stoa/sha256.h>

#include "store.h"

namespace auth {
namespace {

constexpr std::size_t kTokenBytes = 32;

std::string hashOf(std::string_view token) { return stoa::hex(stoa::sha256(token)); }

std::int64_t unixSeconds(stoa::Time time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

Sessions::Sessions(stoa::Host& host)
    : host_(host),
      access_(host.config()["accessTokenSeconds"].asInt64()),
      grace_(host.config()["refreshGraceSeconds"].asInt64()),
      refresh_(host.config()["refreshTokenDays"].asInt64()),
      reuses_(host.metrics().counter("auth_refresh_token_reuse_total",
                                     "Sessions that ended because a used refresh token came again.")) {}

std::string Sessions::issue(stoa::Transaction& tx, std::string_view session_id) const {
    std::string token = stoa::base64Url(host_.crypto().random(kTokenBytes));
    store::insertToken(tx, hashOf(token), session_id, tx.now() + refresh_);
    return token;
}

Sessions::Grant Sessions::begin(stoa::Transaction& tx, Account account) const {
    Grant grant{host_.newId(), {}, std::move(account)};
    store::insertSession(tx, grant.session_id, grant.account.id);
    grant.refresh_token = issue(tx, grant.session_id);
    return grant;
}

std::optional<Sessions::Grant> Sessions::exchange(stoa::Transaction& tx, std::string_view hash, bool& reused) const {
    reused = false;
    auto token = store::findToken(tx, hash);
    if (!token) {
        return std::nullopt;
    }
    store::lockSession(tx, token->session_id);
    if (!store::useToken(tx, hash)) {
        token = store::findToken(tx, hash);  // as it is now that the family stands still
        switch (token ? fateOf(*token, tx.now(), grace_) : Fate::kRefuse) {
            case Fate::kSupersede:
                store::useLiveToken(tx, token->session_id);
                break;
            case Fate::kReuse:
                store::revokeSession(tx, token->session_id, "reuse");
                reused = true;
                return std::nullopt;
            case Fate::kRotate:
            case Fate::kRefuse:
                return std::nullopt;
        }
    }
    auto account = store::findById(tx, token->user_id);
    if (!account) {
        return std::nullopt;
    }
    return Grant{token->session_id, issue(tx, token->session_id), std::move(*account)};
}

std::optional<Sessions::Grant> Sessions::refresh(std::string_view refresh_token) const {
    const std::string hash = hashOf(refresh_token);
    bool reused = false;
    auto grant = host_.sql().write([&](stoa::Transaction& tx) { return exchange(tx, hash, reused); });
    if (reused) {
        reuses_.record();
        host_.log().warn("a used refresh token came again; its session has ended");
    }
    return grant;
}

void Sessions::end(std::string_view refresh_token) const {
    const std::string hash = hashOf(refresh_token);
    host_.sql().write([&](stoa::Transaction& tx) {
        if (const auto token = store::findToken(tx, hash)) {
            store::lockSession(tx, token->session_id);
            store::revokeSession(tx, token->session_id, "logout");
        }
    });
}

Json::Value Sessions::tokensOf(const Grant& grant) const {
    const stoa::Time now = host_.now();
    Json::Value claims;
    claims["iss"] = "stoa-auth";
    claims["aud"] = "stoa";
    claims["sub"] = grant.account.id;
    claims["roles"] = rolesClaim(grant.account.roles);
    claims["sid"] = grant.session_id;
    claims["iat"] = static_cast<Json::Int64>(unixSeconds(now));
    claims["exp"] = static_cast<Json::Int64>(unixSeconds(now + access_));
    claims["jti"] = host_.newId();
    Json::Value tokens;
    tokens["accessToken"] = host_.crypto().signToken(claims);
    tokens["refreshToken"] = grant.refresh_token;
    tokens["expiresIn"] = static_cast<Json::Int64>(access_.count());
    tokens["tokenType"] = "Bearer";
    tokens["userId"] = grant.account.id;
    return tokens;
}

}  // namespace auth
