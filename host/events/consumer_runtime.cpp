#include "host/events/consumer_runtime.h"

#include <algorithm>
#include <random>
#include <utility>

#include <stoa/time.h>

#include "host/base/crash_point.h"
#include "host/observe/log.h"

namespace stoa::host::events {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Of the consumer's thread: while something waits for another try, and otherwise.
constexpr milliseconds kSoon{5};
constexpr milliseconds kIdle{100};
constexpr milliseconds kLogBackOff{500};
constexpr std::chrono::minutes kPruneInterval{30};

LaneOptions laneOptions(const ConsumerOptions& options, sql::Dialect dialect) {
    const std::size_t usual = dialect == sql::Dialect::kSqlite ? 1 : 4;
    return {options.queue_high, options.queue_low, options.run_length, options.parallel > 0 ? options.parallel : usual};
}

milliseconds jitter(milliseconds most) {
    thread_local std::minstd_rand random{std::random_device{}()};
    return milliseconds{std::uniform_int_distribution<std::int64_t>{most.count() / 2, most.count()}(random)};
}

}  // namespace

ConsumerRuntime::ConsumerRuntime(const Surroundings& surroundings, std::shared_ptr<const validate::Manifest> manifest,
                                 const OutboxWriter& outbox, Handle handle, Submit submit, ConsumerOptions options)
    : surroundings_(surroundings),
      options_(std::move(options)),
      submit_(std::move(submit)),
      runner_(surroundings_, subscriptions_, std::move(handle), options_),
      replayer_(surroundings_, subscriptions_, runner_, outbox, options_),
      lanes_(laneOptions(options_, surroundings.database.dialect()), laneCalls()) {
    subscriptions_.set(std::move(manifest));
}

LaneCalls ConsumerRuntime::laneCalls() {
    LaneCalls calls;
    calls.handle = [this](const Delivery& delivery, int tries) { return this->handle(delivery, tries); };
    calls.submit = submit_;
    calls.commit = [this](const Delivery& delivery) {
        subscription_->commit(delivery.record.topic, delivery.partition, delivery.offset + 1);
        crashPoint(CrashPoint::kEventOffset, options_.service);
    };
    calls.pause = [this](const std::string& topic, int partition) { subscription_->pause(topic, partition); };
    calls.resume = [this](const std::string& topic, int partition) { subscription_->resume(topic, partition); };
    return calls;
}

void ConsumerRuntime::start() {
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable() && !subscriptions_.topics().empty() && state_ == State::kRunning) {
        thread_ = std::thread([this] { run(); });
    }
}

void ConsumerRuntime::update(std::shared_ptr<const validate::Manifest> manifest) {
    auto before = subscriptions_.topics();
    subscriptions_.set(std::move(manifest));
    auto after = subscriptions_.topics();
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
    if (before != after) {
        const std::lock_guard lock(mutex_);
        topics_changed_ = true;
    }
    start();
}

bool ConsumerRuntime::drain(Deadline deadline) {
    {
        const std::lock_guard lock(mutex_);
        if (!thread_.joinable()) {
            return true;
        }
        if (state_ == State::kRunning) {
            state_ = State::kDraining;
        }
    }
    changed_.notify_all();
    const bool ended = lanes_.dropAllAndWait(deadline);
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, [&] { return drained_ && background_jobs_ == 0; }) && ended;
}

void ConsumerRuntime::close(bool leave) {
    {
        const std::lock_guard lock(mutex_);
        state_ = State::kClosing;
        leave_ = leave;
    }
    changed_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
    // Jobs refer to this object: they end, however long the handler takes.
    lanes_.dropAllAndWait(steady_clock::now() + options_.revoke_wait);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return background_jobs_ == 0; });
}

void ConsumerRuntime::run() {
    while (turn()) {
    }
    lanes_.dropAllAndWait(steady_clock::now() + options_.revoke_wait);
    if (!subscription_) {
        return;
    }
    try {
        subscription_->close(leave_);
    } catch (const std::exception& error) {
        observe::warn("events: closing the subscription failed; what was not committed comes again",
                      {{"service", options_.service}, {"error", error.what()}});
    }
}

/// False: the end.
bool ConsumerRuntime::turn() {
    {
        std::unique_lock lock(mutex_);
        if (state_ == State::kDraining) {
            drained_ = true;
            changed_.notify_all();
            changed_.wait(lock, [&] { return state_ != State::kDraining; });
        }
        if (state_ == State::kClosing) {
            return false;
        }
    }
    try {
        if (!subscription_) {
            connect();
        }
        applyTopics();
        replayIfDue();
        pruneIfDue();
        const bool soon = lanes_.dispatch();
        if (auto delivery = subscription_->poll(soon ? kSoon : kIdle)) {
            lanes_.add(std::move(*delivery));
        }
        noteLog({});
    } catch (const std::exception& error) {
        noteLog(error.what());
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, kLogBackOff, [&] { return state_ != State::kRunning; });
    }
    return true;
}

void ConsumerRuntime::makeTopics(const std::vector<std::string>& topics) {
    std::vector<TopicSpec> specs;
    for (const std::string& topic : topics) {
        specs.push_back({topic, TopicSpec{}.partitions});
        specs.push_back({deadLetterTopic(topic, options_.service), 1});
    }
    surroundings_.log.ensureTopics(specs);
}

void ConsumerRuntime::connect() {
    SubscriptionOptions wanted;
    wanted.group = options_.service;
    wanted.topics = subscriptions_.topics();
    makeTopics(wanted.topics);
    wanted.on_assign = [this](const auto& partitions) {
        const std::lock_guard lock(mutex_);
        partitions_ += static_cast<int>(partitions.size());
    };
    wanted.on_revoke = [this](const auto& partitions) {
        if (!lanes_.revoke(partitions, steady_clock::now() + options_.revoke_wait)) {
            observe::warn(
                "events: a handler still runs while its partition goes; its event may be handled elsewhere too",
                {{"service", options_.service}});
        }
        const std::lock_guard lock(mutex_);
        partitions_ -= static_cast<int>(partitions.size());
    };
    wanted.on_notice = [this](const std::string& notice) {
        observe::info("events: notice of the log", {{"service", options_.service}, {"notice", notice}});
    };
    subscription_ = surroundings_.log.subscribe(std::move(wanted));
}

void ConsumerRuntime::applyTopics() {
    {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(topics_changed_, false)) {
            return;
        }
    }
    try {
        const std::vector<std::string> topics = subscriptions_.topics();
        makeTopics(topics);
        subscription_->setTopics(topics);
    } catch (...) {
        const std::lock_guard lock(mutex_);
        topics_changed_ = true;  // with the next turn
        throw;
    }
}

bool ConsumerRuntime::background(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        ++background_jobs_;
    }
    const auto ended = [this] {
        const std::lock_guard lock(mutex_);  // also while notifying: whoever waits may destroy this
        --background_jobs_;
        changed_.notify_all();
    };
    const bool taken = submit_([this, job = std::move(job), ended] {
        try {
            job();
        } catch (const std::exception& error) {
            observe::warn("events: background work failed, done again later",
                          {{"service", options_.service}, {"error", error.what()}});
        }
        ended();
    });
    if (!taken) {
        ended();
    }
    return taken;
}

void ConsumerRuntime::replayIfDue() {
    {
        const std::lock_guard lock(mutex_);
        if (replaying_ || !replayer_.due()) {
            return;
        }
        replaying_ = true;
    }
    const auto done = [this] {
        const std::lock_guard lock(mutex_);
        replaying_ = false;
    };
    const bool taken = background([this, done] {
        try {
            replayer_.run();
        } catch (...) {
            done();
            throw;
        }
        done();
    });
    if (!taken) {
        done();
    }
}

void ConsumerRuntime::pruneIfDue() {
    if (steady_clock::now() < next_prune_) {
        return;
    }
    const bool taken = background([this] {
        const std::int64_t before =
            toMicros(surroundings_.clock.now()) - std::chrono::microseconds{options_.inbox_retention}.count();
        surroundings_.database.transact(
            sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) { runner_.inbox().prune(transaction, before); });
    });
    if (taken) {
        next_prune_ = steady_clock::now() + kPruneInterval;
    }
}

Verdict ConsumerRuntime::handle(const Delivery& delivery, int tries) {
    return judge(delivery, runner_.runFresh(delivery), tries);
}

Verdict ConsumerRuntime::judge(const Delivery& delivery, const Attempt& attempt, int tries) {
    const std::string& topic = delivery.record.topic;
    switch (attempt.outcome) {
        case Outcome::kDone:
            noteStore({});
            count(topic, "handled");
            settle(attempt, false);
            return {};
        case Outcome::kDuplicate:
            count(topic, "duplicate");
            return {};
        case Outcome::kBlocked:
            count(topic, "parked");
            replayer_.wake();
            return {};
        case Outcome::kForeign:
            return {true, false, {}};
        case Outcome::kStoreDown:
            noteStore(attempt.reason);
            return {false, false, backOff(tries)};
        case Outcome::kTransient:
            count(topic, "retried");
            if (tries + 1 < options_.quick_tries) {
                return {false, false, tries == 0 ? milliseconds{0} : backOff(tries)};
            }
            return park(delivery, attempt, tries);
        case Outcome::kPoison:
            return park(delivery, attempt, tries);
    }
    return {};
}

Verdict ConsumerRuntime::park(const Delivery& delivery, const Attempt& attempt, int tries) {
    try {
        runner_.park(delivery, attempt.reason);
    } catch (const std::exception& error) {
        noteStore(error.what());
        return {false, false, backOff(tries)};
    }
    count(delivery.record.topic, "parked");
    settle(attempt, true);
    observe::warn("events: parked an event and what follows of its key",
                  {{"service", options_.service},
                   {"topic", delivery.record.topic},
                   {"event_id", EventRunner::idOf(delivery)},
                   {"partition", std::to_string(delivery.partition)},
                   {"offset", std::to_string(delivery.offset)},
                   {"error", attempt.reason}});
    replayer_.wake();
    return {};
}

void ConsumerRuntime::settle(const Attempt& attempt, bool failed) {
    if (attempt.generation != 0) {
        options_.settled(attempt.generation, failed);
    }
}

milliseconds ConsumerRuntime::backOff(int tries) const {
    const milliseconds grown = options_.first_back_off * (1 << std::min(tries, 12));
    return jitter(std::min(grown, options_.max_back_off));
}

void ConsumerRuntime::count(const std::string& topic, const std::string& result) {
    std::shared_ptr<observe::Counter> counter;
    {
        const std::lock_guard lock(mutex_);
        auto& kept = counters_[{topic, result}];
        if (!kept) {
            kept =
                surroundings_.metrics.counter("stoa_events_consumed_total", "Events that came, by what became of them",
                                              {{"service", options_.service}, {"topic", topic}, {"result", result}});
        }
        counter = kept;
    }
    counter->add();
}

void ConsumerRuntime::noteLog(const std::string& problem) {
    const std::lock_guard lock(mutex_);
    if (!problem.empty() && problem != log_problem_) {
        observe::warn("events: the log does not answer, trying again",
                      {{"service", options_.service}, {"error", problem}});
    }
    log_problem_ = problem;
    subscribed_ = problem.empty();
}

void ConsumerRuntime::noteStore(const std::string& problem) {
    const std::lock_guard lock(mutex_);
    if (!problem.empty() && problem != store_problem_) {
        observe::warn("events: the database does not take an event, trying again",
                      {{"service", options_.service}, {"error", problem}});
    }
    store_problem_ = problem;
}

ConsumerStatus ConsumerRuntime::status() const {
    ConsumerStatus status;
    status.queued = lanes_.queued();
    status.in_flight = lanes_.inFlight();
    const std::lock_guard lock(mutex_);
    status.subscribed = subscribed_;
    status.partitions = partitions_;
    status.problem = log_problem_.empty() ? store_problem_ : log_problem_;
    return status;
}

}  // namespace stoa::host::events
