#include "host/sql/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <stoa/error.h>

namespace stoa::host::sql {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds kFirstBackOff{100};
constexpr milliseconds kLongestBackOff{2000};

}  // namespace

Pool::Lease::~Lease() {
    if (pool_) {
        pool_->giveBack(std::move(connection_));
    }
}

void Pool::Lease::replace() {
    connection_.reset();
    connection_ = pool_->connectNew();
}

Pool::Pool(PoolOptions options, Connect connect)
    : options_(std::move(options)), connect_(std::move(connect)), random_(std::random_device{}()) {}

Pool::Lease Pool::acquire(std::optional<Deadline> deadline) {
    enter(deadline);
    try {
        auto connection = takeIdle();
        return {shared_from_this(), connection ? std::move(connection) : connectNew()};
    } catch (...) {
        leave();
        throw;
    }
}

void Pool::enter(std::optional<Deadline> deadline) {
    const auto now = steady_clock::now();
    if (deadline && *deadline <= now) {
        throw Error(STOA_DEADLINE, "no time left to begin a transaction on " + options_.place);
    }
    std::unique_lock lock{mutex_};
    if (in_use_ < options_.size && waiters_.empty()) {
        ++in_use_;
        return;
    }
    Waiter self;
    const auto place = waiters_.insert(waiters_.end(), &self);
    // leave() takes a waiter out of the list and hands its place over, so in_use_ stays as it is.
    if (self.granted_now.wait_until(lock, deadline.value_or(now + options_.acquire_timeout),
                                    [&] { return self.granted; })) {
        return;
    }
    waiters_.erase(place);
    throw Error(
        STOA_EXHAUSTED,
        fmt::format("all {} connections to {} are in use and none came free within {} ms ({} more are waiting)",
                    options_.size, options_.place,
                    std::chrono::duration_cast<milliseconds>(steady_clock::now() - now).count(), waiters_.size()));
}

void Pool::leave() noexcept {
    const std::lock_guard lock{mutex_};
    if (waiters_.empty()) {
        --in_use_;
        return;
    }
    Waiter* first = waiters_.front();
    waiters_.pop_front();
    first->granted = true;
    first->granted_now.notify_one();
}

std::unique_ptr<PooledConnection> Pool::takeIdle() {
    for (;;) {
        std::unique_ptr<PooledConnection> connection;
        {
            const std::lock_guard lock{mutex_};
            if (idle_.empty()) {
                return nullptr;
            }
            connection = std::move(idle_.back());
            idle_.pop_back();
        }
        if (steady_clock::now() < connection->expires_ && connection->alive()) {
            return connection;
        }
    }
}

std::unique_ptr<PooledConnection> Pool::connectNew() {
    {
        const std::lock_guard lock{mutex_};
        const auto wait = retry_at_ - steady_clock::now();
        if (wait.count() > 0) {
            throw Error(STOA_UNAVAILABLE, fmt::format("{} is not asked again for {} ms; last time: {}", options_.place,
                                                      std::chrono::ceil<milliseconds>(wait).count(), last_failure_));
        }
    }
    try {
        auto connection = connect_();
        const std::lock_guard lock{mutex_};
        back_off_ = milliseconds{0};
        retry_at_ = {};
        const auto jitter = std::uniform_real_distribution<double>{0.9, 1.1}(random_);
        connection->expires_ =
            options_.max_lifetime.count() == 0
                ? steady_clock::time_point::max()
                : steady_clock::now() + std::chrono::duration_cast<milliseconds>(options_.max_lifetime * jitter);
        return connection;
    } catch (const Error& error) {
        const std::lock_guard lock{mutex_};
        back_off_ = std::clamp(back_off_ * 2, kFirstBackOff, kLongestBackOff);
        const auto jitter = std::uniform_real_distribution<double>{0.5, 1.0}(random_);
        retry_at_ = steady_clock::now() + std::chrono::duration_cast<milliseconds>(back_off_ * jitter);
        last_failure_ = error.what();
        throw;
    }
}

void Pool::giveBack(std::unique_ptr<PooledConnection> connection) noexcept {
    if (connection && steady_clock::now() < connection->expires_) {
        const std::lock_guard lock{mutex_};
        idle_.push_back(std::move(connection));
    }
    connection.reset();
    leave();
}

int Pool::inUse() const {
    const std::lock_guard lock{mutex_};
    return in_use_;
}

int Pool::idle() const {
    const std::lock_guard lock{mutex_};
    return static_cast<int>(idle_.size());
}

}  // namespace stoa::host::sql
