/// What the parts of a plugin's event runtime stand on.
#pragma once

#include "host/base/clock.h"
#include "host/events/event_log.h"
#include "host/observe/metrics.h"
#include "host/sql/database.h"

namespace stoa::host::events {

/// Outlives whoever holds it.
struct Surroundings {
    EventLog& log;
    sql::Database& database;
    observe::Metrics& metrics;
    const Clock& clock;
};

}  // namespace stoa::host::events
