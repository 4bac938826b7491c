/// Token buckets per client, in bounded memory.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace stoa::host::dispatch {

struct RateLimit {
    double per_second = 0;  ///< 0: no limit
    double burst = 0;       ///< tokens of a full bucket
};

/// Any thread. At most kMaxKeys buckets a shard: beyond, full buckets (clients that were quiet) are forgotten first.
class RateLimiter {
public:
    using Now = std::chrono::steady_clock::time_point;

    explicit RateLimiter(RateLimit limit) : limit_(limit) {}

    /// Takes a token of `key`. Nothing when there was one; else after how long there will be.
    std::optional<std::chrono::seconds> take(std::string_view key, Now now);

private:
    static constexpr std::size_t kShards = 8;
    static constexpr std::size_t kMaxKeys = 16'384;
    struct Bucket {
        double tokens;
        Now at;
    };
    struct Shard {
        std::mutex mutex;
        std::unordered_map<std::string, Bucket> buckets;
    };
    void forgetFull(Shard& shard, Now now) const;
    double refilled(const Bucket& bucket, Now now) const;

    RateLimit limit_;
    std::array<Shard, kShards> shards_;
};

}  // namespace stoa::host::dispatch
