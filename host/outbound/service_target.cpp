#include "host/outbound/service_target.h"

#include "host/base/ids.h"
#include "host/observe/log.h"

namespace stoa::host::outbound {

double uniformRandom() {
    // splitmix64 over a shared counter: good enough for jitter, and without a lock.
    static std::atomic<std::uint64_t> state{[] {
        std::uint64_t seed = 0;
        fillRandom({reinterpret_cast<std::uint8_t*>(&seed), sizeof(seed)});
        return seed;
    }()};
    std::uint64_t mixed = state.fetch_add(0x9E3779B97F4A7C15U, std::memory_order_relaxed);
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    mixed ^= mixed >> 31U;
    return static_cast<double>(mixed >> 11U) * 0x1.0p-53;
}

ServiceTarget::ServiceTarget(std::string target, observe::Metrics& metrics)
    : name(std::move(target)),
      breaker({}, uniformRandom),
      balancer({}, uniformRandom),
      state_gauge(metrics.gauge("client_breaker_state", "0 closed, 1 half-open, 2 open", {{"target", name}})),
      retries(metrics.counter("client_retries_total", "Calls that were sent again", {{"target", name}})) {
    state_gauge->set(0);
}

void ServiceTarget::noteState(Breaker::TimePoint now) {
    constexpr const char* kNames[] = {"CLOSED", "HALF_OPEN", "OPEN"};
    const int state = static_cast<int>(breaker.state(now));
    const int before = noted_.exchange(state);
    if (state == before) {
        return;
    }
    state_gauge->set(state);
    const auto level = state == static_cast<int>(Breaker::State::kOpen) ? observe::Level::kWarn : observe::Level::kInfo;
    observe::log(level, "the breaker of a service changed",
                 {{"target", name}, {"from", kNames[before]}, {"to", kNames[state]}});
}

}  // namespace stoa::host::outbound
