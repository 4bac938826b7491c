/// stoa.client/1.
#pragma once

#include "host/outbound/service_client.h"
#include "host/plugin/capability.h"

namespace stoa::host::outbound {

class ClientCapability : public plugin::Capability {
public:
    explicit ClientCapability(ServiceClient& client) : client_(client) {}
    std::string_view id() const override { return "stoa.client/1"; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override;

private:
    ServiceClient& client_;
};

}  // namespace stoa::host::outbound
