/// Proxying an exchange to a service of the fleet; implemented by host/outbound.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/base/work.h"
#include "host/http/message.h"

namespace stoa::host::dispatch {

/// No service token goes along: what comes from outside never acts as a service, only as its user.
struct ForwardOrder {
    std::string service;
    std::string path;  ///< with query
    std::vector<std::pair<std::string, std::string>> set;
    std::vector<std::string> drop;
    Deadline deadline;
    std::string correlation_id, trace_id, span_id;
    bool sampled = true;
};

class Forwarder {
public:
    virtual ~Forwarder() = default;
    /// [io] Proxies request and response, streaming both ways, and answers the exchange whatever happens: 502 (broken
    /// answer), 503 with Retry-After (nobody there, breaker open), 504 (deadline). Hop-by-hop and identity headers go.
    virtual void forward(std::shared_ptr<http::Exchange> exchange, ForwardOrder order) = 0;
};

}  // namespace stoa::host::dispatch
