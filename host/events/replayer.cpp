#include "host/events/replayer.h"

#include <algorithm>
#include <utility>

#include <stoa/time.h>

#include "host/base/crash_point.h"
#include "host/events/dead_letter.h"
#include "host/observe/log.h"

namespace stoa::host::events {
namespace {

constexpr std::size_t kHeadsAtOnce = 20;

std::int64_t micros(std::chrono::microseconds duration) { return duration.count(); }

}  // namespace

Replayer::Replayer(const Surroundings& surroundings, const Subscriptions& subscriptions, const EventRunner& runner,
                   const OutboxWriter& outbox, const ConsumerOptions& options)
    : surroundings_(surroundings), subscriptions_(subscriptions), runner_(runner), outbox_(outbox), options_(options) {
    const observe::Labels labels{{"service", options_.service}};
    parked_ = surroundings_.metrics.gauge("stoa_events_parked", "Events that wait to be tried again", labels);
    held_ = surroundings_.metrics.gauge("stoa_events_held", "Dead letters whose key waits for an operator", labels);
    dead_letters_ = surroundings_.metrics.counter("stoa_events_dead_letters_total", "Events given up", labels);
}

std::int64_t Replayer::now() const { return toMicros(surroundings_.clock.now()); }

bool Replayer::due() const { return now() >= next_us_; }

void Replayer::run() {
    // Whoever parks something from here on makes it zero, and we come again.
    next_us_ = now() + micros(options_.replay_poll);
    for (bool progress = true; progress;) {
        std::vector<ParkedRow> heads;
        {
            const auto transaction = surroundings_.database.begin(sql::Mode::kRead);
            heads = runner_.parked().dueHeads(*transaction, now(), kHeadsAtOnce);
        }
        progress = false;
        for (ParkedRow& head : heads) {
            progress |= replay(std::move(head));
        }
    }
    plan();
}

/// False when this head stays where it is, so that a pass over the same heads would be in vain.
bool Replayer::replay(ParkedRow row) {
    bool mine = false;
    const std::int64_t lease_end = now() + micros(options_.event_deadline) + micros(std::chrono::seconds{5});
    surroundings_.database.transact(sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        mine = runner_.parked().claim(transaction, row, lease_end);
    });
    if (!mine) {
        return false;
    }
    const Attempt attempt = runner_.runParked(row);
    switch (attempt.outcome) {
        case Outcome::kDone:
        case Outcome::kDuplicate:
            observe::info("events: a parked event was handled",
                          {{"service", options_.service}, {"topic", row.topic}, {"event_id", row.event_id}});
            return true;
        case Outcome::kStoreDown:
            throw Error(STOA_UNAVAILABLE, attempt.reason);
        default:
            failed(row, attempt);
            return true;
    }
}

void Replayer::failed(const ParkedRow& row, const Attempt& attempt) {
    const auto next = static_cast<std::size_t>(row.attempts) + 1;
    if (next >= options_.schedule.size()) {
        bury(row, attempt.reason);
        return;
    }
    surroundings_.database.transact(sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        runner_.parked().postpone(transaction, row, now() + micros(options_.schedule[next]), attempt.reason);
    });
    crashPoint(CrashPoint::kEventPostponed, options_.service);
}

/// The dead letter travels through the outbox: written in the transaction that ends the parked row, it is neither lost
/// nor written for an event that another host has handled after all.
void Replayer::bury(const ParkedRow& row, const std::string& reason) {
    const auto subscription = subscriptions_.find(row.topic);
    const bool hold = subscription && subscription->hold_on_poison;
    surroundings_.database.transact(sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        const bool mine =
            hold ? runner_.parked().hold(transaction, row, reason) : runner_.parked().finish(transaction, row);
        if (mine) {
            outbox_.appendRecord(transaction, deadLetterRecord(row, options_.service, reason));
        }
    });
    crashPoint(CrashPoint::kEventBuried, options_.service);
    dead_letters_->add();
    observe::error(hold ? "events: gave an event up; its key is held until it is redriven or discarded"
                        : "events: gave an event up; look at the dead letters and redrive it once the cause is mended",
                   {{"service", options_.service},
                    {"topic", row.topic},
                    {"event_id", row.event_id},
                    {"key", row.key},
                    {"error", reason}});
}

void Replayer::plan() {
    const auto transaction = surroundings_.database.begin(sql::Mode::kRead);
    const auto [waiting, held] = runner_.parked().count(*transaction);
    parked_->set(static_cast<double>(waiting));
    held_->set(static_cast<double>(held));
    if (const auto next = runner_.parked().nextDue(*transaction)) {
        std::int64_t planned = next_us_;
        while (*next < planned && !next_us_.compare_exchange_weak(planned, *next)) {
        }
    }
}

}  // namespace stoa::host::events
