// Wiring: which function serves which route.

#include <stoa/plugin.h>

#include "api.h"

namespace gateway {

class GatewayPlugin final : public stoa::Plugin {
public:
    explicit GatewayPlugin(stoa::Host& host) : Plugin(host), api_(host) {
        route("proxy", [this](stoa::Request& request) { return api_.proxy(request); });
        route("getHealth", [this](stoa::Request& request) { return api_.getHealth(request); });
        route("getDocument", [this](stoa::Request& request) { return api_.getDocument(request); });
        route("getPage", [this](stoa::Request& request) { return api_.getPage(request); });
    }

private:
    Api api_;
};

}  // namespace gateway

STOA_PLUGIN(gateway::GatewayPlugin)
