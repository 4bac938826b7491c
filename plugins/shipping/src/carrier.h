/// The carrier, an endpoint outside of the fleet: books and cancels parcels. What it says by itself comes as a webhook.
#pragma once

#include <stoa/host.h>
#include <stoa/plugin.h>

#include "domain.h"

namespace shipping {

class Carrier {
public:
    explicit Carrier(stoa::Host& host);

    /// Job: does at the carrier what the shipment's state needs, and notes the outcome. Repeating it repeats the
    /// carrier's answer, because the shipment's id is the idempotency key. Throws Error while the order or the carrier
    /// can't be asked; the job then runs again.
    void work(const stoa::Firing& firing) const;

private:
    Shipment read(const std::string& id) const;
    Shipment note(const std::string& id, const Trigger& trigger) const;
    Json::Value addressOf(const Shipment& shipment) const;
    /// kBooked, or kBookingRefused when the carrier will never take this parcel.
    Trigger book(const Shipment& shipment, const Json::Value& address) const;
    Trigger cancel(const Shipment& shipment) const;
    stoa::Reply ask(const std::string& path, const std::string& key, Json::Value body) const;

    stoa::Host& host_;
    const stoa::Series refused_;
};

}  // namespace shipping
