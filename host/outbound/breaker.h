/// Circuit breaker: stops calling a service that fails most of the time, and tries again later.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

namespace stoa::host::outbound {

struct BreakerOptions {
    std::chrono::seconds window{10};
    int min_calls = 20;  ///< fewer in the window never open it
    double failing_share = 0.5;
    std::chrono::milliseconds open_min{5'000};   ///< the first time: between this and its double …
    std::chrono::milliseconds open_max{30'000};  ///< … and twice as long each further time, up to this
    int probes = 3;                              ///< calls that half-open lets through
};

/// CLOSED: all calls go. OPEN: none. HALF_OPEN: a few; all good closes it, one bad opens it again. Any thread.
class Breaker {
public:
    enum class State { kClosed = 0, kHalfOpen = 1, kOpen = 2 };
    using TimePoint = std::chrono::steady_clock::time_point;
    /// `random`: uniform in [0, 1).
    Breaker(BreakerOptions options, std::function<double()> random);

    /// Leave to call, to be given back with record() or release(); nothing while open.
    using Leave = std::uint64_t;
    std::optional<Leave> admit(TimePoint now);
    /// How the call went. Those that began in another state of the breaker don't count.
    void record(Leave leave, bool failed, TimePoint now);
    /// The call said nothing about the service: it was not made, or the caller gave up.
    void release(Leave leave);

    State state(TimePoint now);
    /// Until the next call may go; zero unless open.
    std::chrono::milliseconds retryAfter(TimePoint now);

private:
    struct Second {
        std::int64_t second = -1;
        int calls = 0;
        int failed = 0;
    };
    void follow(TimePoint now);
    void enter(State state);
    void open(TimePoint now);
    void count(bool failed, TimePoint now);
    bool failing(TimePoint now) const;

    const BreakerOptions options_;
    const std::function<double()> random_;
    std::mutex mutex_;
    State state_ = State::kClosed;
    Leave epoch_ = 1;  ///< grows with each change of state
    TimePoint open_until_{};
    int opened_ = 0;  ///< times in a row
    int probing_ = 0;
    int good_probes_ = 0;
    std::array<Second, 64> seconds_;
};

}  // namespace stoa::host::outbound
