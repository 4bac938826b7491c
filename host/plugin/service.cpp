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
    return {environment.service,
            environment.version,
            std::string(name(generation.state.load())),
            environment.generation,
            generation.since_us,
            generation.requests.load(),
            generation.errors.load(),
            gate ? gate->inside() : 0,
            environment.account->inUse(),
            0};
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
    owned_timers_.reset();
    owned_events_.reset();
}

void Service::give(std::unique_ptr<events::PluginEvents> events) {
    owned_events_ = std::move(events);
    events_.store(owned_events_.get(), std::memory_order_release);
}

void Service::give(std::unique_ptr<timer::TimerService> timers) {
    owned_timers_ = std::move(timers);
    timers_.store(owned_timers_.get(), std::memory_order_release);
}

Service::Held Service::hold(std::unique_ptr<Generation> generation) {
    generation->since_us = toMicros(clock_.now());
    Gate* gate = slot_.admit(*generation, name_, generation->environment().version);
    return {std::move(generation), gate};
}

void Service::retireLater(Held held, milliseconds window) {
    if (held.generation) {
        held.generation->state = GenerationState::kDraining;
        former_.push_back({std::move(held), steady_clock::now() + window});
    }
}

void Service::replaceActive(Held next, milliseconds window) {
    next.generation->state = GenerationState::kActive;
    slot_.publish(next.gate);
    retireLater(std::exchange(active_, std::move(next)), window);
}

void Service::publish(std::unique_ptr<Generation> next, milliseconds window) {
    const std::lock_guard lock(mutex_);
    replaceActive(hold(std::move(next)), window);
}

void Service::beginCanary(std::unique_ptr<Generation> canary, CanaryShare share) {
    const std::lock_guard lock(mutex_);
    canary_ = hold(std::move(canary));
    canary_.generation->state = GenerationState::kCanary;
    slot_.setCanary(canary_.gate, share);
}

void Service::promoteCanary(milliseconds window) {
    const std::lock_guard lock(mutex_);
    // First the pointer, then the share: in between both lead to the new generation, never back to the old one.
    replaceActive(std::move(canary_), window);
    canary_ = {};
    slot_.setCanary(nullptr, {});
}

void Service::withdrawCanary() {
    const std::lock_guard lock(mutex_);
    slot_.setCanary(nullptr, {});
    retireLater(std::exchange(canary_, {}), milliseconds{0});
}

std::vector<Service::Former>::const_iterator Service::youngestWarm() const {
    const auto now = steady_clock::now();
    const auto found =
        std::find_if(former_.rbegin(), former_.rend(), [&](const Former& former) { return former.keep_until > now; });
    return found == former_.rend() ? former_.end() : std::prev(found.base());
}

bool Service::rollBack() {
    const std::lock_guard lock(mutex_);
    const auto found = youngestWarm();
    if (found == former_.end()) {
        return false;
    }
    const auto place = former_.begin() + (found - former_.cbegin());
    Held back{std::move(place->generation), place->gate};
    former_.erase(place);
    replaceActive(std::move(back), milliseconds{0});
    return true;
}

std::optional<Service::Former> Service::takeDue() {
    const std::lock_guard lock(mutex_);
    const auto now = steady_clock::now();
    const auto due = std::find_if(former_.begin(), former_.end(), [&](const Former& former) {
        return former.keep_until <= now && former.gate->inside() == 0;
    });
    if (due == former_.end()) {
        return std::nullopt;
    }
    Former taken = std::move(*due);
    former_.erase(due);
    return taken;
}

bool Service::awaitDrained(milliseconds limit) const {
    const auto until = steady_clock::now() + limit;
    const auto drains = [](const Former& former) {
        return former.generation->state != GenerationState::kParked && former.gate->inside() > 0;
    };
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (std::none_of(former_.begin(), former_.end(), drains)) {
                return true;
            }
        }
        if (steady_clock::now() >= until) {
            return false;
        }
        std::this_thread::sleep_for(kDrainLook);
    }
}

Retirement Service::retireOld(milliseconds limit) {
    const auto until = steady_clock::now() + limit;
    Retirement done;
    for (;;) {
        while (auto former = takeDue()) {
            // The gate is free again before the library is gone: it counts entries and refers to nothing else.
            slot_.release(former->gate);
            ++(former->generation->retire() ? done.unloaded : done.pinned);
        }
        count(done);
        if (done.draining == 0 || steady_clock::now() >= until) {
            break;
        }
        std::this_thread::sleep_for(kDrainLook);
    }
    return done;
}

/// Counts what is past its window and not empty; parks what has been so for too long.
void Service::count(Retirement& done) {
    const std::lock_guard lock(mutex_);
    const auto now = steady_clock::now();
    done.draining = done.parked = 0;
    for (const Former& former : former_) {
        if (former.keep_until > now) {
            continue;
        }
        std::atomic<GenerationState>& state = former.generation->state;
        if (state != GenerationState::kParked && former.keep_until + options_.drain <= now) {
            state = GenerationState::kParked;
            observe::warn("an old generation is parked: work is still inside of it",
                          {{"service", name_},
                           {"version", former.generation->environment().version},
                           {"in_flight", std::to_string(former.gate->inside())}});
        }
        ++(state == GenerationState::kParked ? done.parked : done.draining);
    }
}

void Service::endWarm() {
    const std::lock_guard lock(mutex_);
    for (Former& former : former_) {
        former.keep_until = std::min(former.keep_until, steady_clock::now());
    }
}

bool Service::hasFormer() const {
    const std::lock_guard lock(mutex_);
    return !former_.empty();
}

int Service::parked() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::count_if(former_.begin(), former_.end(), [](const Former& former) {
        return former.generation->state == GenerationState::kParked;
    }));
}

void Service::shutDown(milliseconds limit) {
    {
        const std::lock_guard lock(mutex_);
        slot_.setCanary(nullptr, {});
        slot_.publish(nullptr);
        retireLater(std::exchange(canary_, {}), milliseconds{0});
        retireLater(std::exchange(active_, {}), milliseconds{0});
    }
    endWarm();
    retireOld(limit);
}

std::vector<GenerationReport> Service::report() const {
    const std::lock_guard lock(mutex_);
    std::vector<GenerationReport> rows;
    for (const Held* held : {&active_, &canary_}) {
        if (held->generation) {
            rows.push_back(reportOf(*held->generation, held->gate));
        }
    }
    const auto now = steady_clock::now();
    for (const Former& former : former_) {
        rows.push_back(reportOf(*former.generation, former.gate));
        if (former.keep_until > now) {
            const auto left = std::chrono::duration_cast<microseconds>(former.keep_until - now);
            rows.back().state = former.gate->inside() > 0 ? "draining" : "warm";
            rows.back().until_us = toMicros(clock_.now()) + left.count();
        }
    }
    return rows;
}

std::string Service::health() {
    const Lease lease = slot_.enter();
    return lease ? lease->health() : "no version of it is active";
}

std::shared_ptr<const validate::Manifest> Service::manifest() const {
    const std::lock_guard lock(mutex_);
    return active_.generation ? active_.generation->environment().manifest : nullptr;
}

std::optional<Environment> Service::active() const {
    const std::lock_guard lock(mutex_);
    return active_.generation ? std::optional(active_.generation->environment()) : std::nullopt;
}

std::optional<Environment> Service::canary() const {
    const std::lock_guard lock(mutex_);
    return canary_.generation ? std::optional(canary_.generation->environment()) : std::nullopt;
}

std::optional<Environment> Service::warm() const {
    const std::lock_guard lock(mutex_);
    const auto found = youngestWarm();
    return found == former_.end() ? std::nullopt : std::optional(found->generation->environment());
}

std::optional<std::pair<upgrade::Sample, upgrade::Sample>> Service::compare() const {
    const std::lock_guard lock(mutex_);
    if (!active_.generation || !canary_.generation) {
        return std::nullopt;
    }
    return std::pair(active_.generation->sample(), canary_.generation->sample());
}

stoa_status Service::onEvent(const std::string& topic, int partition, const stoa_event& event, stoa_tx* tx) {
    const std::string lane = fmt::format("{}/{}", topic, partition);
    const Lease lease = slot_.enter(Share{lane, true});
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

void Service::countEvent(std::uint64_t generation, bool failed) {
    const std::lock_guard lock(mutex_);
    for (const Held* held : {&active_, &canary_}) {
        if (held->generation && held->generation->environment().generation == generation) {
            ++held->generation->events;
            held->generation->event_errors += failed ? 1 : 0;
        }
    }
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
