#include "host/plugin/worker_pool.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace stoa::host::plugin {

WorkerPool::WorkerPool(std::string name, WorkerPoolOptions options)
    : name_(std::move(name)),
      options_(options),
      max_background_(std::max(1, options.threads - std::max(1, options.threads / 4))) {
    for (int i = 0; i < options_.threads; ++i) {
        threads_.emplace_back([this] { run(); });
        // The kernel keeps 15 characters; they make `top -H` readable.
        pthread_setname_np(threads_.back().native_handle(), ("w:" + name_).substr(0, 15).c_str());
    }
}

WorkerPool::~WorkerPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    ready_.notify_all();
    for (auto& thread : threads_) {
        thread.join();
    }
}

bool WorkerPool::submit(std::function<void()> job) { return enqueue(requests_, std::move(job), options_.queue); }

bool WorkerPool::submitBackground(std::function<void()> job) {
    return enqueue(background_, std::move(job), options_.queue - options_.queue / 4);
}

bool WorkerPool::enqueue(std::deque<Job>& jobs, std::function<void()> work, std::size_t limit) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || requests_.size() + background_.size() >= limit) {
            return false;
        }
        jobs.push_back({submitted_++, std::move(work)});
        queued_.store(requests_.size() + background_.size(), std::memory_order_relaxed);
        wake = needsWaking();
    }
    if (wake) {
        ready_.notify_one();
    }
    return true;
}

bool WorkerPool::needsWaking() {
    if (idle_ == 0 || waking_ || next() == nullptr) {
        return false;
    }
    waking_ = true;
    return true;
}

std::deque<WorkerPool::Job>* WorkerPool::next() {
    const bool background = !background_.empty() && running_background_ < max_background_;
    if (requests_.empty()) {
        return background ? &background_ : nullptr;
    }
    return background && background_.front().number < requests_.front().number ? &background_ : &requests_;
}

void WorkerPool::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        std::deque<Job>* jobs = next();
        while (jobs == nullptr && !(stopping_ && background_.empty())) {
            ++idle_;
            ready_.wait(lock);
            --idle_;
            waking_ = false;
            jobs = next();
        }
        if (jobs == nullptr) {
            return;
        }
        std::function<void()> work = std::move(jobs->front().work);
        jobs->pop_front();
        queued_.store(requests_.size() + background_.size(), std::memory_order_relaxed);
        const bool background = jobs == &background_;
        running_background_ += background ? 1 : 0;
        const bool wake = needsWaking();
        lock.unlock();
        if (wake) {
            ready_.notify_one();
        }
        work();
        work = nullptr;  // what it holds may end here, outside of the lock
        lock.lock();
        if (background) {
            --running_background_;
            if (background_.empty() && stopping_) {
                ready_.notify_all();  // they waited for their share of these
            }
        }
    }
}

}  // namespace stoa::host::plugin
