#include "host/plugin/slot.h"

#include "host/upgrade/share.h"

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

bool Slot::tryEnter(const std::atomic<Gate*>& place, Gate* gate, Lease& lease) {
    const std::size_t shard = shardOfThisThread() % Gate::kShards;
    gate->shards_[shard].count.fetch_add(1);
    // Sequentially consistent on both sides: whoever publishes sees this count, or this load sees the new pointer. The
    // gate may serve a later generation by now; then it is that one which is entered.
    if (place.load() == gate) {
        lease = Lease(gate, shard);
        return true;
    }
    gate->shards_[shard].count.fetch_sub(1);
    return false;
}

Lease Slot::enter() {
    Lease lease;
    for (Gate* gate = active_.load(); gate; gate = active_.load()) {
        if (tryEnter(active_, gate, lease)) {
            break;
        }
    }
    return lease;
}

Lease Slot::enter(const Share& work) {
    // A canary that ends at this moment is not tried again: the active generation takes the work.
    if (Gate* gate = canary_.load(); gate && (!work.of_events || canary_events_.load())) {
        Lease lease;
        if (tryEnter(canary_, gate, lease) &&
            upgrade::inShare(work.key, gate->service_, gate->version_, canary_permyriad_.load())) {
            return lease;
        }
    }
    return enter();
}

Gate* Slot::admit(Generation& generation, std::string_view service, std::string_view version) {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
        gates_.push_back(std::make_unique<Gate>());
        free_.push_back(gates_.back().get());
    }
    Gate* gate = free_.back();
    free_.pop_back();
    gate->service_ = service;
    gate->version_ = version;
    gate->generation_.store(&generation);
    return gate;
}

void Slot::setCanary(Gate* gate, CanaryShare share) {
    canary_permyriad_ = share.permyriad;
    canary_events_ = share.events;
    canary_.store(gate);
}

void Slot::release(Gate* gate) {
    const std::lock_guard lock(mutex_);
    gate->generation_.store(nullptr);
    free_.push_back(gate);
}

}  // namespace stoa::host::plugin
