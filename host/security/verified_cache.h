/// What signatures have been checked already: an ES256 verification costs about 100 us, a look-up here one.
#pragma once

#include <array>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <stoa/sha256.h>
#include <stoa/time.h>

namespace stoa::host::security {

/// SHA-256 by OpenSSL, which uses the processor's instructions. Never fails for lack of anything but memory.
Digest fastSha256(std::string_view data);

/// Bounded, least recently used first out, by the SHA-256 of the text that was verified, so that no token stays in
/// memory. Any thread.
template <typename Value>
class VerifiedCache {
public:
    explicit VerifiedCache(std::size_t capacity) : share_(capacity / kShards + 1) {}

    std::optional<Value> find(const Digest& key, Time now) {
        Shard& shard = shardOf(key);
        const std::lock_guard lock(shard.mutex);
        const auto found = shard.index.find(key);
        if (found == shard.index.end()) {
            return std::nullopt;
        }
        if (found->second->until <= now) {
            shard.entries.erase(found->second);
            shard.index.erase(found);
            return std::nullopt;
        }
        shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
        return found->second->value;
    }

    void store(const Digest& key, Value value, Time until) {
        Shard& shard = shardOf(key);
        const std::lock_guard lock(shard.mutex);
        if (const auto found = shard.index.find(key); found != shard.index.end()) {
            found->second->value = std::move(value);
            found->second->until = until;
            return;
        }
        shard.entries.push_front({key, std::move(value), until});
        shard.index.emplace(key, shard.entries.begin());
        if (shard.entries.size() > share_) {
            shard.index.erase(shard.entries.back().key);
            shard.entries.pop_back();
        }
    }

    void clear() {
        for (Shard& shard : shards_) {
            const std::lock_guard lock(shard.mutex);
            shard.index.clear();
            shard.entries.clear();
        }
    }

private:
    static constexpr std::size_t kShards = 16;
    struct Entry {
        Digest key;
        Value value;
        Time until;
    };
    struct FirstBytes {
        std::size_t operator()(const Digest& key) const {
            std::size_t hash = 0;
            std::memcpy(&hash, key.data(), sizeof hash);
            return hash;
        }
    };
    struct Shard {
        std::mutex mutex;
        std::list<Entry> entries;  ///< most recently used first
        std::unordered_map<Digest, typename std::list<Entry>::iterator, FirstBytes> index;
    };
    Shard& shardOf(const Digest& key) { return shards_[key.back() % kShards]; }

    const std::size_t share_;
    std::array<Shard, kShards> shards_;
};

}  // namespace stoa::host::security
