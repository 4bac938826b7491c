/// What the routes do.
#pragma once

#include <stoa/plugin.h>

namespace newcomer {

class Api {
public:
    explicit Api(stoa::Host& host) : host_(host) {}

    stoa::Response createEntry(stoa::Request& request) const;
    stoa::Response getEntry(stoa::Request& request) const;
    stoa::Response listEntries(stoa::Request& request) const;

private:
    stoa::Host& host_;
};

}  // namespace newcomer
