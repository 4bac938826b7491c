// Wiring: which function serves which route, topic and timer.

#include <stoa/plugin.h>

#include "api.h"
#include "events.h"

namespace inventory {

class InventoryPlugin final : public stoa::Plugin {
public:
    explicit InventoryPlugin(stoa::Host& host) : Plugin(host), events_(host), api_(host, events_) {
        using stoa::Request;
        route("getStock", [this](Request& request) { return api_.getStock(request); });
        route("batchStock", [this](Request& request) { return api_.batchStock(request); });
        route("receiveStock", [this](Request& request) { return api_.receiveStock(request); });
        route("batchReceive", [this](Request& request) { return api_.batchReceive(request); });
        route("adjustStock", [this](Request& request) { return api_.adjustStock(request); });
        route("listMovements", [this](Request& request) { return api_.listMovements(request); });
        route("getReservation", [this](Request& request) { return api_.getReservation(request); });
        route("commitReservation", [this](Request& request) { return api_.commitReservation(request); });
        route("releaseReservation", [this](Request& request) { return api_.releaseReservation(request); });

        using stoa::Event;
        using stoa::Transaction;
        on("order.created", [this](const Event& event, Transaction& tx) { events_.onCreated(event, tx); });
        on("order.confirmed", [this](const Event& event, Transaction& tx) { events_.onConfirmed(event, tx); });
        on("order.cancelled", [this](const Event& event, Transaction& tx) { events_.onCancelled(event, tx); });
        on("payment.failed", [this](const Event& event, Transaction& tx) { events_.onPaymentFailed(event, tx); });
        on("shipment.shipped", [this](const Event& event, Transaction& tx) { events_.onShipped(event, tx); });
        timer(kHoldExpiry, [this](const stoa::Firing& firing, Transaction& tx) { events_.onExpiry(firing, tx); });
    }

private:
    Events events_;
    Api api_;
};

}  // namespace inventory

STOA_PLUGIN(inventory::InventoryPlugin)
