/// Sessions: a family of refresh tokens of which one is live, and the access tokens that come with it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <stoa/plugin.h>

#include "domain.h"

namespace auth {

class Sessions {
public:
    explicit Sessions(stoa::Host& host);

    /// What a client gets; `refresh_token` in the clear exists only here.
    struct Grant {
        std::string session_id;
        std::string refresh_token;
        Account account;
    };

    Grant begin(stoa::Transaction& tx, Account account) const;
    /// Nothing when the token is not good, any more. One that was used before its grace is over ends the session; that
    /// is committed.
    std::optional<Grant> refresh(std::string_view refresh_token) const;
    void end(std::string_view refresh_token) const;

    /// Signs the access token. No transaction may be waiting for it.
    Json::Value tokensOf(const Grant& grant) const;

private:
    std::string issue(stoa::Transaction& tx, std::string_view session_id) const;
    std::optional<Grant> exchange(stoa::Transaction& tx, std::string_view hash, bool& reused) const;

    stoa::Host& host_;
    std::chrono::seconds access_, grace_;
    std::chrono::days refresh_;
    stoa::Series reuses_;
};

}  // namespace auth
