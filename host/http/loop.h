/// One I/O thread's event loop. Internal to host/http and host/outbound: includes Boost.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace stoa::host::http {

/// Something of this loop that is cut off when its time is up. All members are touched on the loop's thread only.
///
/// A sweep over all of them every few milliseconds is cheaper than a timer that is set and cancelled for each
/// operation.
class Timed {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    virtual ~Timed() = default;
    /// The time set with expireAt has passed; it is cleared before this call.
    virtual void expired() = 0;

    void expireAt(TimePoint when) { expiry_ = when; }
    void expireNever() { expiry_ = TimePoint::max(); }

private:
    friend class Loop;
    TimePoint expiry_ = TimePoint::max();
    std::size_t place_ = 0;
};

/// Something that is looked at with each sweep until it says that it is over: what ends on other threads.
class Pending {
public:
    virtual ~Pending() = default;
    /// [its loop] True: let go of it.
    virtual bool sweep(std::chrono::steady_clock::time_point now) = 0;
};

class Loop : public std::enable_shared_from_this<Loop> {
public:
    Loop() : context_(1), sweeper_(context_) {}

    boost::asio::io_context& context() { return context_; }
    /// True on the thread that runs this loop.
    bool here() const { return current() == this; }
    /// The loop that runs on this thread, or nullptr.
    static Loop* current();

    /// Any thread; dropped when the loop has ended.
    template <class Work>
    void post(Work&& work) {
        if (!context_.stopped()) {
            boost::asio::post(context_, std::forward<Work>(work));
        }
    }

    /// [this loop] `timed` lives until it is taken out.
    void watch(Timed& timed);
    void unwatch(Timed& timed);
    void keep(std::shared_ptr<Pending> pending);
    /// Any thread. The same, from the next sweep on. The loop is woken for the first of those that come between two
    /// sweeps alone.
    void keepSoon(std::shared_ptr<Pending> pending);

    /// The thread's body: until stop().
    void run();
    void stop() { context().stop(); }
    /// After run() has ended: destroys what was pending, which may hold the last references to connections.
    void discard() {
        pending_.clear();
        arriving_.clear();
        context_.discard();
    }

    /// How late expired() may come.
    static constexpr std::chrono::milliseconds kSweep{20};

private:
    struct Context : boost::asio::io_context {
        using io_context::io_context;
        void discard() { shutdown(); }
    };
    void sweepLater();
    void sweep();
    void takeArriving();

    Context context_;
    boost::asio::steady_timer sweeper_;
    bool sweeping_ = false;
    std::vector<Timed*> timed_;
    std::vector<std::shared_ptr<Pending>> pending_;
    bool takes_arriving_ = false;  ///< the next sweep does

    std::mutex mutex_;  ///< arriving_
    std::vector<std::shared_ptr<Pending>> arriving_;
};

}  // namespace stoa::host::http
