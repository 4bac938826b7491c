/// The place of one plugin in the host: which generation serves, and how work enters and leaves it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stoa::host::plugin {

class Generation;

/// Counts who is inside of one generation. Host memory that is never freed while the slot lives, so that a thread which
/// lost the race below still touches valid memory; used again for a later generation once it is empty. Counters are
/// spread, so that I/O threads don't share a cache line.
class Gate {
public:
    Gate() = default;

    Generation& generation() const { return *generation_.load(); }
    /// Work inside now. Zero after the slot's pointer has moved on means: nobody is inside, and nobody comes any more.
    std::int64_t inside() const;

private:
    friend class Lease;
    friend class Slot;
    static constexpr std::size_t kShards = 16;
    struct alignas(64) Shard {
        std::atomic<std::int64_t> count{0};
    };

    std::atomic<Generation*> generation_{nullptr};
    std::string service_, version_;  ///< of the generation; written before it is published, read by who is inside
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

/// What decides between the active generation and a canary; see upgrade::inShare.
struct Share {
    std::string_view key;    ///< of the work: user, idempotency key, correlation id, or topic and partition
    bool of_events = false;  ///< an event: they go to the canary only when the operator asked for that
};

/// How much a canary gets.
struct CanaryShare {
    std::uint32_t permyriad = 0;  ///< of 10,000
    bool events = false;          ///< partitions of topics, too
};

class Slot {
public:
    /// [any] Enters the active generation; empty when there is none. Wait-free but for a swap at the same moment.
    Lease enter();
    /// [any] Enters the canary when there is one and the work is in its share, else the active generation.
    Lease enter(const Share& work);

    /// [control] A gate for a generation, which nobody enters before it is published. Service and version decide, with
    /// the key of the work, what a canary gets.
    Gate* admit(Generation& generation, std::string_view service = {}, std::string_view version = {});
    /// [control] Makes what is behind `gate` the active one (nullptr: none). Returns the former's gate, or nullptr.
    Gate* publish(Gate* gate) { return active_.exchange(gate); }
    /// [control] Begins (or with nullptr ends) a canary.
    void setCanary(Gate* gate, CanaryShare share);
    /// [control] Gives back a gate whose generation is gone. Nobody may be inside.
    void release(Gate* gate);
    /// [control] The gate of the active generation, or nullptr.
    Gate* gate() const { return active_.load(); }

private:
    static bool tryEnter(const std::atomic<Gate*>& place, Gate* gate, Lease& lease);

    std::atomic<Gate*> active_{nullptr};
    std::atomic<Gate*> canary_{nullptr};
    std::atomic<std::uint32_t> canary_permyriad_{0};
    std::atomic<bool> canary_events_{false};
    std::mutex mutex_;  // the lists of gates
    std::vector<std::unique_ptr<Gate>> gates_;
    std::vector<Gate*> free_;
};

}  // namespace stoa::host::plugin
