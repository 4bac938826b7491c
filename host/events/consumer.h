/// What runs a plugin's event handler: in order per partition, once in effect, poison set aside.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <stoa/abi/sql.h>
#include <stoa/validate/manifest.h>

#include "host/base/work.h"
#include "host/events/cloud_event.h"
#include "host/events/surroundings.h"

namespace stoa::host::events {

class ConsumerRuntime;
class OutboxWriter;

/// Enters the plugin. Runs on a worker, inside a Work of this event (service, route = topic, correlation id, trace;
/// version and generation are the callee's to fill in) and inside the transaction that holds the inbox row, which the
/// runtime commits on STOA_OK and rolls back otherwise. The reason kept with a parked event is lastError() of that
/// Work. STOA_UNAVAILABLE, STOA_CONFLICT, STOA_DEADLINE and STOA_EXHAUSTED are tried again soon; the rest parks the
/// event. May throw stoa::Error, with the same meaning.
using Handle = std::function<stoa_status(const std::string& topic, const IncomingEvent&, stoa_tx*)>;

/// Runs a job on the plugin's worker pool; false when its queue is full (tried again soon). A job that was taken must
/// run, also during a drain.
using Submit = std::function<bool(std::function<void()>)>;

/// Told when the tries of an event from the log are over: handled, or given up and parked, by this generation of the
/// plugin. A race that was lost and won with the next try is none of its failures. Not told of events that no
/// generation saw, nor of replays of parked ones, which have been counted before. On a worker.
using Settled = std::function<void(std::uint64_t generation, bool failed)>;

struct ConsumerOptions {
    std::string service;  ///< also the group
    Settled settled = [](std::uint64_t, bool) {};
    std::size_t queue_high = 64;  ///< events that wait per partition: beyond, the partition is paused
    std::size_t queue_low = 16;   ///< and resumed here
    std::size_t run_length = 16;  ///< events of one partition per job, so that partitions take turns on the pool
    /// Partitions that are worked on at once; 0: one with SQLite, which has one writer anyway, else four. The rest of
    /// the pool stays free for requests.
    std::size_t parallel = 0;
    int quick_tries = 5;  ///< of a handler that answers with a transient status, before the event is parked
    std::chrono::milliseconds first_back_off{10};   ///< doubles with each try; with full jitter
    std::chrono::milliseconds max_back_off{5000};   ///< while the database is down nothing is parked, only waited for
    std::chrono::milliseconds revoke_wait{10'000};  ///< for a running handler when its partition goes
    std::chrono::milliseconds event_deadline{30'000};  ///< of one try, bounds its statements
    /// Replays of a parked event after these; then it is a dead letter.
    std::vector<std::chrono::milliseconds> schedule{std::chrono::seconds{1}, std::chrono::seconds{10},
                                                    std::chrono::seconds{60}};
    std::chrono::milliseconds replay_poll{5000};  ///< looks for parked events of hosts that are gone
    std::chrono::hours inbox_retention{14 * 24};  ///< longer than any topic keeps its records
};

/// "<topic>.dlq.<service>"
std::string deadLetterTopic(const std::string& topic, const std::string& service);

/// An event that waits to be tried again, or (held) for an operator.
struct ParkedEvent {
    std::int64_t position = 0;
    std::string topic;
    std::string key;
    std::string event_id;
    std::int64_t attempts = 0;
    std::int64_t due_us = 0;
    bool held = false;  ///< a dead letter whose key stays blocked (onPoison: hold)
    std::string reason;
    std::string data;
};

struct DeadLetter {
    std::string topic;  ///< of the event, not of the dead letters
    int partition = 0;  ///< of the record in the dead letter topic
    std::int64_t offset = 0;
    std::string event_id;
    std::string key;
    std::string reason;
    std::int64_t attempts = 0;
    std::int64_t time_us = 0;
    std::string data;
    std::vector<std::pair<std::string, std::string>> headers;
};

struct TopicProgress {
    std::string topic;
    std::vector<std::int64_t> committed;  ///< per partition; -1: nothing yet
    std::vector<std::int64_t> end;
    std::int64_t lag = 0;
};

struct ConsumerStatus {
    bool subscribed = false;  ///< the log accepted the subscription and answers
    int partitions = 0;       ///< assigned to this host
    std::size_t queued = 0;   ///< events in memory
    std::size_t in_flight = 0;
    std::int64_t parked = 0;
    std::int64_t held = 0;
    std::string problem;  ///< why nothing moves, or empty
};

/// One per plugin and host, whatever generation is active: the membership of the group (its name is the service's)
/// belongs to the host.
class Consumer {
public:
    Consumer(Surroundings surroundings, std::shared_ptr<const validate::Manifest> manifest, const OutboxWriter& outbox,
             Handle handle, Submit submit, ConsumerOptions options);
    ~Consumer();
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;

    /// Begins; returns at once. While the log or the database can't be reached it keeps trying, and status() says so.
    void start();
    /// A new generation's subscriptions and schemas, from the next event on.
    void update(std::shared_ptr<const validate::Manifest> manifest);
    /// Takes nothing new, finishes what runs, commits the offsets; stays a member. False at the deadline.
    bool drain(Deadline deadline);
    /// Drains for a moment and ends the membership (`leave`: partitions go to others at once).
    void close(bool leave);

    ConsumerStatus status() const;
    std::vector<TopicProgress> progress(std::span<const TopicInfo> topics) const;

    std::vector<ParkedEvent> parked(std::size_t limit) const;
    /// Tries a parked or held event (and then those behind it) now. STOA_NOT_FOUND.
    void retryParked(std::int64_t position);
    /// Gives a parked or held event up and releases its key. STOA_NOT_FOUND.
    void discardParked(std::int64_t position);

    /// Newest last; `from` is an offset in the dead letter topic. STOA_NOT_FOUND: not a topic of this service.
    std::vector<DeadLetter> deadLetters(const std::string& topic, std::int64_t from, std::size_t limit) const;
    /// Runs that dead letter through this service's handler again, in the background. False when its effect is there
    /// already. STOA_NOT_FOUND.
    bool redrive(const std::string& topic, int partition, std::int64_t offset);

private:
    std::unique_ptr<ConsumerRuntime> runtime_;
};

}  // namespace stoa::host::events
