/// What a request brings along from its caller: ids, deadline, address.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "host/base/work.h"
#include "host/http/message.h"
#include "host/observe/trace.h"

namespace stoa::host::dispatch {

/// X-Correlation-ID when it is 1…128 visible ASCII characters, else a new one.
std::string correlationOf(const http::Request& head);

/// `traceparent`, or X-Trace-ID when that is a W3C trace id.
std::optional<observe::TraceParent> traceParentOf(const http::Request& head);

/// When the answer is due: what the caller has left (Stoa-Deadline-Ms, believed only from inside), else `usual`.
Deadline deadlineOf(const http::Request& head, bool inside, std::chrono::milliseconds usual,
                    std::chrono::milliseconds most);

/// The client's address: the peer, or, from inside, whom the edge saw (X-Forwarded-For).
std::string addressOf(const http::Request& head, bool inside);

}  // namespace stoa::host::dispatch
