/// What the routes and the jobs do.
#pragma once

#include <chrono>

#include <stoa/plugin.h>

#include "domain.h"
#include "sessions.h"

namespace auth {

class Api {
public:
    explicit Api(stoa::Host& host);

    stoa::Response registerAccount(stoa::Request& request) const;
    stoa::Response login(stoa::Request& request) const;
    stoa::Response refresh(stoa::Request& request) const;
    stoa::Response logout(stoa::Request& request) const;
    stoa::Response getKeys(stoa::Request& request) const;
    stoa::Response getMyAccount(stoa::Request& request) const;
    stoa::Response setRoles(stoa::Request& request) const;

    /// Makes the account of the setting `bootstrapAdmin` unless its address has one.
    void bootstrapAdmin() const;

private:
    struct Try;
    Try beginTry(std::string_view address, std::string_view email) const;
    void failTry(const Try& attempt, std::string_view address, std::string_view email) const;

    stoa::Host& host_;
    std::chrono::seconds cap_;
    Sessions sessions_;
    stoa::Series failures_, throttled_;
};

}  // namespace auth
