// One firing, on a thread of the executor.

#include <algorithm>

#include <stoa/error.h>

#include "host/base/crash_point.h"
#include "host/base/ids.h"
#include "host/observe/log.h"
#include "host/sql/sql_capability.h"
#include "host/timer/timer_loop.h"

namespace stoa::host::timer {

using std::chrono::seconds;

namespace {

/// 1 s after the first failure, doubling up to 60 s.
seconds backOff(std::int64_t attempt) {
    constexpr std::int64_t kMostDoublings = 6;
    constexpr std::int64_t kLongest = 60;
    return seconds{std::min(kLongest, std::int64_t{1} << std::clamp<std::int64_t>(attempt - 1, 0, kMostDoublings))};
}

}  // namespace

Work TimerService::Loop::workFor(const std::string& name) const {
    if (options_.work_for) {
        return options_.work_for(name);
    }
    Work work;
    work.service = options_.service;
    work.route = name;
    work.correlation_id = randomHex(16);
    work.deadline = Steady::now() + options_.timeout;
    return work;
}

stoa_status TimerService::Loop::callHandler(const Claim& claim, stoa_tx* tx) {
    stoa_firing firing{};
    firing.struct_size = sizeof firing;
    firing.attempt = static_cast<std::uint32_t>(claim.attempt);
    firing.key = view(claim.key);
    firing.payload = view(claim.payload);
    firing.due_us = claim.due_us;
    return fire_(claim.name, firing, tx);
}

void TimerService::Loop::fireWithin(const Claim& claim, Work& work) {
    auto transaction = database_.begin(sql::Mode::kWrite, work.deadline);
    if (!store_.take(*transaction, claim)) {
        series_.lost->add();  // cancelled, set anew, or another host's by now
        return;
    }
    sql::TxHandle handle{database_, std::move(transaction), &work};
    if (const auto status = callHandler(claim, handle.raw()); status != STOA_OK) {
        throw Error(status, work.last_error);
    }
    handle.commit();
    crashPoint(CrashPoint::kTimerFired);
    series_.done->add();
}

void TimerService::Loop::tryOnce(const Claim& claim, bool transactional, Work& work) {
    if (transactional) {
        fireWithin(claim, work);
        return;
    }
    if (const auto status = callHandler(claim, nullptr); status != STOA_OK) {
        throw Error(status, work.last_error);
    }
    series_.done->add();
    try {
        store_.finish(claim);
        crashPoint(CrashPoint::kTimerFinished);
    } catch (const Error& error) {
        observe::warn("a timer ran and could not be removed; it runs again after its lease",
                      {{"timer", claim.name}, {"error", error.what()}});
    }
}

void TimerService::Loop::fireOne(const Claim& claim, bool transactional) {
    constexpr int kRetriesAtOnce = 3;  // of serialisation failures
    series_.lateness->observe(static_cast<double>(std::max<std::int64_t>(0, toMicros(clock_.now()) - claim.due_us)) /
                              1e6);
    Work work = workFor(claim.name);
    const WorkScope scope{work};
    for (int retry = 0;; ++retry) {
        try {
            tryOnce(claim, transactional, work);
            return;
        } catch (const Error& error) {
            if (error.status() != STOA_CONFLICT || !transactional || retry == kRetriesAtOnce) {
                settleFailure(claim, error.status(), error.what());
                return;
            }
        } catch (const std::exception& error) {
            settleFailure(claim, STOA_INTERNAL, error.what());
            return;
        }
    }
}

void TimerService::Loop::settleFailure(const Claim& claim, stoa_status status, const std::string& why) {
    series_.failed->add();
    const auto pause = backOff(claim.attempt);
    observe::warn("a timer failed and is tried again", {{"timer", claim.name},
                                                        {"attempt", std::to_string(claim.attempt)},
                                                        {"again_in_s", std::to_string(pause.count())},
                                                        {"code", std::string{statusName(status)}},
                                                        {"error", why}});
    try {
        store_.retry(claim, clock_.now() + pause, status != STOA_UNSUPPORTED);
        crashPoint(CrashPoint::kTimerPostponed);
    } catch (const Error& error) {
        observe::warn("a failed timer could not be put back; it runs again after its lease",
                      {{"timer", claim.name}, {"error", error.what()}});
        return;
    }
    wake();
}

}  // namespace stoa::host::timer
