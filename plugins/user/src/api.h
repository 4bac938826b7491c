/// What the routes do.
#pragma once

#include <stoa/plugin.h>

namespace user {

class Api {
public:
    explicit Api(stoa::Host& host) : host_(host) {}

    stoa::Response getMe(stoa::Request& request) const;
    stoa::Response changeMe(stoa::Request& request) const;
    stoa::Response getUser(stoa::Request& request) const;

    stoa::Response listAddresses(stoa::Request& request) const;
    stoa::Response addAddress(stoa::Request& request) const;
    stoa::Response getAddress(stoa::Request& request) const;
    stoa::Response replaceAddress(stoa::Request& request) const;
    stoa::Response deleteAddress(stoa::Request& request) const;

    stoa::Response getPreferences(stoa::Request& request) const;
    stoa::Response setPreferences(stoa::Request& request) const;

private:
    stoa::Host& host_;
};

}  // namespace user
