/// Whose memory it is: one account per generation, charged for each block by whoever allocates it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace stoa::host::memory {

/// What an account's figures are shown under.
struct Owner {
    std::string service;
    std::string version;
    std::uint64_t generation = 0;
};

/// Bytes in use, exact while nobody allocates. Charged on one thread and discharged on any other, without a lock; the
/// counts are spread, so that workers don't share a cache line. Any thread.
class Account {
public:
    explicit Account(Owner owner) : owner_(std::move(owner)) {}
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    const Owner& owner() const { return owner_; }
    void charge(std::size_t bytes) noexcept {
        mine().fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
    }
    /// Nothing of the account is touched after the count: who reads zero in a closed account may free it.
    void discharge(std::size_t bytes) noexcept {
        mine().fetch_sub(static_cast<std::int64_t>(bytes), std::memory_order_release);
    }
    /// Never negative, also when a block went from one count to the other meanwhile.
    std::int64_t inUse() const noexcept;

private:
    static constexpr std::size_t kShards = 8;
    struct alignas(64) Shard {
        std::atomic<std::int64_t> bytes{0};
    };

    std::atomic<std::int64_t>& mine() noexcept { return shards_[threadShard() % kShards].bytes; }
    static std::size_t threadShard() noexcept { return thread_shard != 0 ? thread_shard : assignShard(); }
    static std::size_t assignShard() noexcept;

    static constinit thread_local std::size_t thread_shard;  // 0: none yet
    Owner owner_;
    std::array<Shard, kShards> shards_;
};

/// A new account. When the last holder lets go it is closed: it is freed as soon as the last of its blocks is, and
/// shown no more.
std::shared_ptr<Account> open(Owner owner);

/// All that are open.
std::vector<std::shared_ptr<Account>> accounts();

/// Bytes of closed accounts: what unloaded generations did not give back.
std::int64_t leftBehind();

namespace detail {
extern constinit thread_local Account* current;
}

/// The account that this thread's `operator new` charges; nullptr: the host's own memory, which is not counted.
inline Account* currentAccount() noexcept { return detail::current; }

/// This thread runs code of `account` until the scope ends, then that of the former again. Around each call into a
/// plugin. Whoever has one holds the account.
class Scope {
public:
    explicit Scope(Account* account) noexcept : former_(detail::current) { detail::current = account; }
    ~Scope() { detail::current = former_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

private:
    Account* former_;
};

/// Host code below a plugin's frame: what a capability keeps (connections, caches, answers) is the host's.
class HostScope {
public:
    HostScope() noexcept : scope_(nullptr) {}

private:
    Scope scope_;
};

/// Whether `operator new` of this program charges accounts: the host's does, but for builds with sanitizers.
bool countsOperatorNew();

}  // namespace stoa::host::memory
