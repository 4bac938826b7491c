/// One loaded version of one plugin.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/abi/plugin.h>

#include "host/plugin/capability.h"
#include "host/plugin/library.h"
#include "host/plugin/route_table.h"
#include "host/upgrade/judge.h"

namespace stoa::host::plugin {

enum class GenerationState { kLoading, kCanary, kActive, kDraining, kParked, kUnloaded };
std::string_view name(GenerationState state);

/// Bytes of state that one version may leave to the next.
constexpr std::size_t kMaxState = 1 << 20;

/// The library, its instance, and what the host gave to it. Made, started, stopped and destroyed on the control thread;
/// called by whoever holds a Lease. The four calls below are the only places where plugin code runs.
class Generation {
public:
    /// Maps, negotiates, binds every capability of the manifest and creates the instance. Throws stoa::Error.
    Generation(Environment environment, const std::string& file,
               std::span<const std::unique_ptr<Capability>> capabilities);
    ~Generation();
    Generation(const Generation&) = delete;
    Generation& operator=(const Generation&) = delete;

    /// What it leaves to the version after it, at most kMaxState bytes; empty when it has nothing. Throws stoa::Error.
    std::string save();
    /// Takes over what the version before it left: after it was made, before start. Throws stoa::Error.
    void restore(std::string_view blob);
    void start();
    /// Empty when it can serve.
    std::string health();
    /// Stops, destroys, unmaps. True when the library is verifiably gone.
    bool retire();

    stoa_status onRequest(std::uint32_t route, stoa_request* request, stoa_response* response);
    stoa_status onEvent(std::uint32_t subscription, const stoa_event* event, stoa_tx* tx);
    stoa_status onTimer(std::uint32_t timer, const stoa_firing* firing, stoa_tx* tx);

    const Environment& environment() const { return environment_; }
    const validate::Manifest& manifest() const { return *environment_.manifest; }
    const RouteTable& routes() const { return routes_; }

    std::atomic<GenerationState> state{GenerationState::kLoading};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> errors{0};        ///< of the requests: answers with 5xx
    upgrade::LatencyHistogram latency;           ///< of the requests
    std::atomic<std::uint64_t> events{0};        ///< whose tries are over
    std::atomic<std::uint64_t> event_errors{0};  ///< of the events: given up
    std::int64_t since_us = 0;

    /// [any] For a canary's comparison. Events count like requests.
    upgrade::Sample sample() const;

private:
    const void* capability(std::string_view id) const;

    Environment environment_;
    RouteTable routes_;
    stoa_host host_{};
    std::map<std::string, std::unique_ptr<Binding>, std::less<>> bindings_;
    std::unique_ptr<Library> library_;
    stoa_instance* instance_ = nullptr;
    bool started_ = false;
};

}  // namespace stoa::host::plugin
