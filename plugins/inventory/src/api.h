/// The REST API of inventory: openapi.yaml, one function an operation.
#pragma once

#include <string>
#include <vector>

#include <stoa/plugin.h>

#include "events.h"

namespace inventory {

class Api {
public:
    Api(stoa::Host& host, const Events& events) : host_(host), events_(events) {}

    stoa::Response getStock(stoa::Request& request) const;
    stoa::Response batchStock(stoa::Request& request) const;
    stoa::Response receiveStock(stoa::Request& request) const;
    stoa::Response batchReceive(stoa::Request& request) const;
    stoa::Response adjustStock(stoa::Request& request) const;
    stoa::Response listMovements(stoa::Request& request) const;
    stoa::Response getReservation(stoa::Request& request) const;
    stoa::Response commitReservation(stoa::Request& request) const;
    stoa::Response releaseReservation(stoa::Request& request) const;

private:
    stoa::Host& host_;
    const Events& events_;
};

}  // namespace inventory
