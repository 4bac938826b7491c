/// What a thread is doing now: the request, event, timer or call whose code runs on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace stoa::host {

using Deadline = std::chrono::steady_clock::time_point;

/// Set by whoever enters plugin code; read by every capability: the log adds the ids, SQL and calls keep the deadline,
/// calls pass the user's token on. Belongs to one thread at a time.
struct Work {
    std::string service;
    std::string version;
    std::uint64_t generation = 0;
    std::string route;  ///< template of the route, topic, or name of the timer
    std::string correlation_id;
    std::string trace_id;  ///< 32 hex digits (W3C Trace Context)
    std::string span_id;   ///< 16 hex digits: the span that runs now
    bool sampled = true;
    std::optional<Deadline> deadline;
    std::string user_token;     ///< the caller's bearer token as it came, or empty; never logged
    int open_transactions = 0;  ///< a call while one is open is refused
    std::string last_error;     ///< for stoa_host::last_error
};

/// This thread's work, or nullptr outside of any.
Work* currentWork();

/// Makes `work` this thread's current one until the scope ends, then the former again.
class WorkScope {
public:
    explicit WorkScope(Work& work);
    ~WorkScope();
    WorkScope(const WorkScope&) = delete;
    WorkScope& operator=(const WorkScope&) = delete;

private:
    Work* former_;
};

/// Keeps why a capability call failed for stoa_host::last_error; works outside of any Work, too.
void setLastError(std::string message);
const std::string& lastError();

}  // namespace stoa::host
