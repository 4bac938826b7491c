#include "host/config/config_capability.h"

#include <string>

#include <stoa/abi/config.h>
#include <stoa/error.h>
#include <stoa/json.h>

namespace stoa::host::config {
namespace {

class ConfigBinding : public plugin::Binding {
public:
    explicit ConfigBinding(const plugin::Environment& environment)
        : json_(environment.settings.isNull() ? "{}" : writeJson(environment.settings)) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.json = [](const stoa_config* config) {
            return view(static_cast<const ConfigBinding*>(config->self)->json_);
        };
    }
    const void* table() const override { return &table_; }

private:
    stoa_config table_{};
    std::string json_;
};

class ConfigCapability : public plugin::Capability {
public:
    std::string_view id() const override { return STOA_CONFIG_ID; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override {
        return std::make_unique<ConfigBinding>(environment);
    }
};

}  // namespace

std::unique_ptr<plugin::Capability> configCapability() { return std::make_unique<ConfigCapability>(); }

}  // namespace stoa::host::config
