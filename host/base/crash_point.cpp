#include "host/base/crash_point.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <set>
#include <utility>

#include <stoa/error.h>

#include "host/base/work.h"

namespace stoa::host {
namespace {

constexpr std::array kTable{
    CrashPointInfo{CrashPoint::kSqlCommitted, "sql.committed",
                   "any transaction that may write, of a service or about it"},
    CrashPointInfo{CrashPoint::kHandlerCommitted, "handler.committed", "a transaction that a request or a job began"},
    CrashPointInfo{CrashPoint::kRequestClaimed, "request.claimed", "the claim of an Idempotency-Key"},
    CrashPointInfo{CrashPoint::kRequestSettled, "request.settled",
                   "an answer kept for its key after the handler's end"},
    CrashPointInfo{CrashPoint::kRequestHandled, "request.handled", "the handler, with nothing of its answer sent"},
    CrashPointInfo{CrashPoint::kHttpAnswered, "http.answered",
                   "an answer written to its socket (service: the listener)"},
    CrashPointInfo{CrashPoint::kOutboxLeased, "outbox.leased", "the leases of an outbox taken or renewed"},
    CrashPointInfo{CrashPoint::kOutboxAcknowledged, "outbox.acknowledged", "events sent, and acknowledged by the log"},
    CrashPointInfo{CrashPoint::kOutboxRemoved, "outbox.removed", "acknowledged events deleted from the outbox"},
    CrashPointInfo{CrashPoint::kEventCommitted, "event.committed", "an event's handler with its row of the inbox"},
    CrashPointInfo{CrashPoint::kEventOffset, "event.offset", "the offset behind a handled event given to the log"},
    CrashPointInfo{CrashPoint::kEventParked, "event.parked", "an event parked"},
    CrashPointInfo{CrashPoint::kEventPostponed, "event.postponed", "another failed try of a parked event"},
    CrashPointInfo{CrashPoint::kEventBuried, "event.buried", "a parked event given up, its dead letter in the outbox"},
    CrashPointInfo{CrashPoint::kTimerClaimed, "timer.claimed", "due timers claimed"},
    CrashPointInfo{CrashPoint::kTimerFired, "timer.fired", "a transactional timer with its handler"},
    CrashPointInfo{CrashPoint::kTimerFinished, "timer.finished", "a job that was done, removed"},
    CrashPointInfo{CrashPoint::kTimerPostponed, "timer.postponed", "a timer that failed, put back"},
    CrashPointInfo{CrashPoint::kCallSent, "call.sent", "a request written to another host or to the outside"},
    CrashPointInfo{CrashPoint::kCallAnswered, "call.answered", "the answer of another service"},
    CrashPointInfo{CrashPoint::kExternalAnswered, "external.answered", "the answer of the outside: provider, carrier"},
    CrashPointInfo{CrashPoint::kMailSent, "mail.sent", "a mail written to the mail server"},
    CrashPointInfo{CrashPoint::kMailAnswered, "mail.answered", "the mail server's answer to it"},
};
static_assert(kTable.size() == static_cast<std::size_t>(CrashPoint::kCount));

constexpr bool inOrder() {
    for (std::size_t i = 0; i < kTable.size(); ++i) {
        if (kTable[i].point != static_cast<CrashPoint>(i)) {
            return false;
        }
    }
    return true;
}
static_assert(inOrder(), "the table follows the enumeration");

const CrashPointInfo& infoOf(CrashPoint point) { return kTable[static_cast<std::size_t>(point)]; }

/// What this process was told. Written before any thread runs, but for the count and the pairs.
struct Armed {
    std::mutex mutex;
    bool kills = false;
    CrashPoint point{};
    std::string service;     ///< empty: any
    std::uint64_t hits = 1;  ///< still to come
    int journal = -1;
    std::set<std::pair<CrashPoint, std::string>> reached;
};

Armed& armed() {
    static Armed of_this_process;
    return of_this_process;
}

void note(const char* what, CrashPoint point, const std::string& service) {
    if (armed().journal < 0) {
        return;
    }
    std::string line{what};
    line.append(" ").append(infoOf(point).name).append(" ").append(service.empty() ? "-" : service).append("\n");
    // A journal that can't be written is noticed by whoever reads it.
    static_cast<void>(!write(armed().journal, line.data(), line.size()));
}

void aim(Armed& now, std::string_view at) {
    const auto hash = std::min(at.find('#'), at.size());
    const auto sign = std::min(at.find('@'), hash);
    const auto found =
        std::find_if(kTable.begin(), kTable.end(), [&](const auto& info) { return info.name == at.substr(0, sign); });
    if (found == kTable.end()) {
        throw Error(STOA_INVALID, "STOA_TEST_CRASH_AT: there is no crash point \"" + std::string{at.substr(0, sign)} +
                                      "\"; `host crash-points` lists them");
    }
    now.point = found->point;
    now.service = sign < hash ? at.substr(sign + 1, hash - sign - 1) : "";
    now.hits = 1;
    if (hash < at.size()) {
        const char* const end = at.data() + at.size();
        const auto read = std::from_chars(at.data() + hash + 1, end, now.hits);
        if (read.ec != std::errc{} || read.ptr != end || now.hits == 0) {
            throw Error(STOA_INVALID, "STOA_TEST_CRASH_AT: what follows # is a number from 1 on");
        }
    }
    now.kills = true;
}

std::string valueOf(const char* variable) {
    const char* value = std::getenv(variable);
    return value ? value : "";
}

}  // namespace

std::atomic<bool> detail::crash_points_on{false};

std::span<const CrashPointInfo> crashPoints() { return kTable; }

CrashOrder crashOrder() { return {valueOf("STOA_TEST_CRASH_AT"), valueOf("STOA_TEST_CRASH_JOURNAL")}; }

bool armCrashPoints(const CrashOrder& order) {
    Armed& now = armed();
    if (!order.at.empty()) {
        aim(now, order.at);
    }
    if (!order.journal.empty()) {
        now.journal = open(order.journal.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (now.journal < 0) {
            throw Error(STOA_INVALID, "STOA_TEST_CRASH_JOURNAL: " + order.journal + " can't be written");
        }
    }
    detail::crash_points_on = now.kills || now.journal >= 0;
    return detail::crash_points_on;
}

void detail::reachCrashPoint(CrashPoint point, std::string_view service) {
    const Work* work = currentWork();
    const std::string whose{service.empty() && work != nullptr ? std::string_view{work->service} : service};
    Armed& now = armed();
    const std::lock_guard lock(now.mutex);
    if (now.reached.emplace(point, whose).second) {
        note("reached", point, whose);
    }
    const bool meant = now.kills && point == now.point && (now.service.empty() || now.service == whose);
    if (meant && --now.hits == 0) {
        note("killed", point, whose);
        kill(getpid(), SIGKILL);
        pause();  // whatever this thread would do next does not happen
    }
}

}  // namespace stoa::host
