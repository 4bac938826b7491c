/// The one writer of this process: everybody who waits shares one commit.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include <stoa/error.h>

#include "host/events/embedded/sqlite.h"

namespace stoa::host::events::embedded {

enum class Durability {
    kProcess,  ///< survives the end of the process: offsets and leases
    kDisk      ///< survives a power cut: records
};

/// Any thread. The first who comes while nobody commits takes all that wait into its transaction; the others wait for
/// its result and need no thread of their own.
class GroupWriter {
public:
    using Job = std::function<void(Connection&)>;

    explicit GroupWriter(const std::string& path) : connection_(path) {}

    /// Returns when the transaction that `job` was part of is committed. Throws stoa::Error when it was not; then
    /// nothing of the job stays. Jobs run one after the other, on any of the waiting threads.
    void run(const Job& job, Durability durability);

    /// How many wait for the next commit.
    std::size_t waiting() const;

private:
    struct Waiter {
        const Job* job;
        Durability durability;
        bool done = false;
        std::optional<Error> error;
    };

    std::optional<Error> commit(const std::vector<Waiter*>& group);
    void setDurability(Durability durability);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Waiter*> waiting_;
    bool committing_ = false;
    Connection connection_;  ///< of whoever set committing_
    std::optional<Durability> durability_;
};

}  // namespace stoa::host::events::embedded
