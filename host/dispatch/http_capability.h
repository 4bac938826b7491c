/// stoa.http/1: the request and the response of the ABI.
#pragma once

#include <memory>
#include <string_view>

#include "host/plugin/capability.h"

namespace stoa::host::dispatch {

class HttpCapability final : public plugin::Capability {
public:
    std::string_view id() const override;
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override;
};

}  // namespace stoa::host::dispatch
