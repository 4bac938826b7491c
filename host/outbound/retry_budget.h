/// How many calls may be sent again: retries must not multiply the load of a service in trouble.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>

namespace stoa::host::outbound {

/// A share of the active calls, and always a few. One per service; any thread.
class RetryBudget {
public:
    explicit RetryBudget(double share = 0.2, int min = 3) : share_(share), min_(min) {}

    void begin() { ++active_; }
    void end() { --active_; }
    /// True: one more retry is under way until endRetry().
    bool tryRetry() {
        const int allowed = std::max(min_, static_cast<int>(share_ * active_));
        int now = retrying_;
        while (now < allowed) {
            if (retrying_.compare_exchange_weak(now, now + 1)) {
                return true;
            }
        }
        return false;
    }
    void endRetry() { --retrying_; }

private:
    const double share_;
    const int min_;
    std::atomic<int> active_{0};
    std::atomic<int> retrying_{0};
};

/// Full jitter: anything up to `base`, doubled with each attempt. `random`: uniform in [0, 1).
inline std::chrono::milliseconds backOff(std::chrono::milliseconds base, int attempt, double random) {
    const auto longest = base * (std::int64_t{1} << std::clamp(attempt - 1, 0, 16));
    return std::chrono::milliseconds{static_cast<std::int64_t>(static_cast<double>(longest.count()) * random)};
}

}  // namespace stoa::host::outbound
