/// Named moments at which a test lets this process end as by kill -9: after each commit, each send, each answer of an
/// outside call. tests/crash kills at every one of them.
///
/// Off unless a variable of the tests is set (armCrashPoints), and then one relaxed load each. Neither host.yaml nor
/// `stoactl` knows of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stoa::host {

/// crash_point.cpp has the table: a name and a description for each, in this order.
enum class CrashPoint : std::uint8_t {
    kSqlCommitted,
    kHandlerCommitted,
    kRequestClaimed,
    kRequestSettled,
    kRequestHandled,
    kHttpAnswered,
    kOutboxLeased,
    kOutboxAcknowledged,
    kOutboxRemoved,
    kEventCommitted,
    kEventOffset,
    kEventParked,
    kEventPostponed,
    kEventBuried,
    kTimerClaimed,
    kTimerFired,
    kTimerFinished,
    kTimerPostponed,
    kCallSent,
    kCallAnswered,
    kExternalAnswered,
    kMailSent,
    kMailAnswered,
    kCount
};

struct CrashPointInfo {
    CrashPoint point;
    std::string_view name;    ///< "mail.sent"
    std::string_view moment;  ///< what has just happened
};

std::span<const CrashPointInfo> crashPoints();

/// What the variables say; empty: not set.
struct CrashOrder {
    /// STOA_TEST_CRASH_AT, "point[@service][#hit]": where this process kills itself, at which hit (1 unless given).
    std::string at;
    /// STOA_TEST_CRASH_JOURNAL, a file: a line "reached POINT SERVICE" for each pair that is new to this process, and
    /// "killed POINT SERVICE" before it ends. Written at once, so that the kill leaves it.
    std::string journal;
};

/// Before any thread runs. Returns whether the points are on. Throws stoa::Error STOA_INVALID.
bool armCrashPoints(const CrashOrder& order);
/// The order of this process's environment.
CrashOrder crashOrder();

namespace detail {
extern std::atomic<bool> crash_points_on;
void reachCrashPoint(CrashPoint point, std::string_view service);
}  // namespace detail

/// The moment has come. `service`: whose; when empty that of this thread's work. Any thread.
inline void crashPoint(CrashPoint point, std::string_view service = {}) {
    if (detail::crash_points_on.load(std::memory_order_relaxed)) [[unlikely]] {
        detail::reachCrashPoint(point, service);
    }
}

}  // namespace stoa::host
