/// The bulkhead of one plugin: its threads, and a bounded queue in front of them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace stoa::host::plugin {

struct WorkerPoolOptions {
    int threads = 4;
    std::size_t queue = 512;  ///< jobs that wait; beyond, submit says no
};

/// Any thread may submit. Jobs must not throw. Destroying it runs what is queued and joins.
class WorkerPool {
public:
    WorkerPool(std::string name, WorkerPoolOptions options);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    /// False when the queue is full: the caller sheds the work (503 with Retry-After, or tries again later).
    bool submit(std::function<void()> job);
    /// Like submit, for work that has been admitted to the system already (events, timers): leaves a quarter of the
    /// queue and of the threads (at least one, when there are two) to requests. A backlog of events never turns
    /// customers away, and two sides whose timers call each other's routes never wait for each other in a ring.
    bool submitBackground(std::function<void()> job);
    bool full() const { return queued_.load(std::memory_order_relaxed) >= options_.queue; }
    std::size_t queued() const { return queued_.load(std::memory_order_relaxed); }

private:
    struct Job {
        std::uint64_t number;  ///< in the order in which they came
        std::function<void()> work;
    };

    bool enqueue(std::deque<Job>& jobs, std::function<void()> work, std::size_t limit);
    /// The queue whose head is next; null when there is nothing that may run now.
    std::deque<Job>* next();
    /// True when somebody has to be woken, by ready_.notify_one(): at most one is on the way at a time, who then wakes
    /// the next when there is more to do. Short jobs are taken by whoever is awake, without a system call for each.
    bool needsWaking();
    void run();

    std::string name_;
    WorkerPoolOptions options_;
    int max_background_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<Job> requests_;
    std::deque<Job> background_;
    std::uint64_t submitted_ = 0;
    int running_background_ = 0;
    int idle_ = 0;         ///< threads that wait
    bool waking_ = false;  ///< one of them has been woken and has not looked yet
    std::atomic<std::size_t> queued_{0};
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace stoa::host::plugin
