// Wiring: which function serves which route.

#include <stoa/plugin.h>

#include "api.h"

namespace newcomer {

class NewcomerPlugin final : public stoa::Plugin {
public:
    explicit NewcomerPlugin(stoa::Host& host) : Plugin(host), api_(host) {
        route("createEntry", [this](stoa::Request& request) { return api_.createEntry(request); });
        route("getEntry", [this](stoa::Request& request) { return api_.getEntry(request); });
        route("listEntries", [this](stoa::Request& request) { return api_.listEntries(request); });
    }

private:
    Api api_;
};

}  // namespace newcomer

STOA_PLUGIN(newcomer::NewcomerPlugin)
