/// The host's clock: wall time that tests can move.
#pragma once

#include <atomic>
#include <cstdint>

#include <stoa/time.h>

namespace stoa::host {

/// One per process, given to whatever needs the time of day. Durations use std::chrono::steady_clock instead.
class Clock {
public:
    Time now() const {
        const auto system = std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now());
        return system + microseconds{offset_.load(std::memory_order_relaxed)};
    }
    /// Moves this clock, for tests.
    void shift(microseconds by) { offset_ += by.count(); }

private:
    std::atomic<std::int64_t> offset_{0};
};

}  // namespace stoa::host
