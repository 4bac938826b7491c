#include "host/plugin/worker_pool.h"

#include <pthread.h>

#include <utility>

namespace stoa::host::plugin {

WorkerPool::WorkerPool(std::string name, WorkerPoolOptions options) : name_(std::move(name)), options_(options) {
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

bool WorkerPool::submit(std::function<void()> job) { return enqueue(std::move(job), options_.queue); }

bool WorkerPool::submitBackground(std::function<void()> job) {
    return enqueue(std::move(job), options_.queue - options_.queue / 4);
}

bool WorkerPool::enqueue(std::function<void()> job, std::size_t limit) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || jobs_.size() >= limit) {
            return false;
        }
        jobs_.push_back(std::move(job));
        queued_.store(jobs_.size(), std::memory_order_relaxed);
    }
    ready_.notify_one();
    return true;
}

void WorkerPool::run() {
    for (;;) {
        std::function<void()> job;
        {
            std::unique_lock lock(mutex_);
            ready_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
            if (jobs_.empty()) {
                return;
            }
            job = std::move(jobs_.front());
            jobs_.pop_front();
            queued_.store(jobs_.size(), std::memory_order_relaxed);
        }
        job();
    }
}

}  // namespace stoa::host::plugin
