// Wiring: which function serves which route, topic and timer.

#include <stoa/plugin.h>

#include "api.h"
#include "events.h"
#include "sender.h"

namespace notification {

class NotificationPlugin final : public stoa::Plugin {
public:
    explicit NotificationPlugin(stoa::Host& host) : Plugin(host), sender_(host), api_(host, sender_) {
        using stoa::Request;
        route("listNotifications", [this](Request& request) { return api_.listNotifications(request); });
        route("listDeliveries", [this](Request& request) { return api_.listDeliveries(request); });
        route("getDelivery", [this](Request& request) { return api_.getDelivery(request); });
        route("resendDelivery", [this](Request& request) { return api_.resendDelivery(request); });

        on("user.registered", events::onRegistered);
        on("user.profile.updated", events::onProfile);
        for (const char* topic : {"order.created", "order.confirmed", "order.cancelled"}) {
            on(topic, events::onOrder);
        }
        for (const char* topic : {"shipment.shipped", "shipment.delivered"}) {
            on(topic, events::onShipment);
        }
        on("payment.refunded", events::onRefunded);
        job(kSend, [this](const stoa::Firing& firing) { sender_.send(firing); });
    }

private:
    Sender sender_;
    Api api_;
};

}  // namespace notification

STOA_PLUGIN(notification::NotificationPlugin)
