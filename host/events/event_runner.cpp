#include "host/events/event_runner.h"

#include <algorithm>
#include <utility>

#include <stoa/json.h>
#include <stoa/time.h>

#include "host/base/crash_point.h"
#include "host/base/ids.h"
#include "host/observe/trace.h"
#include "host/sql/sql_capability.h"

namespace stoa::host::events {
namespace {

using std::chrono::steady_clock;

bool passes(stoa_status status) {
    return status == STOA_UNAVAILABLE || status == STOA_CONFLICT || status == STOA_DEADLINE || status == STOA_EXHAUSTED;
}

std::string describe(const std::vector<validate::Violation>& violations) {
    std::string text = "the data do not fit the subscription's schema:";
    for (const validate::Violation& violation : violations) {
        text += " " + (violation.pointer.empty() ? "(all)" : violation.pointer) + " " + violation.why + ";";
    }
    text.pop_back();
    return text;
}

}  // namespace

void Subscriptions::set(std::shared_ptr<const validate::Manifest> manifest) {
    const std::lock_guard lock(mutex_);
    manifest_ = std::move(manifest);
}

std::vector<std::string> Subscriptions::topics() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> topics;
    for (const validate::Subscription& subscription : manifest_->subscribes) {
        topics.push_back(subscription.topic);
    }
    return topics;
}

std::shared_ptr<const validate::Subscription> Subscriptions::find(const std::string& topic) const {
    const std::lock_guard lock(mutex_);
    for (const validate::Subscription& subscription : manifest_->subscribes) {
        if (subscription.topic == topic) {
            return {manifest_, &subscription};
        }
    }
    return {};
}

EventRunner::EventRunner(const Surroundings& surroundings, const Subscriptions& subscriptions, Handle handle,
                         const ConsumerOptions& options)
    : surroundings_(surroundings),
      subscriptions_(subscriptions),
      handle_(std::move(handle)),
      options_(options),
      inbox_(options.service),
      parked_(options.service),
      duration_(surroundings.metrics.histogram("stoa_event_handler_duration_seconds",
                                               "Time of one try of an event, with its transaction",
                                               {{"service", options.service}})) {}

std::int64_t EventRunner::now() const { return toMicros(surroundings_.clock.now()); }

std::string EventRunner::idOf(const Delivery& delivery) {
    const std::string_view id = header(delivery.record, "ce_id");
    if (!id.empty() && id.size() <= kMaxIdBytes && asText(id) == id) {
        return std::string{id};
    }
    return delivery.record.topic + "/" + std::to_string(delivery.partition) + "/" + std::to_string(delivery.offset);
}

tl::expected<IncomingEvent, Attempt> EventRunner::read(const Delivery& delivery) const {
    const auto subscription = subscriptions_.find(delivery.record.topic);
    if (!subscription) {
        return tl::unexpected(Attempt{Outcome::kForeign, "the active version does not subscribe to it"});
    }
    auto event = readCloudEvent(delivery);
    if (!event) {
        return tl::unexpected(Attempt{Outcome::kPoison, std::move(event.error())});
    }
    const auto data = parseJson(event->data);
    if (!data) {
        return tl::unexpected(Attempt{Outcome::kPoison, "the data are not JSON: " + data.error()});
    }
    if (const auto violations = subscription->schema.check(*data); !violations.empty()) {
        return tl::unexpected(Attempt{Outcome::kPoison, describe(violations)});
    }
    return std::move(*event);
}

Attempt EventRunner::runFresh(const Delivery& delivery) const {
    const auto event = read(delivery);
    if (!event) {
        return event.error();
    }
    return run(*event, [&](sql::Transaction& transaction, const IncomingEvent&) {
        if (parked_.enterInbox(transaction, event->id, event->topic, event->key, now())) {
            return Outcome::kDone;
        }
        if (inbox_.contains(transaction, event->id)) {
            return Outcome::kDuplicate;
        }
        parked_.park(transaction, delivery, event->id, 0, "behind an earlier event of its key", now());
        return Outcome::kBlocked;
    });
}

Attempt EventRunner::runParked(const ParkedRow& row) const {
    const auto event = read(row.delivery);
    if (!event) {
        return event.error();
    }
    return run(*event, [&](sql::Transaction& transaction, const IncomingEvent&) {
        if (!parked_.finish(transaction, row)) {
            return Outcome::kForeign;  // our claim ran out and another host has taken it up
        }
        return inbox_.enter(transaction, event->id, now()) ? Outcome::kDone : Outcome::kDuplicate;
    });
}

void EventRunner::park(const Delivery& delivery, const std::string& reason) const {
    surroundings_.database.transact(sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        const bool first = !parked_.blocks(transaction, delivery.record.topic, delivery.record.key);
        const std::int64_t wait =
            first && !options_.schedule.empty() ? std::chrono::microseconds{options_.schedule[0]}.count() : 0;
        parked_.park(transaction, delivery, idOf(delivery), first ? now() + wait : 0, reason, now());
    });
    crashPoint(CrashPoint::kEventParked, options_.service);
}

Work EventRunner::workOf(const IncomingEvent& event) const {
    Work work;
    work.service = options_.service;
    work.route = event.topic;
    work.correlation_id = event.correlation_id.empty() ? event.id : event.correlation_id;
    if (const auto parent = observe::parseTraceparent(event.traceparent)) {
        work.trace_id = parent->trace_id;
        work.span_id = parent->span_id;
        work.sampled = parent->sampled;
    } else {
        work.trace_id = observe::newTraceId();
    }
    work.deadline = steady_clock::now() + options_.event_deadline;
    return work;
}

Attempt EventRunner::run(const IncomingEvent& event, const Admit& admit) const {
    Work work = workOf(event);
    const WorkScope scope(work);
    const auto began = steady_clock::now();
    Attempt attempt;
    try {
        attempt = runIn(work, event, admit);
    } catch (const std::exception& error) {
        // Not the handler: the database, before or at the commit.
        attempt = {Outcome::kStoreDown, error.what()};
    }
    attempt.generation = work.generation;
    duration_->observe(std::chrono::duration<double>(steady_clock::now() - began).count());
    return attempt;
}

Attempt EventRunner::runIn(Work& work, const IncomingEvent& event, const Admit& admit) const {
    sql::TxHandle tx(surroundings_.database, surroundings_.database.begin(sql::Mode::kWrite, work.deadline), &work);
    const Outcome admitted = admit(tx.transaction(), event);
    if (admitted == Outcome::kForeign) {
        return {admitted, "another host has it"};
    }
    if (admitted == Outcome::kDone) {
        Attempt attempt = callHandler(event, tx.raw());
        if (attempt.outcome != Outcome::kDone) {
            return attempt;
        }
    }
    try {
        tx.commit();
        crashPoint(CrashPoint::kEventCommitted);
    } catch (const Error& error) {
        if (error.status() == STOA_UNAVAILABLE || error.status() == STOA_EXHAUSTED) {
            throw;
        }
        // The handler's doing: it lost a race, or went on after a statement of its had failed.
        return {passes(error.status()) ? Outcome::kTransient : Outcome::kPoison, error.what()};
    }
    return {admitted, {}};
}

Attempt EventRunner::callHandler(const IncomingEvent& event, stoa_tx* tx) const {
    setLastError({});
    stoa_status status = STOA_INTERNAL;
    std::string reason;
    try {
        status = handle_(event.topic, event, tx);
        reason = lastError();
    } catch (const Error& error) {
        status = error.status();
        reason = error.what();
    } catch (const std::exception& error) {
        reason = error.what();
    }
    if (status == STOA_OK) {
        return {};
    }
    std::string text{statusName(status)};
    if (!reason.empty()) {
        text += ": " + reason;
    }
    return {passes(status) ? Outcome::kTransient : Outcome::kPoison, std::move(text)};
}

}  // namespace stoa::host::events
