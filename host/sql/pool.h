/// Connections to one database: first come, first served, with a bounded wait.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "host/base/work.h"

namespace stoa::host::sql {

/// Used by one thread at a time: whoever holds the lease.
class PooledConnection {
public:
    virtual ~PooledConnection() = default;
    /// Asked when it comes out of the pool: false when the other side is known to be gone. No round trip.
    virtual bool alive() noexcept = 0;

private:
    friend class Pool;
    std::chrono::steady_clock::time_point expires_;
};

struct PoolOptions {
    int size = 8;
    std::chrono::milliseconds acquire_timeout{2000};
    std::chrono::seconds max_lifetime{1800};  ///< spread by 10 % so that they don't all go at once; 0: for ever
    std::string place;                        ///< for messages
};

/// Any thread. Connects when somebody asks and no idle connection is left. After a failed attempt it refuses at once
/// until a back-off is over (100 ms, doubling to 2 s, with jitter), so that callers don't queue for a dead server.
class Pool : public std::enable_shared_from_this<Pool> {
public:
    /// Throws stoa::Error STOA_UNAVAILABLE.
    using Connect = std::function<std::unique_ptr<PooledConnection>()>;

    /// A connection on loan; goes back when destroyed. Keeps the pool alive.
    class Lease {
    public:
        Lease(std::shared_ptr<Pool> pool, std::unique_ptr<PooledConnection> connection)
            : pool_(std::move(pool)), connection_(std::move(connection)) {}
        Lease(Lease&&) = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease();
        PooledConnection& connection() { return *connection_; }
        bool holds() const { return connection_ != nullptr; }
        /// It is broken: close it instead of giving it back.
        void discard() { connection_.reset(); }
        /// It is broken and the caller goes on with another one, keeping its place.
        void replace();

    private:
        std::shared_ptr<Pool> pool_;
        std::unique_ptr<PooledConnection> connection_;
    };

    Pool(PoolOptions options, Connect connect);

    /// STOA_EXHAUSTED when none comes free before the deadline (without one: acquire_timeout), STOA_DEADLINE when it
    /// has passed already, STOA_UNAVAILABLE when connecting fails.
    Lease acquire(std::optional<Deadline> deadline);
    int inUse() const;
    int idle() const;

private:
    struct Waiter {
        std::condition_variable granted_now;
        bool granted = false;
    };

    void enter(std::optional<Deadline> deadline);
    void leave() noexcept;
    std::unique_ptr<PooledConnection> takeIdle();
    std::unique_ptr<PooledConnection> connectNew();
    void giveBack(std::unique_ptr<PooledConnection> connection) noexcept;

    const PoolOptions options_;
    const Connect connect_;
    mutable std::mutex mutex_;
    int in_use_ = 0;
    std::list<Waiter*> waiters_;
    std::vector<std::unique_ptr<PooledConnection>> idle_;
    std::minstd_rand random_;
    std::chrono::milliseconds back_off_{0};
    std::chrono::steady_clock::time_point retry_at_{};
    std::string last_failure_;
};

}  // namespace stoa::host::sql
