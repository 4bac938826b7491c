// Wiring: which function serves which route, topic and timer.

#include <stoa/plugin.h>

#include "api.h"
#include "events.h"

namespace order {

class OrderPlugin final : public stoa::Plugin {
public:
    explicit OrderPlugin(stoa::Host& host) : Plugin(host), events_(host), api_(host, events_) {
        route("createOrder", [this](stoa::Request& request) { return api_.createOrder(request); });
        route("listOrders", [this](stoa::Request& request) { return api_.listOrders(request); });
        route("getOrder", [this](stoa::Request& request) { return api_.getOrder(request); });
        route("getTimeline", [this](stoa::Request& request) { return api_.getTimeline(request); });
        route("cancelOrder", [this](stoa::Request& request) { return api_.cancelOrder(request); });
        route("payOrder", [this](stoa::Request& request) { return api_.payOrder(request); });

        using stoa::Event;
        using stoa::Transaction;
        for (const char* topic :
             {"payment.authorized", "payment.completed", "payment.failed", "payment.voided", "payment.refunded"}) {
            on(topic, [this](const Event& event, Transaction& tx) { events_.onPayment(event, tx); });
        }
        for (const char* topic : {"inventory.reserved", "inventory.reservation_failed", "inventory.released",
                                  "inventory.committed", "inventory.commit_refused"}) {
            on(topic, [this](const Event& event, Transaction& tx) { events_.onInventory(event, tx); });
        }
        for (const char* topic : {"shipment.created", "shipment.shipped", "shipment.delivered", "shipment.cancelled",
                                  "shipment.cancel_refused"}) {
            on(topic, [this](const Event& event, Transaction& tx) { events_.onShipment(event, tx); });
        }
        on("user.profile.updated", [this](const Event& event, Transaction& tx) { events_.onProfile(event, tx); });
        timer(kDeadline, [this](const stoa::Firing& firing, Transaction& tx) { events_.onDeadline(firing, tx); });
        timer(kCompensation,
              [this](const stoa::Firing& firing, Transaction& tx) { events_.onCompensation(firing, tx); });
    }

private:
    Events events_;
    Api api_;
};

}  // namespace order

STOA_PLUGIN(order::OrderPlugin)
