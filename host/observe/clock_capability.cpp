#include <stoa/abi/clock.h>

#include <chrono>

#include "host/observe/capabilities.h"

namespace stoa::host::observe {
namespace {

class ClockBinding : public plugin::Binding {
public:
    explicit ClockBinding(const Clock& clock) : clock_(clock) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.now_us = [](const stoa_clock* table) {
            return toMicros(static_cast<const ClockBinding*>(table->self)->clock_.now());
        };
        table_.monotonic_us = [](const stoa_clock*) -> std::int64_t {
            const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
            return std::chrono::duration_cast<microseconds>(since_start).count();
        };
    }
    const void* table() const override { return &table_; }

private:
    stoa_clock table_{};
    const Clock& clock_;
};

class ClockCapability : public plugin::Capability {
public:
    explicit ClockCapability(const Clock& clock) : clock_(clock) {}
    std::string_view id() const override { return STOA_CLOCK_ID; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment&) override {
        return std::make_unique<ClockBinding>(clock_);
    }

private:
    const Clock& clock_;
};

}  // namespace

std::unique_ptr<plugin::Capability> clockCapability(const Clock& clock) {
    return std::make_unique<ClockCapability>(clock);
}

}  // namespace stoa::host::observe
