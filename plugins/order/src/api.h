/// The REST API of orders: openapi.yaml, one function an operation.
#pragma once

#include <string>

#include <stoa/plugin.h>

#include "events.h"

namespace order {

class Api {
public:
    Api(stoa::Host& host, const Events& events);

    stoa::Response createOrder(stoa::Request& request) const;
    stoa::Response listOrders(stoa::Request& request) const;
    stoa::Response getOrder(stoa::Request& request) const;
    stoa::Response getTimeline(stoa::Request& request) const;
    stoa::Response cancelOrder(stoa::Request& request) const;
    stoa::Response payOrder(stoa::Request& request) const;

private:
    std::vector<Line> askPricesAndStock(const std::vector<Wish>& wishes, const std::string& user_id) const;
    std::string recordPayment(const Order& order, const std::string& token) const;

    stoa::Host& host_;
    const Events& events_;
    std::string currency_;
    std::chrono::seconds deadline_;
};

}  // namespace order
