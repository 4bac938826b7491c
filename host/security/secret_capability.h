/// "stoa.secret/1": the secrets that `plugins.<name>.secrets` names.
#pragma once

#include <map>
#include <string>

#include "host/plugin/capability.h"

namespace stoa::host::security {

/// Name → reference of the section `secrets`. Throws stoa::Error STOA_INVALID for anything but references.
std::map<std::string, std::string, std::less<>> secretReferences(const Json::Value& config);

class SecretCapability : public plugin::Capability {
public:
    std::string_view id() const override;
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override;
};

}  // namespace stoa::host::security
