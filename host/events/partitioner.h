/// Which partition a key belongs to: Kafka's default partitioner, so that both drivers place a key alike.
#pragma once

#include <cstdint>
#include <string_view>

namespace stoa::host::events {

/// MurmurHash2, 32 bits, as org.apache.kafka.common.utils.Utils.murmur2 defines it (its seed, little-endian words).
inline std::uint32_t murmur2(std::string_view data) {
    constexpr std::uint32_t kSeed = 0x9747b28c;
    constexpr std::uint32_t kMultiplier = 0x5bd1e995;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(data[i])); };

    std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(data.size());
    std::size_t at = 0;
    for (; at + 4 <= data.size(); at += 4) {
        std::uint32_t word = byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
        word *= kMultiplier;
        word ^= word >> 24;
        word *= kMultiplier;
        hash = hash * kMultiplier ^ word;
    }
    const std::size_t rest = data.size() - at;
    if (rest > 0) {
        for (std::size_t i = rest; i > 0; --i) {
            hash ^= byte(at + i - 1) << 8 * (i - 1);
        }
        hash *= kMultiplier;
    }
    hash ^= hash >> 13;
    hash *= kMultiplier;
    hash ^= hash >> 15;
    return hash;
}

inline int partitionOf(std::string_view key, int partitions) {
    return static_cast<int>((murmur2(key) & 0x7fffffff) % static_cast<std::uint32_t>(partitions));
}

}  // namespace stoa::host::events
