/// stoa.timer/1: a plugin sets and cancels its timers within its transactions.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <stoa/abi/timer.h>

#include "host/base/clock.h"
#include "host/plugin/capability.h"

namespace stoa::host::timer {

class TimerCapability : public plugin::Capability {
public:
    /// Runs on the committing thread after a commit that set a timer which is due within the next seconds, with the
    /// time when it is: wakes the service's TimerService, if it has one yet. Must not block or throw.
    using Wake = std::function<void(const std::string& service, std::int64_t due_us)>;

    TimerCapability(const Clock& clock, Wake wake) : clock_(clock), wake_(std::move(wake)) {}
    std::string_view id() const override { return STOA_TIMER_ID; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override;

private:
    const Clock& clock_;
    const Wake wake_;
};

}  // namespace stoa::host::timer
