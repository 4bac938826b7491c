/// The streaming proxy behind dispatch::Forwarder.
#pragma once

#include "host/dispatch/forwarder.h"
#include "host/outbound/service_client.h"

namespace stoa::host::outbound {

/// Proxies on the I/O threads; holds no worker. The answer's body streams; a client that leaves ends its upstream call.
class Forward : public dispatch::Forwarder {
public:
    explicit Forward(ServiceClient& client) : client_(client) {}
    void forward(std::shared_ptr<http::Exchange> exchange, dispatch::ForwardOrder order) override;

private:
    ServiceClient& client_;
};

}  // namespace stoa::host::outbound
