// Wiring: which function serves which route, topic and timer.

#include <stoa/plugin.h>

#include "api.h"
#include "events.h"

namespace order {

class OrderPlugin final : public stoa::Plugin {
public:
    explicit OrderPlugin(stoa::Host& host) : Plugin(host), api_(host) {
        route("createOrder", [this](stoa::Request& request) { return api_.createOrder(request); });
        route("listOrders", [this](stoa::Request& request) { return api_.listOrders(request); });
        route("getOrder", [this](stoa::Request& request) { return api_.getOrder(request); });
        route("getTimeline", [this](stoa::Request& request) { return api_.getTimeline(request); });
        route("cancelOrder", [this](stoa::Request& request) { return api_.cancelOrder(request); });
        route("payOrder", [this](stoa::Request& request) { return api_.payOrder(request); });

        for (const char* topic :
             {"payment.authorized", "payment.completed", "payment.failed", "payment.voided", "payment.refunded"}) {
            on(topic, events::onPayment);
        }
        for (const char* topic : {"inventory.reserved", "inventory.reservation_failed", "inventory.released",
                                  "inventory.committed", "inventory.commit_refused"}) {
            on(topic, events::onInventory);
        }
        for (const char* topic : {"shipment.created", "shipment.shipped", "shipment.delivered", "shipment.cancelled",
                                  "shipment.cancel_refused"}) {
            on(topic, events::onShipment);
        }
        on("user.profile.updated", events::onProfile);
        timer(events::kDeadline, events::onDeadline);
    }

private:
    Api api_;
};

}  // namespace order

STOA_PLUGIN(order::OrderPlugin)
