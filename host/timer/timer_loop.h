/// What TimerService is inside: one thread that claims, the executor's threads that run.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/timer/timer_service.h"

namespace stoa::host::timer {

class TimerService::Loop : public std::enable_shared_from_this<Loop> {
public:
    Loop(sql::Database& database, const Clock& clock, observe::Metrics& metrics, Known known, Fire fire, Submit submit,
         TimerOptions options);

    void start();
    void stop();
    void wake();
    void wakeFor(std::int64_t due_us);
    TimerReport report();

private:
    using Steady = std::chrono::steady_clock;

    /// Names of the active generation, and which are transactional.
    struct KnownNow {
        std::vector<std::string> names;
        std::map<std::string, bool, std::less<>> transactional;
    };
    /// A claim on its way through the executor. One that is dropped unrun is given back.
    struct Ticket;
    friend struct Ticket;

    struct Series {
        std::shared_ptr<observe::Counter> done, failed, lost;
        std::shared_ptr<observe::Gauge> overdue_age, unknown;
        std::shared_ptr<observe::Histogram> lateness;
    };

    // On the loop's thread.
    void run();
    void turn();
    void claimMore();
    void submitWaiting();
    void renewLeases();
    void measure();
    void rest();
    bool shouldLook();
    bool hasRoom() const;
    bool isStopping();
    void giveBackWaiting();
    KnownNow askKnown() const;

    // On the executor's threads.
    void fireOne(const Claim& claim, bool transactional);
    void tryOnce(const Claim& claim, bool transactional, Work& work);
    void fireWithin(const Claim& claim, Work& work);
    stoa_status callHandler(const Claim& claim, stoa_tx* tx);
    void settleFailure(const Claim& claim, stoa_status status, const std::string& why);
    void leave(std::uint64_t ticket);
    Work workFor(const std::string& name) const;

    sql::Database& database_;
    const Clock& clock_;
    const Known known_;
    const Fire fire_;
    const Submit submit_;
    const TimerOptions options_;
    TimerStore store_;
    Series series_;

    // Of the loop's thread alone.
    KnownNow known_now_;
    bool recovered_ = false;
    bool more_is_due_ = false;  ///< the last batch was full
    Steady::time_point look_at_{};
    bool look_now_ = true;                 ///< somebody woke the thread
    std::optional<std::int64_t> next_us_;  ///< when the next is due, as far as is known
    std::chrono::milliseconds pause_{0};   ///< after a failure
    Steady::time_point renew_at_{};
    Steady::time_point measure_at_{};

    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;
    bool woken_ = false;
    std::optional<std::int64_t> woken_for_us_;  ///< when what was set is due
    bool executor_full_ = false;
    std::deque<Claim> waiting_;
    std::map<std::uint64_t, Claim> running_;
    std::uint64_t next_ticket_ = 0;
    std::thread thread_;
};

}  // namespace stoa::host::timer
