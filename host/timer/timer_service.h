/// Durable timers of one plugin: claims what is due in the plugin's database and has it run.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <stoa/abi/timer.h>
#include <stoa/validate/manifest.h>

#include "host/base/clock.h"
#include "host/base/work.h"
#include "host/observe/metrics.h"
#include "host/sql/database.h"
#include "host/timer/timer_store.h"

namespace stoa::host::timer {

struct TimerOptions {
    std::string service;
    std::string host_id;             ///< stable over restarts: leases of the former process are taken back at once
    int concurrency = 4;             ///< firings that are with the executor at the same time
    std::size_t batch = 64;          ///< timers claimed at once
    std::chrono::seconds lease{30};  ///< renewed while a firing waits or runs; another host takes over after it
    std::chrono::milliseconds timeout{30'000};       ///< deadline of one firing
    std::chrono::milliseconds longest_sleep{1'000};  ///< other hosts' timers are noticed within this
    /// The work in which a firing runs; by default one with service, route, a new correlation id and the deadline.
    std::function<Work(const std::string& name)> work_for;
};

struct TimerReport {
    std::size_t claimed = 0;  ///< waiting here for a place with the executor
    int running = 0;
    std::vector<UnknownTimer> unknown;  ///< due, and the active generation does not know their names
};

/// Any thread. `database`, `clock` and `metrics` outlive it.
class TimerService {
public:
    /// Runs a handler, on the executor's thread, within a Work. `tx` is the claiming transaction of a transactional
    /// timer, nullptr for others. STOA_OK: the timer goes. Anything else, also an exception: again after 1 s, doubling
    /// up to 60 s; STOA_UNSUPPORTED (the active generation does not know the name) does not count as an attempt.
    using Fire = std::function<stoa_status(const std::string& name, const stoa_firing& firing, stoa_tx* tx)>;
    /// Has a job run on another thread; false when the queue is full.
    using Submit = std::function<bool(std::function<void()> job)>;
    /// Timers of the active generation's manifest; none when there is no active one. Asked before each claim.
    using Known = std::function<std::vector<validate::TimerSpec>()>;

    TimerService(sql::Database& database, const Clock& clock, observe::Metrics& metrics, Known known, Fire fire,
                 Submit submit, TimerOptions options);
    ~TimerService();

    /// Starts the thread. The tables must be there (migrate).
    void start();
    /// Claims nothing more, waits for the firings that run and gives the others back. Called by the destructor, too.
    void stop();
    /// Looks at once: the clock moved, another generation is active, or the queue has room.
    void wake();
    /// A timer was set that is due then: claimed when it is, without a look at the table before. Any thread.
    void wakeFor(std::int64_t due_us);

    TimerReport report();

private:
    class Loop;
    std::shared_ptr<Loop> loop_;
};

}  // namespace stoa::host::timer
