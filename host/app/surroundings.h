/// The host's parts that plugins stand on. Each outlives every plugin.
#pragma once

#include <string>

#include "host/base/clock.h"
#include "host/config/config.h"
#include "host/dispatch/dispatcher.h"
#include "host/dispatch/idempotency.h"
#include "host/events/event_log.h"
#include "host/observe/metrics.h"
#include "host/observe/trace.h"

namespace stoa::host::app {

struct Surroundings {
    const config::Config& config;
    std::string host_id;
    const Clock& clock;
    observe::Metrics& metrics;
    observe::Tracer& tracer;
    events::EventLog& event_log;
    const dispatch::Idempotency& idempotency;
    dispatch::Dispatcher& dispatcher;
    /// Tells another host that rows wait in the outbox of a service. Any thread, returns at once.
    std::function<void(const std::string& host_id, const std::string& service)> wake_host;
};

}  // namespace stoa::host::app
