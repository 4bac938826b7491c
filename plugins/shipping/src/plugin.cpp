// Wiring: which function serves which route, topic and timer.

#include <stoa/plugin.h>

#include "api.h"
#include "carrier.h"
#include "events.h"

namespace shipping {

class ShippingPlugin final : public stoa::Plugin {
public:
    explicit ShippingPlugin(stoa::Host& host) : Plugin(host), api_(host), carrier_(host) {
        route("listShipments", [this](stoa::Request& request) { return api_.listShipments(request); });
        route("getShipment", [this](stoa::Request& request) { return api_.getShipment(request); });
        route("getTracking", [this](stoa::Request& request) { return api_.getTracking(request); });
        route("shipShipment", [this](stoa::Request& request) { return api_.shipShipment(request); });
        route("deliverShipment", [this](stoa::Request& request) { return api_.deliverShipment(request); });
        route("cancelShipment", [this](stoa::Request& request) { return api_.cancelShipment(request); });
        route("carrierReport", [this](stoa::Request& request) { return api_.carrierReport(request); });

        on("order.created", events::onOrderCreated);
        on("order.confirmed", events::onOrderConfirmed);
        on("order.cancel_requested", events::onCancelRequested);
        on("order.cancelled", events::onOrderCancelled);
        on("inventory.committed", events::onStockCommitted);
        job(events::kCarrierJob, [this](const stoa::Firing& firing) { carrier_.work(firing); });
    }

private:
    Api api_;
    Carrier carrier_;
};

}  // namespace shipping

STOA_PLUGIN(shipping::ShippingPlugin)
