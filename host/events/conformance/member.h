/// A member of a consumer group, for tests of event logs.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/events/event_log.h"

namespace stoa::host::events::conformance {

using TopicPartition = std::pair<std::string, int>;

/// A subscription with what a test wants to know of it.
struct Member {
    std::set<TopicPartition> assigned;
    std::vector<std::string> notices;
    std::vector<Delivery> got;
    std::unique_ptr<EventLog> log;
    std::unique_ptr<Subscription> subscription;  // goes first: it tells the others what is revoked

    /// Polls until `done` or a minute has passed, and says then what it has; what came is in `got`, committed when
    /// `commit`.
    bool pollUntil(const std::function<bool()>& done, bool commit = true);
    std::string describe() const;
};

}  // namespace stoa::host::events::conformance
