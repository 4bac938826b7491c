/// What a ServiceClient knows of one service that it calls. Any thread.
#pragma once

#include <memory>
#include <string>

#include "host/observe/metrics.h"
#include "host/outbound/balancer.h"
#include "host/outbound/breaker.h"
#include "host/outbound/retry_budget.h"

namespace stoa::host::outbound {

struct ServiceTarget {
    ServiceTarget(std::string target, observe::Metrics& metrics);

    /// After each record(): the gauge and, for a change, a line of the log.
    void noteState(Breaker::TimePoint now);

    const std::string name;
    Breaker breaker;
    Balancer balancer;
    RetryBudget budget;
    std::shared_ptr<observe::Gauge> state_gauge;
    std::shared_ptr<observe::Counter> retries;

private:
    std::atomic<int> noted_{0};
};

/// Uniform in [0, 1); any thread.
double uniformRandom();

}  // namespace stoa::host::outbound
