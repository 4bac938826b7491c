// Wiring: which function serves which route, topic and timer.

#include <stoa/plugin.h>

#include "api.h"
#include "cashier.h"
#include "events.h"
#include "ledger.h"

namespace payment {

class PaymentPlugin final : public stoa::Plugin {
public:
    explicit PaymentPlugin(stoa::Host& host)
        : Plugin(host),
          provider_(makeProvider(host)),
          api_(host, *provider_),
          cashier_(host, *provider_),
          ledger_(host, *provider_) {
        serve("createPayment", &Api::createPayment);
        serve("getPayment", &Api::getPayment);
        serve("capturePayment", &Api::capturePayment);
        serve("voidPayment", &Api::voidPayment);
        serve("refundPayment", &Api::refundPayment);
        serve("receiveWebhook", &Api::receiveWebhook);

        on("order.created", events::onOrderCreated);
        on("order.cancelled", events::onOrderCancelled);
        on("inventory.reserved", events::onReserved);
        on("inventory.reservation_failed", events::onReservationFailed);
        timer(events::kAbandon, events::onAbandoned);
        job(events::kProvider, [this](const stoa::Firing& firing) { cashier_.onProvider(firing); });
        job(events::kReconcile, [this](const stoa::Firing& firing) { cashier_.onReconcile(firing); });
        job(kLedger, [this](const stoa::Firing& firing) { ledger_.onLedger(firing); });
    }

    void start() override { ledger_.start(); }

private:
    void serve(const char* operation, stoa::Response (Api::*handler)(stoa::Request&) const) {
        route(operation, [this, handler](stoa::Request& request) { return (api_.*handler)(request); });
    }

    std::unique_ptr<Provider> provider_;
    Api api_;
    Cashier cashier_;
    Ledger ledger_;
};

}  // namespace payment

STOA_PLUGIN(payment::PaymentPlugin)
