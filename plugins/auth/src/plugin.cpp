// Wiring: which function serves which route and timer.

#include <stoa/plugin.h>

#include "api.h"
#include "store.h"

namespace auth {

constexpr std::string_view kBootstrap = "bootstrap-admin";
constexpr std::string_view kCleanup = "cleanup";
constexpr std::chrono::hours kCleanupEvery{1};

class AuthPlugin final : public stoa::Plugin {
public:
    explicit AuthPlugin(stoa::Host& host) : Plugin(host), api_(host) {
        serve("register", &Api::registerAccount);
        serve("login", &Api::login);
        serve("refresh", &Api::refresh);
        serve("logout", &Api::logout);
        serve("getKeys", &Api::getKeys);
        serve("getMyAccount", &Api::getMyAccount);
        serve("setRoles", &Api::setRoles);
        job(kBootstrap, [this](const stoa::Firing&) { api_.bootstrapAdmin(); });
        timer(kCleanup, [](const stoa::Firing& firing, stoa::Transaction& tx) {
            store::cleanUp(tx);
            tx.setTimer(kCleanup, firing.key, tx.now() + kCleanupEvery);
        });
    }

    void start() override {
        host().sql().write([](stoa::Transaction& tx) {
            tx.setTimer(kBootstrap, "", tx.now());
            tx.setTimer(kCleanup, "", tx.now() + kCleanupEvery);
        });
    }

private:
    void serve(const char* operation, stoa::Response (Api::*handler)(stoa::Request&) const) {
        route(operation, [this, handler](stoa::Request& request) { return (api_.*handler)(request); });
    }

    Api api_;
};

}  // namespace auth

STOA_PLUGIN(auth::AuthPlugin)
