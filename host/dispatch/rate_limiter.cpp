#include "host/dispatch/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace stoa::host::dispatch {

double RateLimiter::refilled(const Bucket& bucket, Now now) const {
    const std::chrono::duration<double> passed = now - bucket.at;
    return std::min(limit_.burst, bucket.tokens + passed.count() * limit_.per_second);
}

void RateLimiter::forgetFull(Shard& shard, Now now) const {
    std::erase_if(shard.buckets, [&](const auto& entry) { return refilled(entry.second, now) >= limit_.burst; });
    if (shard.buckets.size() >= kMaxKeys) {
        // Everybody is busy: an attacker with many addresses. Forgetting one favours its client, and bounds the memory.
        shard.buckets.erase(shard.buckets.begin());
    }
}

std::optional<std::chrono::seconds> RateLimiter::take(std::string_view key, Now now) {
    if (limit_.per_second <= 0) {
        return std::nullopt;
    }
    Shard& shard = shards_[std::hash<std::string_view>{}(key) % kShards];
    const std::lock_guard lock(shard.mutex);
    std::string name(key);
    auto found = shard.buckets.find(name);
    if (found == shard.buckets.end()) {
        if (shard.buckets.size() >= kMaxKeys) {
            forgetFull(shard, now);
        }
        found = shard.buckets.emplace(std::move(name), Bucket{limit_.burst, now}).first;
    }
    Bucket& bucket = found->second;
    bucket.tokens = refilled(bucket, now);
    bucket.at = now;
    if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return std::nullopt;
    }
    return std::chrono::seconds{static_cast<std::int64_t>(std::ceil((1 - bucket.tokens) / limit_.per_second))};
}

}  // namespace stoa::host::dispatch
