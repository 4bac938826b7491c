/// Several fleets on one cluster: each sees topics and groups of its own, which there begin with its prefix.
#pragma once

#include <memory>
#include <string>

#include "host/events/event_log.h"

namespace stoa::host::events {

/// Everything of `log` whose name begins with "<prefix>.", without it. Throws STOA_INVALID unless the prefix has 1 to
/// 40 letters, digits, - or _.
std::unique_ptr<EventLog> withPrefix(std::string prefix, std::unique_ptr<EventLog> log);

}  // namespace stoa::host::events
