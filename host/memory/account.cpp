#include "host/memory/account.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

namespace stoa::host::memory {
namespace {

/// Never destroyed: blocks are freed until the process has ended.
struct Registry {
    std::mutex mutex;
    std::vector<std::weak_ptr<Account>> open;
    std::vector<std::unique_ptr<Account>> closed;  ///< with blocks that are still in use

    void sweep() {
        std::erase_if(open, [](const auto& account) { return account.expired(); });
        std::erase_if(closed, [](const auto& account) { return account->inUse() == 0; });
    }
};

Registry& registry() {
    static Registry& all = *new Registry;
    return all;
}

/// Nobody allocates for it any more, so its sum only falls: zero read is zero for ever.
void close(Account* account) {
    const HostScope host;
    std::unique_ptr<Account> closed(account);
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    all.closed.push_back(std::move(closed));
    all.sweep();
}

std::atomic<std::size_t> next_shard{1};

}  // namespace

constinit thread_local std::size_t Account::thread_shard = 0;
constinit thread_local Account* detail::current = nullptr;

std::size_t Account::assignShard() noexcept {
    thread_shard = next_shard.fetch_add(1, std::memory_order_relaxed);
    return thread_shard;
}

std::int64_t Account::inUse() const noexcept {
    std::int64_t sum = 0;
    for (const Shard& shard : shards_) {
        sum += shard.bytes.load(std::memory_order_acquire);
    }
    return std::max<std::int64_t>(sum, 0);
}

std::shared_ptr<Account> open(Owner owner) {
    const HostScope host;
    const std::shared_ptr<Account> account(new Account(std::move(owner)), close);
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    all.sweep();
    all.open.push_back(account);
    all.closed.reserve(all.closed.size() + all.open.size());  // closing has to find room
    return account;
}

std::vector<std::shared_ptr<Account>> accounts() {
    const HostScope host;
    std::vector<std::shared_ptr<Account>> found;
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    found.reserve(all.open.size());
    for (const auto& weak : all.open) {
        if (auto account = weak.lock()) {
            found.push_back(std::move(account));
        }
    }
    return found;
}

std::int64_t leftBehind() {
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    all.sweep();
    std::int64_t bytes = 0;
    for (const auto& account : all.closed) {
        bytes += account->inUse();
    }
    return bytes;
}

bool countsOperatorNew() {
    Account probe({});
    const Scope scope(&probe);
    // Through a pointer: a pair of new and delete whose block nobody uses may be left out.
    void* (*volatile allocate)(std::size_t) = ::operator new;
    void* block = allocate(1);
    const bool counted = probe.inUse() > 0;
    ::operator delete(block);
    return counted;
}

}  // namespace stoa::host::memory
