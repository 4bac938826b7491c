/// Which of a service's instances gets the next call.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>

namespace stoa::host::outbound {

struct BalancerOptions {
    int eject_after = 5;                 ///< failures in a row
    std::chrono::seconds eject_for{30};  ///< times the number of ejections so far
};

/// Power of two choices on calls in flight (Mitzenmacher 2001), with outlier ejection. One per service; any thread.
class Balancer {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    /// `random`: uniform in [0, 1).
    Balancer(BalancerOptions options, std::function<double()> random);

    /// One of `addresses`, not `avoid` unless there is no other; its call counts as in flight until done(). Nothing for
    /// an empty list. Never are more than half of them left out.
    std::optional<std::string> pick(std::span<const std::string> addresses, TimePoint now,
                                    const std::string& avoid = {});
    /// `failed`: 5xx or no answer.
    void done(const std::string& address, bool failed, TimePoint now);
    bool ejected(const std::string& address, TimePoint now);

private:
    struct Instance {
        int in_flight = 0;
        int failures = 0;
        int ejections = 0;
        TimePoint ejected_until{};
    };
    const BalancerOptions options_;
    const std::function<double()> random_;
    std::mutex mutex_;
    std::map<std::string, Instance> instances_;
};

}  // namespace stoa::host::outbound
