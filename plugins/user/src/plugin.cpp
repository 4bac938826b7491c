// Wiring: which function serves which route and topic.

#include <stoa/plugin.h>

#include "api.h"
#include "events.h"

namespace user {

class UserPlugin final : public stoa::Plugin {
public:
    explicit UserPlugin(stoa::Host& host) : Plugin(host), api_(host) {
        serve("getMe", &Api::getMe);
        serve("changeMe", &Api::changeMe);
        serve("getUser", &Api::getUser);
        serve("listAddresses", &Api::listAddresses);
        serve("addAddress", &Api::addAddress);
        serve("getAddress", &Api::getAddress);
        serve("replaceAddress", &Api::replaceAddress);
        serve("deleteAddress", &Api::deleteAddress);
        serve("getPreferences", &Api::getPreferences);
        serve("setPreferences", &Api::setPreferences);
        on("user.registered", events::onRegistered);
    }

private:
    void serve(const char* operation, stoa::Response (Api::*handler)(stoa::Request&) const) {
        route(operation, [this, handler](stoa::Request& request) { return (api_.*handler)(request); });
    }

    Api api_;
};

}  // namespace user

STOA_PLUGIN(user::UserPlugin)
