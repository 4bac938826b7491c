#include "host/http/io.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <utility>

#include "host/http/loop.h"

namespace stoa::host::http {
namespace {

thread_local Loop* running = nullptr;

}  // namespace

Loop* Loop::current() { return running; }

void Loop::watch(Timed& timed) {
    timed.place_ = timed_.size();
    timed_.push_back(&timed);
    sweepLater();
}

void Loop::keep(std::shared_ptr<Pending> pending) {
    pending_.push_back(std::move(pending));
    sweepLater();
}

void Loop::keepSoon(std::shared_ptr<Pending> pending) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = arriving_.empty();
        arriving_.push_back(std::move(pending));
    }
    if (first) {
        post([self = shared_from_this()] {
            self->takes_arriving_ = true;
            self->sweepLater();
        });
    }
}

void Loop::unwatch(Timed& timed) {
    timed_[timed.place_] = timed_.back();
    timed_[timed.place_]->place_ = timed.place_;
    timed_.pop_back();
}

void Loop::sweepLater() {
    if (sweeping_ || (timed_.empty() && pending_.empty() && !takes_arriving_)) {
        return;
    }
    sweeping_ = true;
    sweeper_.expires_after(kSweep);
    sweeper_.async_wait([this](const boost::system::error_code& failure) {
        sweeping_ = false;
        if (!failure) {
            sweep();
            sweepLater();
        }
    });
}

void Loop::takeArriving() {
    if (std::exchange(takes_arriving_, false)) {
        const std::lock_guard lock(mutex_);
        std::move(arriving_.begin(), arriving_.end(), std::back_inserter(pending_));
        arriving_.clear();
    }
}

void Loop::sweep() {
    takeArriving();
    const auto now = std::chrono::steady_clock::now();
    // Backwards, since expired() may take its object out: the last one then moves to its place.
    for (std::size_t i = timed_.size(); i-- > 0;) {
        if (i < timed_.size() && timed_[i]->expiry_ <= now) {
            timed_[i]->expireNever();
            timed_[i]->expired();
        }
    }
    // Out of the list first: a sweep may end calls, and their ends begin others.
    auto looked_at = std::exchange(pending_, {});
    std::erase_if(looked_at, [&](const auto& pending) { return pending->sweep(now); });
    pending_.insert(pending_.end(), looked_at.begin(), looked_at.end());
}

void Loop::run() {
    running = this;
    const auto work = boost::asio::make_work_guard(context());
    context().run();
    running = nullptr;
}

struct Io::Threads {
    std::vector<std::shared_ptr<Loop>> loops;
    std::vector<std::thread> threads;
    std::atomic<std::size_t> next{0};
};

Io::Io(int threads) : threads_(std::make_unique<Threads>()) {
    const int count = std::max(threads, 1);
    for (int i = 0; i < count; ++i) {
        threads_->loops.push_back(std::make_shared<Loop>());
    }
    for (const auto& loop : threads_->loops) {
        threads_->threads.emplace_back([loop] { loop->run(); });
    }
}

Io::~Io() { stop(); }

void Io::stop() {
    for (const auto& loop : threads_->loops) {
        loop->stop();
    }
    for (auto& thread : threads_->threads) {
        thread.join();
    }
    threads_->threads.clear();
    for (const auto& loop : threads_->loops) {
        loop->discard();
    }
}

int Io::threads() const { return static_cast<int>(threads_->loops.size()); }

bool Io::onThread() const { return Loop::current() != nullptr; }

void Io::post(std::function<void()> work) { boost::asio::post(loop()->context(), std::move(work)); }

void Io::after(std::chrono::milliseconds delay, std::function<void()> work) {
    auto timer = std::make_unique<boost::asio::steady_timer>(loop()->context(), delay);
    auto& waiting = *timer;
    waiting.async_wait([timer = std::move(timer), work = std::move(work)](const boost::system::error_code& failure) {
        if (!failure) {
            work();
        }
    });
}

const std::shared_ptr<Loop>& Io::loop() {
    for (const auto& loop : threads_->loops) {
        if (loop->here()) {
            return loop;
        }
    }
    return threads_->loops[threads_->next.fetch_add(1, std::memory_order_relaxed) % threads_->loops.size()];
}

const std::vector<std::shared_ptr<Loop>>& Io::loops() const { return threads_->loops; }

}  // namespace stoa::host::http
