/// The place of one plugin in the host: which generation serves, and how work enters and leaves it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace stoa::host::plugin {

class Generation;

/// Counts who is inside of one generation. Host memory that is never freed while the slot lives, so that a thread which
/// lost the race below still touches valid memory. Counters are spread, so that I/O threads don't share a cache line.
class Gate {
public:
    explicit Gate(Generation& generation) : generation_(&generation) {}

    Generation& generation() const { return *generation_; }
    /// Work inside now. Zero after the slot's pointer has moved on means: nobody is inside, and nobody comes any more.
    std::int64_t inside() const;

private:
    friend class Lease;
    friend class Slot;
    static constexpr std::size_t kShards = 16;
    struct alignas(64) Shard {
        std::atomic<std::int64_t> count{0};
    };

    Generation* generation_;
    std::array<Shard, kShards> shards_;
};

/// A hold on a generation: it is not unloaded while one lives. Movable between threads; cheap.
class Lease {
public:
    Lease() = default;
    Lease(Lease&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), shard_(other.shard_) {}
    Lease& operator=(Lease&& other) noexcept {
        if (this != &other) {
            leave();
            gate_ = std::exchange(other.gate_, nullptr);
            shard_ = other.shard_;
        }
        return *this;
    }
    ~Lease() { leave(); }

    explicit operator bool() const { return gate_ != nullptr; }
    Generation& operator*() const { return gate_->generation(); }
    Generation* operator->() const { return &gate_->generation(); }
    void leave() noexcept;

private:
    friend class Slot;
    Lease(Gate* gate, std::size_t shard) : gate_(gate), shard_(shard) {}

    Gate* gate_ = nullptr;
    std::size_t shard_ = 0;
};

class Slot {
public:
    /// [any] Enters the active generation; empty when there is none. Wait-free but for a swap at the same moment.
    Lease enter();
    /// [control] Makes `generation` the active one (nullptr: none). Returns the gate of the former, or nullptr.
    Gate* publish(Generation* generation);
    /// [control] The gate of the active generation, or nullptr.
    Gate* gate() const { return active_.load(); }

private:
    std::atomic<Gate*> active_{nullptr};
    std::mutex mutex_;  // publish only
    std::vector<std::unique_ptr<Gate>> gates_;
};

}  // namespace stoa::host::plugin
