#include <stoa/abi/log.h>

#include <algorithm>
#include <string>
#include <vector>

#include <stoa/error.h>

#include "host/memory/account.h"
#include "host/observe/capabilities.h"
#include "host/observe/log.h"

namespace stoa::host::observe {
namespace {

Level levelOf(std::uint32_t level) { return static_cast<Level>(std::min<std::uint32_t>(level, STOA_LOG_ERROR)); }

class LogBinding : public plugin::Binding {
public:
    explicit LogBinding(const plugin::Environment& environment)
        : service_(environment.service),
          version_(environment.version),
          generation_(std::to_string(environment.generation)) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.enabled = [](const stoa_log*, std::uint32_t level) -> std::uint32_t {
            return logEnabled(levelOf(level)) ? 1 : 0;
        };
        table_.write = [](const stoa_log* log, std::uint32_t level, stoa_str message, const stoa_pair* fields,
                          size_t count) {
            const memory::HostScope host;
            try {
                static_cast<const LogBinding*>(log->self)->write(levelOf(level), text(message), {fields, count});
            } catch (const std::exception&) {
                // A log line that finds no memory is lost; the plugin must not notice.
            }
        };
    }

    const void* table() const override { return &table_; }

private:
    void write(Level level, std::string_view message, std::span<const stoa_pair> given) const {
        if (!logEnabled(level)) {
            return;
        }
        // The plugin can't speak for another service, nor outside of a request without its name.
        std::vector<Field> fields{{"service", service_}, {"version", version_}, {"generation", generation_}};
        fields.reserve(given.size() + fields.size());
        for (const stoa_pair& field : given) {
            const std::string_view name = text(field.name);
            if (name != "service" && name != "version" && name != "generation") {
                fields.emplace_back(name, std::string(text(field.value)));
            }
        }
        log(level, message, fields);
    }

    stoa_log table_{};
    std::string service_;
    std::string version_;
    std::string generation_;
};

class LogCapability : public plugin::Capability {
public:
    std::string_view id() const override { return STOA_LOG_ID; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override {
        return std::make_unique<LogBinding>(environment);
    }
};

}  // namespace

std::unique_ptr<plugin::Capability> logCapability() { return std::make_unique<LogCapability>(); }

}  // namespace stoa::host::observe
