#include "api.h"

#include <optional>

#include "events.h"
#include "store.h"

namespace auth {
namespace {

using stoa::Request;
using stoa::Response;
using stoa::Transaction;

Json::Value accountView(const Account& account) {
    Json::Value view;
    view["userId"] = account.id;
    view["email"] = account.email;
    view["roles"] = Json::Value(Json::arrayValue);
    for (const std::string& role : account.roles) {
        view["roles"].append(role);
    }
    return view;
}

/// Tokens are for the one who asked, and for now.
Response tokensAnswer(const Json::Value& tokens) {
    return Response::json(200, tokens).header("Cache-Control", "no-store");
}

stoa::Problem invalidToken() {
    return {401, "invalid-refresh-token", "This refresh token is not valid.", "Sign in again."};
}

stoa::Problem slowDown(std::int64_t seconds) {
    return stoa::tooManyRequests(static_cast<int>(seconds),
                                 "There were failed logins; try again in " + std::to_string(seconds) + " s.");
}

}  // namespace

/// A login that may go on: what failed before, and what is there to compare with.
struct Api::Try {
    Attempts before;
    std::optional<Account> account;
};

Api::Api(stoa::Host& host)
    : host_(host),
      cap_(host.config()["throttleCapSeconds"].asInt64()),
      sessions_(host),
      failures_(host.metrics().counter("auth_login_failures_total", "Logins with a wrong address or password.")),
      throttled_(host.metrics().counter("auth_login_throttled_total", "Logins that were told to wait.")) {}

Response Api::registerAccount(Request& request) const {
    const Json::Value body = request.json();
    Account account;
    account.id = request.resourceId();
    account.email = normalEmail(body["email"].asString());
    account.roles = {"customer"};
    const std::string password = body["password"].asString();
    if (const auto why = weakness(password, account.email)) {
        throw stoa::unprocessable("weak-password", "This password is easy to guess.").field("/password", *why);
    }
    account.password_hash = host_.crypto().hashPassword(password);  // slow on purpose, so before the transaction
    return request.transact([&](Transaction& tx) {
        if (!store::insert(tx, account)) {
            throw stoa::conflict("email-taken", "There is an account with this e-mail address.");
        }
        events::publishRegistered(tx, account, stoa::textOr(body, "name"));
        return Response::json(201, accountView(account)).location("/api/v1/auth/me");
    });
}

/// Throws Problem 429 when it is too early. Once there was a failure, tries are claimed one at a time before the
/// password is looked at, so that many at once gain nothing.
Api::Try Api::beginTry(std::string_view address, std::string_view email) const {
    Try attempt = host_.sql().read([&](Transaction& tx) {
        return Try{store::attempts(tx, address, email), store::findByEmail(tx, email)};
    });
    const stoa::Time now = host_.now();
    std::int64_t wait = secondsToWait(attempt.before, now);
    if (wait == 0 && attempt.before.failures > 0) {
        const Attempts next = afterFailure(attempt.before, now, cap_);
        const bool mine = host_.sql().write(
            [&](Transaction& tx) { return store::claimAttempt(tx, address, email, attempt.before, next); });
        wait = mine ? 0 : 1;
    }
    if (wait > 0) {
        throttled_.record();
        throw slowDown(wait);
    }
    return attempt;
}

void Api::failTry(const Try& attempt, std::string_view address, std::string_view email) const {
    failures_.record();
    if (attempt.before.failures > 0) {
        return;  // counted when it was claimed
    }
    host_.sql().write([&](Transaction& tx) {
        const Attempts known = store::attempts(tx, address, email);
        store::putAttempts(tx, address, email, afterFailure(known, tx.now(), cap_));
    });
}

Response Api::login(Request& request) const {
    const Json::Value body = request.json();
    const std::string email = normalEmail(body["email"].asString());
    const std::string address{request.caller().address};
    Try attempt = beginTry(address, email);
    // Without an account the same work is done on an empty hash, so that time does not tell.
    const std::string& hash = attempt.account ? attempt.account->password_hash : std::string{};
    if (!host_.crypto().verifyPassword(body["password"].asString(), hash) || !attempt.account) {
        failTry(attempt, address, email);
        throw stoa::Problem(401, "invalid-credentials", "The e-mail address or the password is wrong.");
    }
    const auto grant = host_.sql().write([&](Transaction& tx) {
        store::forgetAttempts(tx, address, email);
        return sessions_.begin(tx, *attempt.account);
    });
    return tokensAnswer(sessions_.tokensOf(grant));
}

Response Api::refresh(Request& request) const {
    const auto grant = sessions_.refresh(request.json()["refreshToken"].asString());
    if (!grant) {
        throw invalidToken();
    }
    return tokensAnswer(sessions_.tokensOf(*grant));
}

Response Api::logout(Request& request) const {
    sessions_.end(request.json()["refreshToken"].asString());
    return Response{204};
}

Response Api::getKeys(Request&) const {
    return Response::json(200, host_.crypto().keySet()).header("Cache-Control", "public, max-age=300");
}

Response Api::getMyAccount(Request& request) const {
    const auto account =
        host_.sql().read([&](Transaction& tx) { return store::findById(tx, request.caller().subject); });
    if (!account) {
        throw stoa::notFound("account");
    }
    return Response::json(200, accountView(*account));
}

Response Api::setRoles(Request& request) const {
    const Json::Value body = request.json();
    const std::string_view user_id = request.param("userId");
    std::vector<std::string> roles;
    for (const Json::Value& role : body["roles"]) {
        roles.push_back(role.asString());
    }
    roles = normalRoles(std::move(roles));
    if (!mayGive(request.caller().subject, user_id, roles)) {
        throw stoa::conflict("own-role", "An admin can't take the role admin from himself; another one can.");
    }
    Response answer = request.transact([&](Transaction& tx) {
        auto account = store::findById(tx, user_id);
        if (!account) {
            throw stoa::notFound("account");
        }
        store::setRoles(tx, user_id, roles);
        account->roles = roles;
        return Response::json(200, accountView(*account));
    });
    host_.log().info("roles were set",
                     {{"user", user_id}, {"roles", rolesClaim(roles)}, {"by", request.caller().subject}});
    return answer;
}

void Api::bootstrapAdmin() const {
    const Json::Value& wanted = host_.config()["bootstrapAdmin"];
    if (!wanted.isObject()) {
        return;
    }
    Account account;
    account.email = normalEmail(wanted["email"].asString());
    account.roles = {"admin", "staff"};
    const bool known =
        host_.sql().read([&](Transaction& tx) { return store::findByEmail(tx, account.email).has_value(); });
    if (known) {
        return;
    }
    account.id = host_.newId();
    account.password_hash = host_.crypto().hashPassword(host_.secret(wanted["passwordSecret"].asString()));
    const bool made = host_.sql().write([&](Transaction& tx) {
        const bool inserted = store::insert(tx, account);
        if (inserted) {
            events::publishRegistered(tx, account, stoa::textOr(wanted, "name"));
        }
        return inserted;
    });
    if (made) {
        host_.log().info("the first admin's account was made", {{"email", account.email}});
    }
}

}  // namespace auth
