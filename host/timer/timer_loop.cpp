#include "host/timer/timer_loop.h"

#include <algorithm>
#include <utility>

#include <stoa/error.h>

#include "host/base/crash_point.h"
#include "host/observe/log.h"

namespace stoa::host::timer {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds kExecutorFullPause{20};
constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{2'000};
constexpr seconds kMeasureEvery{5};

}  // namespace

struct TimerService::Loop::Ticket {
    Ticket(std::shared_ptr<Loop> owner, std::uint64_t its_number, Claim its_claim, bool is_transactional)
        : loop(std::move(owner)), number(its_number), claim(std::move(its_claim)), transactional(is_transactional) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    ~Ticket() {
        if (!ran) {
            try {
                loop->store_.release(claim);
            } catch (const Error&) {
                // Its lease ends by itself.
            }
        }
        loop->leave(number);
    }

    void run() {
        if (loop->isStopping()) {
            return;
        }
        ran = true;
        loop->fireOne(claim, transactional);
    }

    std::shared_ptr<Loop> loop;
    std::uint64_t number;
    Claim claim;
    bool transactional;
    bool ran = false;
};

TimerService::Loop::Loop(sql::Database& database, const Clock& clock, observe::Metrics& metrics, Known known, Fire fire,
                         Submit submit, TimerOptions options)
    : database_(database),
      clock_(clock),
      known_(std::move(known)),
      fire_(std::move(fire)),
      submit_(std::move(submit)),
      options_(std::move(options)),
      store_(database, options_.host_id) {
    const auto firings = [&](const char* outcome) {
        return metrics.counter("stoa_timer_firings_total", "Timers that were run, by what became of them.",
                               {{"service", options_.service}, {"outcome", outcome}});
    };
    const observe::Labels labels{{"service", options_.service}};
    series_ = {
        firings("done"),
        firings("failed"),
        firings("lost"),
        metrics.gauge("stoa_timer_overdue_age_seconds", "How long the oldest due timer has been waiting.", labels),
        metrics.gauge("stoa_timer_unknown", "Due timers whose names the active version does not know.", labels),
        metrics.histogram("stoa_timer_lateness_seconds", "From when a timer was due to when it ran.", labels)};
}

void TimerService::Loop::start() {
    thread_ = std::thread{[this] { run(); }};
}

void TimerService::Loop::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) {
        thread_.join();
        giveBackWaiting();
    }
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return running_.empty(); });
}

void TimerService::Loop::wake() {
    const std::lock_guard lock{mutex_};
    woken_ = true;
    changed_.notify_all();
}

void TimerService::Loop::wakeFor(std::int64_t due_us) {
    const std::lock_guard lock{mutex_};
    woken_for_us_ = std::min(woken_for_us_.value_or(due_us), due_us);
    changed_.notify_all();
}

TimerReport TimerService::Loop::report() {
    std::vector<std::string> names;
    for (const auto& timer : known_()) {
        names.push_back(timer.name);
    }
    TimerReport report;
    report.unknown = store_.unknown(clock_.now(), names);
    const std::lock_guard lock{mutex_};
    report.claimed = waiting_.size();
    report.running = static_cast<int>(running_.size());
    return report;
}

TimerService::Loop::KnownNow TimerService::Loop::askKnown() const {
    KnownNow now;
    for (const auto& timer : known_()) {
        now.names.push_back(timer.name);
        now.transactional.emplace(timer.name, timer.transactional);
    }
    return now;
}

void TimerService::Loop::run() {
    for (;;) {
        try {
            turn();
            pause_ = milliseconds{0};
        } catch (const std::exception& error) {
            pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
            observe::warn("timers can't be read; trying again",
                          {{"service", options_.service}, {"error", error.what()}});
        }
        rest();
        const std::lock_guard lock{mutex_};
        if (stopping_) {
            return;
        }
    }
}

void TimerService::Loop::turn() {
    if (!recovered_) {
        if (const auto count = store_.releaseAll(); count > 0) {
            observe::info("timers of the former process are free again",
                          {{"service", options_.service}, {"count", std::to_string(count)}});
        }
        recovered_ = true;
    }
    known_now_ = askKnown();
    claimMore();
    submitWaiting();
    renewLeases();
    measure();
}

bool TimerService::Loop::isStopping() {
    const std::lock_guard lock{mutex_};
    return stopping_;
}

bool TimerService::Loop::shouldLook() {
    const auto now = Steady::now();
    const bool due = next_us_ && *next_us_ <= toMicros(clock_.now());
    if (!look_now_ && !more_is_due_ && !due && now < look_at_) {
        return false;
    }
    look_now_ = false;
    look_at_ = now + options_.longest_sleep;
    return true;
}

void TimerService::Loop::claimMore() {
    std::size_t waiting;
    {
        const std::lock_guard lock{mutex_};
        waiting = waiting_.size();
    }
    if (waiting > options_.batch / 2 || !shouldLook()) {
        return;
    }
    const auto is_due = [&] { return next_us_ && *next_us_ <= toMicros(clock_.now()); };
    if (!is_due()) {
        // Reading first: an idle service never asks for the right to write.
        next_us_ = store_.nextUs(known_now_.names);
        more_is_due_ = false;
        if (!is_due()) {
            return;
        }
    }
    const auto limit = options_.batch - waiting;
    auto claims = store_.claim(clock_.now(), options_.lease, known_now_.names, limit);
    if (!claims.empty()) {
        crashPoint(CrashPoint::kTimerClaimed, options_.service);
    }
    more_is_due_ = claims.size() == limit;
    if (!more_is_due_) {
        next_us_ = store_.nextUs(known_now_.names);
    }
    const std::lock_guard lock{mutex_};
    std::move(claims.begin(), claims.end(), std::back_inserter(waiting_));
}

bool TimerService::Loop::hasRoom() const { return running_.size() < static_cast<std::size_t>(options_.concurrency); }

void TimerService::Loop::submitWaiting() {
    for (;;) {
        std::shared_ptr<Ticket> ticket;
        {
            const std::lock_guard lock{mutex_};
            executor_full_ = false;
            if (waiting_.empty() || !hasRoom() || stopping_) {
                return;
            }
            const auto number = next_ticket_++;
            const auto kind = known_now_.transactional.find(waiting_.front().name);
            ticket = std::make_shared<Ticket>(shared_from_this(), number, std::move(waiting_.front()),
                                              kind == known_now_.transactional.end() || kind->second);
            waiting_.pop_front();
            running_.emplace(number, ticket->claim);
        }
        if (!submit_([ticket] { ticket->run(); })) {
            ticket->ran = true;  // it goes back into the line, not into the table
            const std::lock_guard lock{mutex_};
            waiting_.push_front(ticket->claim);
            executor_full_ = true;
            break;
        }
    }
}

void TimerService::Loop::renewLeases() {
    const auto now = Steady::now();
    if (now < renew_at_) {
        return;
    }
    renew_at_ = now + options_.lease / 3;
    std::vector<Claim> held;
    {
        const std::lock_guard lock{mutex_};
        held.assign(waiting_.begin(), waiting_.end());
        for (const auto& [number, claim] : running_) {
            const auto kind = known_now_.transactional.find(claim.name);
            // The row of a transactional one is locked by its own transaction.
            if (kind != known_now_.transactional.end() && !kind->second) {
                held.push_back(claim);
            }
        }
    }
    if (!held.empty()) {
        store_.renew(held, clock_.now() + options_.lease);
    }
}

void TimerService::Loop::measure() {
    if (Steady::now() < measure_at_) {
        return;
    }
    measure_at_ = Steady::now() + kMeasureEvery;
    const auto now = clock_.now();
    std::int64_t unknown = 0;
    for (const auto& timer : store_.unknown(now, known_now_.names)) {
        unknown += timer.count;
    }
    series_.unknown->set(static_cast<double>(unknown));
    auto oldest = next_us_.value_or(toMicros(now));
    {
        const std::lock_guard lock{mutex_};
        oldest = waiting_.empty() ? oldest : std::min(oldest, waiting_.front().due_us);
    }
    series_.overdue_age->set(static_cast<double>(std::max<std::int64_t>(0, toMicros(now) - oldest)) / 1e6);
}

void TimerService::Loop::rest() {
    // A due row may be another host's whose claim has not committed yet: no tighter turns than this.
    constexpr std::chrono::microseconds kShortest{5'000};
    std::unique_lock lock{mutex_};
    auto wait = std::chrono::microseconds{options_.longest_sleep};
    if (pause_.count() > 0) {
        wait = pause_;
    } else if (executor_full_) {
        wait = kExecutorFullPause;
    } else if (next_us_ && hasRoom()) {
        wait = std::clamp(std::chrono::microseconds{*next_us_ - toMicros(clock_.now())}, kShortest, wait);
    }
    changed_.wait_for(lock, wait, [&] {
        const bool can_go_on = hasRoom() && (!waiting_.empty() || more_is_due_) && !executor_full_;
        return stopping_ || (pause_.count() == 0 && (woken_ || woken_for_us_ || can_go_on));
    });
    const bool woken = std::exchange(woken_, false);  // also when a look is due anyway: else it would never sleep again
    look_now_ = look_now_ || woken;
    if (const auto due = std::exchange(woken_for_us_, {})) {
        next_us_ = std::min(next_us_.value_or(*due), *due);
    }
}

void TimerService::Loop::giveBackWaiting() {
    for (const auto& claim : waiting_) {
        try {
            store_.release(claim);
        } catch (const std::exception& error) {
            observe::warn("a claimed timer could not be given back; it runs after its lease",
                          {{"service", options_.service}, {"timer", claim.name}, {"error", error.what()}});
        }
    }
    waiting_.clear();
}

void TimerService::Loop::leave(std::uint64_t ticket) {
    const std::lock_guard lock{mutex_};
    running_.erase(ticket);
    changed_.notify_all();
}

}  // namespace stoa::host::timer
