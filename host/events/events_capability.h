/// stoa.events/1: publishing from a plugin, into its own outbox.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <stoa/abi/events.h>

#include "host/base/clock.h"
#include "host/plugin/capability.h"

namespace stoa::host::events {

/// Largest event, in bytes of JSON: below what a Kafka broker takes by default (1 MB), headers included.
inline constexpr std::size_t kMaxEventBytes = 900'000;

class EventsCapability : public plugin::Capability {
public:
    /// `wake(service)` runs after each commit that published, on the committing thread: PluginEvents::wake of that
    /// service. Must not throw.
    EventsCapability(const Clock& clock, std::function<void(const std::string& service)> wake)
        : clock_(clock), wake_(std::move(wake)) {}
    std::string_view id() const override { return STOA_EVENTS_ID; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override;

private:
    const Clock& clock_;
    std::function<void(const std::string&)> wake_;
};

}  // namespace stoa::host::events
