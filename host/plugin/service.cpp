#include "host/plugin/service.h"

#include <algorithm>
#include <exception>
#include <thread>

#include <fmt/format.h>

#include "host/base/ids.h"
#include "host/base/work.h"
#include "host/events/plugin_events.h"
#include "host/observe/log.h"
#include "host/observe/trace.h"
#include "host/sql/sql_capability.h"
#include "host/timer/timer_service.h"

namespace stoa::host::plugin {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How often a drain looks. A wait that spins takes a core from those it waits for.
constexpr milliseconds kDrainLook{5};

bool emptied(const Gate* gate, steady_clock::time_point until) {
    while (gate && gate->inside() > 0) {
        if (steady_clock::now() >= until) {
            return false;
        }
        std::this_thread::sleep_for(kDrainLook);
    }
    return true;
}

template <class List>
std::uint32_t indexOf(const List& list, std::string_view name, std::string List::value_type::*member) {
    const auto found = std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.*member == name; });
    return static_cast<std::uint32_t>(found - list.begin());
}

/// A handler that leaves transactions open has a bug: they are rolled back, and it is told.
void reportLeftOpen(Work& work) {
    if (const int open = sql::rollbackOpen(work)) {
        observe::error("the handler left transactions open; they were rolled back", {{"count", std::to_string(open)}});
    }
}

GenerationReport reportOf(const Generation& generation, const Gate* gate) {
    const Environment& environment = generation.environment();
    return {environment.service,      environment.version,       std::string(name(generation.state.load())),
            environment.generation,   generation.since_us,       generation.requests.load(),
            generation.errors.load(), gate ? gate->inside() : 0, environment.account->inUse()};
}

}  // namespace

Service::Service(std::string name, ServiceOptions options, std::shared_ptr<sql::Database> database, const Clock& clock,
                 observe::Tracer& tracer)
    : name_(std::move(name)),
      options_(options),
      database_(std::move(database)),
      clock_(clock),
      tracer_(tracer),
      pool_(name_, options.workers) {}

Service::~Service() {
    // They work on the database and call the generation: they end first, also when a start was given up.
    timers.reset();
    events.reset();
}

void Service::publish(std::unique_ptr<Generation> next) {
    const std::lock_guard lock(mutex_);
    next->since_us = toMicros(clock_.now());
    next->state = GenerationState::kActive;
    Gate* former_gate = slot_.publish(next.get());
    if (active_) {
        active_->state = GenerationState::kDraining;
        former_.push_back({std::move(active_), former_gate});
    }
    active_ = std::move(next);
    active_gate_ = slot_.gate();
}

bool Service::retireOld(milliseconds limit) {
    const auto until = steady_clock::now() + limit;
    std::vector<Former> waiting;
    {
        const std::lock_guard lock(mutex_);
        waiting.swap(former_);
    }
    bool all = true;
    for (Former& former : waiting) {
        if (emptied(former.gate, until)) {
            former.generation->retire();
            continue;
        }
        all = false;
        former.generation->state = GenerationState::kParked;
        observe::warn("an old generation is parked: work is still inside of it",
                      {{"service", name_},
                       {"version", former.generation->environment().version},
                       {"in_flight", std::to_string(former.gate->inside())}});
        const std::lock_guard lock(mutex_);
        former_.push_back(std::move(former));
    }
    return all;
}

void Service::shutDown(milliseconds limit) {
    {
        const std::lock_guard lock(mutex_);
        Gate* gate = slot_.publish(nullptr);
        if (active_) {
            active_->state = GenerationState::kDraining;
            former_.push_back({std::move(active_), gate});
        }
        active_gate_ = nullptr;
    }
    retireOld(limit);
}

std::vector<GenerationReport> Service::report() const {
    const std::lock_guard lock(mutex_);
    std::vector<GenerationReport> rows;
    if (active_) {
        rows.push_back(reportOf(*active_, active_gate_));
    }
    for (const Former& former : former_) {
        rows.push_back(reportOf(*former.generation, former.gate));
    }
    return rows;
}

std::string Service::health() {
    const Lease lease = slot_.enter();
    return lease ? lease->health() : "no version of it is active";
}

std::shared_ptr<const validate::Manifest> Service::manifest() const {
    const std::lock_guard lock(mutex_);
    return active_ ? active_->environment().manifest : nullptr;
}

stoa_status Service::onEvent(const std::string& topic, const stoa_event& event, stoa_tx* tx) {
    const Lease lease = slot_.enter();
    if (!lease) {
        setLastError("no version of " + name_ + " is active");
        return STOA_UNAVAILABLE;
    }
    const auto& subscriptions = lease->manifest().subscribes;
    const std::uint32_t index = indexOf(subscriptions, topic, &validate::Subscription::topic);
    if (index == subscriptions.size()) {
        setLastError("the active version does not subscribe to " + topic);
        return STOA_UNSUPPORTED;
    }
    Work& work = *currentWork();
    work.version = lease->environment().version;
    work.generation = lease->environment().generation;
    observe::Span span(tracer_, work, "event " + topic, observe::SpanKind::kConsumer);
    const stoa_status status = lease->onEvent(index, &event, tx);
    reportLeftOpen(work);
    if (status != STOA_OK) {
        span.fail(work.last_error);
    }
    return status;
}

stoa_status Service::onTimer(const std::string& timer, const stoa_firing& firing, stoa_tx* tx) {
    const Lease lease = slot_.enter();
    if (!lease) {
        setLastError("no version of " + name_ + " is active");
        return STOA_UNAVAILABLE;
    }
    const auto& known = lease->manifest().timers;
    const std::uint32_t index = indexOf(known, timer, &validate::TimerSpec::name);
    if (index == known.size()) {
        setLastError("the active version does not know the timer " + timer);
        return STOA_UNSUPPORTED;
    }
    Work& work = *currentWork();
    work.version = lease->environment().version;
    work.generation = lease->environment().generation;
    observe::Span span(tracer_, work, "timer " + timer, observe::SpanKind::kInternal);
    const stoa_status status = lease->onTimer(index, &firing, tx);
    reportLeftOpen(work);
    if (status != STOA_OK) {
        span.fail(work.last_error);
    }
    return status;
}

Work Service::workFor(const std::string& route) const {
    Work work;
    work.service = name_;
    work.route = route;
    work.correlation_id = randomHex(16);
    work.deadline = steady_clock::now() + options_.timer_timeout;
    tracer_.begin(work, std::nullopt);
    return work;
}

}  // namespace stoa::host::plugin
