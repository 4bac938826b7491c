#include "host/plugin/slot.h"

namespace stoa::host::plugin {
namespace {

/// Each thread keeps to a shard of its own, as long as there are no more threads than shards.
std::size_t shardOfThisThread() {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t kShard = next.fetch_add(1, std::memory_order_relaxed);
    return kShard;
}

}  // namespace

std::int64_t Gate::inside() const {
    std::int64_t sum = 0;
    for (const Shard& shard : shards_) {
        sum += shard.count.load();
    }
    return sum;
}

void Lease::leave() noexcept {
    if (gate_) {
        std::exchange(gate_, nullptr)->shards_[shard_].count.fetch_sub(1);
    }
}

Lease Slot::enter() {
    const std::size_t shard = shardOfThisThread() % Gate::kShards;
    for (;;) {
        Gate* gate = active_.load();
        if (!gate) {
            return {};
        }
        gate->shards_[shard].count.fetch_add(1);
        // Sequentially consistent on both sides: whoever publishes sees this count, or this load sees the new pointer.
        if (active_.load() == gate) {
            return {gate, shard};
        }
        gate->shards_[shard].count.fetch_sub(1);
    }
}

Gate* Slot::publish(Generation* generation) {
    const std::lock_guard lock(mutex_);
    if (!generation) {
        return active_.exchange(nullptr);
    }
    gates_.push_back(std::make_unique<Gate>(*generation));
    return active_.exchange(gates_.back().get());
}

}  // namespace stoa::host::plugin
