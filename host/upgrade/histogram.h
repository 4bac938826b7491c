/// Latencies of one generation, counted while it serves.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace stoa::host::upgrade {

/// Log-linear buckets over whole microseconds: each one up to 31 µs, from there 16 to each power of two, so that the
/// middle of a bucket is at most 3.2 % away from what it stands for. The last one also takes what is over 71 minutes.
constexpr std::size_t kLatencyBuckets = 464;

constexpr std::size_t latencyBucket(std::uint64_t us) {
    const std::uint64_t value = std::min<std::uint64_t>(us, std::numeric_limits<std::uint32_t>::max());
    const int shift = std::max(static_cast<int>(std::bit_width(value)) - 5, 0);
    return static_cast<std::size_t>(shift) * 16 + static_cast<std::size_t>(value >> shift);
}

/// The first value of a bucket, in µs.
constexpr std::uint64_t latencyFloor(std::size_t bucket) {
    const std::size_t shift = bucket < 32 ? 0 : bucket / 16 - 1;
    return static_cast<std::uint64_t>(bucket - shift * 16) << shift;
}

/// What a histogram held at a moment, or between two.
struct Latencies {
    std::array<std::uint64_t, kLatencyBuckets> counts{};

    std::uint64_t total() const {
        std::uint64_t sum = 0;
        for (const std::uint64_t count : counts) {
            sum += count;
        }
        return sum;
    }

    /// Nearest rank, as the middle of its bucket in µs; `part` is 0 to 1. 0 when there is nothing.
    double percentile(double part) const {
        const std::uint64_t all = total();
        const auto rank = static_cast<std::uint64_t>(part * static_cast<double>(all) + 1 - 1e-9);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; all > 0 && i < kLatencyBuckets; ++i) {
            seen += counts[i];
            if (seen >= std::clamp<std::uint64_t>(rank, 1, all)) {
                return static_cast<double>(latencyFloor(i) + latencyFloor(i + 1) - 1) / 2;
            }
        }
        return 0;
    }

    Latencies& operator+=(const Latencies& more) {
        for (std::size_t i = 0; i < kLatencyBuckets; ++i) {
            counts[i] += more.counts[i];
        }
        return *this;
    }
    /// `earlier` is a former moment of the same histogram: the difference is what came since.
    Latencies& operator-=(const Latencies& earlier) {
        for (std::size_t i = 0; i < kLatencyBuckets; ++i) {
            counts[i] -= earlier.counts[i];
        }
        return *this;
    }
    friend Latencies operator+(Latencies a, const Latencies& b) { return a += b; }
    friend Latencies operator-(Latencies a, const Latencies& b) { return a -= b; }
};

/// Any thread, no lock. A snapshot taken meanwhile holds each record or does not.
class LatencyHistogram {
public:
    void record(std::chrono::nanoseconds took) noexcept {
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
        counts_[latencyBucket(us < 0 ? 0 : static_cast<std::uint64_t>(us))].fetch_add(1, std::memory_order_relaxed);
    }

    Latencies snapshot() const noexcept {
        Latencies now;
        for (std::size_t i = 0; i < kLatencyBuckets; ++i) {
            now.counts[i] = counts_[i].load(std::memory_order_relaxed);
        }
        return now;
    }

private:
    std::array<std::atomic<std::uint64_t>, kLatencyBuckets> counts_{};
};

static_assert(sizeof(LatencyHistogram) <= 4096, "each generation has one");

}  // namespace stoa::host::upgrade
