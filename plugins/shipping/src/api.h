/// The REST API of shipments: openapi.yaml, one function an operation.
#pragma once

#include <stoa/plugin.h>

#include "domain.h"

namespace shipping {

class Api {
public:
    explicit Api(stoa::Host& host);

    stoa::Response listShipments(stoa::Request& request) const;
    stoa::Response getShipment(stoa::Request& request) const;
    stoa::Response getTracking(stoa::Request& request) const;
    stoa::Response shipShipment(stoa::Request& request) const;
    stoa::Response deliverShipment(stoa::Request& request) const;
    stoa::Response cancelShipment(stoa::Request& request) const;
    stoa::Response carrierReport(stoa::Request& request) const;

private:
    /// Does what staff asked for; a shipment that is at one of `already` stays as it is.
    stoa::Response byStaff(stoa::Request& request, int status, Happening what,
                           std::initializer_list<State> already) const;
    void checkSignature(const stoa::Request& request) const;

    stoa::Host& host_;
    std::string carrier_;
    std::chrono::seconds tolerance_;
};

}  // namespace shipping
