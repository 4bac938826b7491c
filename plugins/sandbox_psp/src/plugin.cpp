// Wiring: which function serves which route and timer.

#include <stoa/plugin.h>

#include "api.h"
#include "webhooks.h"

namespace sandbox_psp {

class Service final : public stoa::Plugin {
public:
    explicit Service(stoa::Host& host) : Plugin(host), api_(host) {
        serve("authorize", &Api::authorize);
        serve("findPayments", &Api::findPayments);
        serve("getPayment", &Api::getPayment);
        serve("capture", &Api::capture);
        serve("void", &Api::voidPayment);
        serve("refund", &Api::refund);
        serve("readLedger", &Api::readLedger);
        job(kWebhook, [&host](const stoa::Firing& firing) { sendWebhook(host, firing); });
    }

    void stop() override { api_.stop(); }

private:
    void serve(const char* operation, stoa::Response (Api::*handler)(stoa::Request&)) {
        route(operation, [this, handler](stoa::Request& request) { return (api_.*handler)(request); });
    }

    Api api_;
};

}  // namespace sandbox_psp

STOA_PLUGIN(sandbox_psp::Service)
