/// The REST API of notification: openapi.yaml, one function an operation.
#pragma once

#include <stoa/plugin.h>

#include "sender.h"

namespace notification {

class Api {
public:
    Api(stoa::Host& host, const Sender& sender) : host_(host), sender_(sender) {}

    stoa::Response listNotifications(stoa::Request& request) const;
    stoa::Response listDeliveries(stoa::Request& request) const;
    stoa::Response getDelivery(stoa::Request& request) const;
    stoa::Response resendDelivery(stoa::Request& request) const;

private:
    stoa::Host& host_;
    const Sender& sender_;
};

}  // namespace notification
