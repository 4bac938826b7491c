#include "host/events/relay.h"

#include <algorithm>
#include <utility>

#include <stoa/time.h>

#include "host/base/crash_point.h"
#include "host/observe/log.h"

namespace stoa::host::events {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstBackOff{50};
constexpr milliseconds kClaimAgain{50};  // between tries for shards that another host has given back

}  // namespace

OutboxRelay::OutboxRelay(const Surroundings& surroundings, RelayOptions options)
    : surroundings_(surroundings),
      options_(std::move(options)),
      store_(surroundings.database, options_.host_id, options_.lease) {
    const observe::Labels labels{{"service", options_.service}};
    oldest_age_ = surroundings_.metrics.gauge("stoa_outbox_oldest_age_seconds",
                                              "Age of the oldest event that was not published yet", labels);
    published_ =
        surroundings_.metrics.counter("stoa_outbox_published_total", "Events published and acknowledged", labels);
    failures_ = surroundings_.metrics.counter("stoa_outbox_failures_total", "Events that the log did not take at a try",
                                              labels);
}

OutboxRelay::~OutboxRelay() { stop(); }

void OutboxRelay::ensureTopics(std::vector<TopicSpec> topics) {
    {
        const std::lock_guard lock(mutex_);
        missing_topics_ = std::move(topics);
    }
    wake();
}

void OutboxRelay::start() {
    thread_ = std::thread([this] { run(); });
}

void OutboxRelay::wake() {
    {
        const std::lock_guard lock(mutex_);
        ++wakes_;
    }
    changed_.notify_all();
}

bool OutboxRelay::flush(Deadline deadline) {
    wake();
    std::unique_lock lock(mutex_);
    const std::uint64_t target = wakes_;
    return changed_.wait_until(lock, deadline, [&] { return settled_ >= target || stopping_; }) && settled_ >= target;
}

void OutboxRelay::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (!thread_.joinable()) {
        return;
    }
    thread_.join();
    try {
        if (store_.shards() > 0) {
            store_.giveBack();
        }
    } catch (const Error& error) {
        observe::warn("outbox: leases were not given back, they expire by themselves",
                      {{"service", options_.service}, {"error", error.what()}});
    }
}

RelayStatus OutboxRelay::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

void OutboxRelay::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const std::uint64_t seen = wakes_;
        lock.unlock();
        const Pass result = tryPass();
        const milliseconds wait = pause(result);
        lock.lock();
        status_.shards = holdsFreshLeases() ? store_.shards() : 0;
        if (result == Pass::kDone) {
            settled_ = seen;
            status_.problem.clear();
            changed_.notify_all();
            changed_.wait_for(lock, wait, [&] { return stopping_ || wakes_ != seen; });
        } else if (result == Pass::kBlocked) {
            changed_.wait_for(lock, wait, [&] { return stopping_; });  // a commit would not help
        }
    }
}

milliseconds OutboxRelay::pause(Pass pass) {
    if (pass == Pass::kBlocked) {
        back_off_ = std::clamp(back_off_ * 2, kFirstBackOff, options_.max_back_off);
        return back_off_;
    }
    back_off_ = milliseconds{0};
    return steady_clock::now() - last_row_ < options_.busy_for ? options_.busy_poll : options_.idle_poll;
}

OutboxRelay::Pass OutboxRelay::tryPass() {
    std::string problem;
    try {
        return pass();
    } catch (const std::exception& error) {
        problem = error.what();
    }
    observe::warn("outbox: can't go on, trying again", {{"service", options_.service}, {"error", problem}});
    const std::lock_guard lock(mutex_);
    status_.problem = std::move(problem);
    return Pass::kBlocked;
}

OutboxRelay::Pass OutboxRelay::pass() {
    makeTopics();
    if (!holdsFreshLeases()) {
        if (!store_.hasRows()) {
            report({});
            return Pass::kDone;  // an idle relay writes nothing: its leases lapse
        }
        last_row_ = steady_clock::now();
    }
    if (mustRenew()) {
        const Instant asked = steady_clock::now();
        store_.renewLeases();
        crashPoint(CrashPoint::kOutboxLeased, options_.service);
        renewed_ = asked;
        leased_until_ = asked + options_.lease;
    }
    return publishAll();
}

void OutboxRelay::makeTopics() {
    std::vector<TopicSpec> topics;
    {
        const std::lock_guard lock(mutex_);
        topics.swap(missing_topics_);
    }
    if (topics.empty()) {
        return;
    }
    try {
        surroundings_.log.ensureTopics(topics);
    } catch (const Error&) {
        const std::lock_guard lock(mutex_);
        missing_topics_.insert(missing_topics_.end(), topics.begin(), topics.end());
        throw;
    }
}

/// With a third of it left: enough to read a batch and hand it to the log.
bool OutboxRelay::holdsFreshLeases() const { return steady_clock::now() + options_.lease / 3 < leased_until_; }

bool OutboxRelay::mustRenew() const {
    const Instant now = steady_clock::now();
    return !holdsFreshLeases() || (unclaimed_ && now - renewed_ >= kClaimAgain) ||
           (now - renewed_ >= options_.renew && now - last_row_ < options_.busy_for);
}

/// Nothing is left of what this host leases.
OutboxRelay::Pass OutboxRelay::settled() const { return unclaimed_ && mustRenew() ? Pass::kMore : Pass::kDone; }

OutboxRelay::Pass OutboxRelay::publishAll() {
    wakeOwners();  // they need not wait for what this host publishes
    std::set<TopicKey> blocked;
    // Renewals are asked for after a batch, not before it: a database that takes longer for one than they are apart
    // would otherwise see nothing but renewals.
    for (std::int64_t after = 0; holdsFreshLeases();) {
        const std::vector<OutboxRow> rows = store_.load(after, options_.batch);
        if (after == 0) {
            report(rows);
        }
        if (rows.empty()) {
            return blocked.empty() ? settled() : Pass::kBlocked;
        }
        last_row_ = steady_clock::now();
        std::vector<const OutboxRow*> free;
        for (const OutboxRow& row : rows) {
            if (!blocked.contains(row.key())) {
                free.push_back(&row);
            }
        }
        const Published published = publish(free, blocked);
        if (published.acknowledged.empty() && !published.refused && !free.empty()) {
            return Pass::kBlocked;  // the log is down: the rest would fare no better
        }
        if (!published.acknowledged.empty()) {
            crashPoint(CrashPoint::kOutboxAcknowledged, options_.service);
            store_.remove(published.acknowledged);
            crashPoint(CrashPoint::kOutboxRemoved, options_.service);
        }
        if (blocked.empty() && !store_.more()) {
            report({});  // what is committed from here on wakes this thread
            return settled();
        }
        // Rows of a key that is stuck stay in front; others may pass behind them.
        after = blocked.empty() ? 0 : rows.back().position;
        if (mustRenew()) {
            break;
        }
    }
    return blocked.empty() ? Pass::kMore : Pass::kBlocked;
}

/// What was acknowledged. The keys of the rest are added to `blocked`.
OutboxRelay::Published OutboxRelay::publish(const std::vector<const OutboxRow*>& rows, std::set<TopicKey>& blocked) {
    if (rows.empty()) {
        return {};
    }
    std::vector<Record> records;
    records.reserve(rows.size());
    for (const OutboxRow* row : rows) {
        records.push_back(row->record);
    }
    const std::vector<stoa_status> statuses = surroundings_.log.publish(records);
    Published published;
    std::string problem;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (statuses[i] == STOA_OK) {
            published.acknowledged.push_back(rows[i]);
        } else {
            published.refused |= statuses[i] != STOA_UNAVAILABLE;
            problem =
                "the log did not take an event of " + records[i].topic + ": " + std::string{statusName(statuses[i])};
            blocked.insert(rows[i]->key());
        }
    }
    const std::size_t failed = rows.size() - published.acknowledged.size();
    published_->add(static_cast<double>(published.acknowledged.size()));
    failures_->add(static_cast<double>(failed));
    if (failed > 0) {
        observe::warn("outbox: events were not acknowledged, trying again",
                      {{"service", options_.service}, {"events", std::to_string(failed)}, {"error", problem}});
    }
    const std::lock_guard lock(mutex_);
    status_.published += published.acknowledged.size();
    status_.failures += failed;
    status_.problem = problem;
    return published;
}

void OutboxRelay::wakeOwners() {
    unclaimed_ = false;
    if (store_.shards() == kOutboxShards) {
        return;
    }
    std::set<std::string> hosts;
    for (const std::string& owner : store_.ownersOfOtherRows()) {
        last_row_ = steady_clock::now();  // stay awake: if that host is gone, its shards are ours next
        if (!owner.empty()) {
            hosts.insert(owner);
        } else {
            unclaimed_ = true;  // whoever has fewer shards than its share takes them: this host or one of the others
            hosts.insert(store_.otherHosts().begin(), store_.otherHosts().end());
        }
    }
    if (options_.wake_owner) {
        std::for_each(hosts.begin(), hosts.end(), options_.wake_owner);
    }
}

void OutboxRelay::report(const std::vector<OutboxRow>& oldest_first) {
    const std::int64_t now = toMicros(surroundings_.clock.now());
    const double age =
        oldest_first.empty() ? 0 : std::max(0.0, static_cast<double>(now - oldest_first[0].created_us) / 1e6);
    oldest_age_->set(age);
    const std::lock_guard lock(mutex_);
    status_.oldest_age_seconds = age;
}

}  // namespace stoa::host::events
