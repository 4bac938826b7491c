/// Topics of records: Kafka, or a durable log in one SQLite file for the hosts of one machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <stoa/error.h>

namespace stoa::host::events {

struct TopicSpec {
    std::string name;
    int partitions = 8;
};

/// What is written. Partition = hash of the key (Kafka's murmur2), so that both drivers place a key alike.
struct Record {
    std::string topic;
    std::string key;
    std::string value;
    std::vector<std::pair<std::string, std::string>> headers;
};

/// What is read.
struct Delivery {
    Record record;
    int partition = 0;
    std::int64_t offset = 0;
    std::int64_t time_us = 0;
};

struct TopicInfo {
    std::string name;
    std::vector<std::int64_t> begin;  ///< per partition: first offset that is still there
    std::vector<std::int64_t> end;    ///< per partition: offset of the next record
};

/// A member of a consumer group. `poll`, `setTopics` and `close` from one thread; the rest from any.
class Subscription {
public:
    virtual ~Subscription() = default;

    /// The next record of the partitions that are assigned and not paused; nothing after `wait`. Handles rebalances,
    /// whose callbacks run inside. Throws stoa::Error (STOA_UNAVAILABLE) when the log is gone; polling again
    /// reconnects.
    virtual std::optional<Delivery> poll(std::chrono::milliseconds wait) = 0;

    /// Everything of this partition before `next_offset` has been dealt with. Durable soon, at the latest on close and
    /// on revocation. Never goes backwards.
    virtual void commit(const std::string& topic, int partition, std::int64_t next_offset) = 0;

    /// Back-pressure: a paused partition keeps its assignment and its position.
    virtual void pause(const std::string& topic, int partition) = 0;
    virtual void resume(const std::string& topic, int partition) = 0;

    /// Another list of topics, or none. Takes at most one rebalance of the group, and says so through
    /// `SubscriptionOptions::on_notice`.
    virtual void setTopics(std::vector<std::string> topics) = 0;

    /// Commits what is pending and stops. `leave`: gives the partitions up at once; otherwise membership is kept for
    /// the session timeout, so that a restart gets the same ones back without a rebalance.
    virtual void close(bool leave) = 0;
};

struct SubscriptionOptions {
    std::string group;
    std::vector<std::string> topics;
    /// Called inside poll before partitions go: must return only when nothing of them is in flight.
    std::function<void(const std::vector<std::pair<std::string, int>>&)> on_revoke;
    std::function<void(const std::vector<std::pair<std::string, int>>&)> on_assign;
    std::function<void(const std::string&)> on_notice;  ///< for the log: rebalances, fencing, lost records
};

/// One per host; any thread.
class EventLog {
public:
    virtual ~EventLog() = default;

    /// Makes the topics that are missing; never changes one that is there. Throws STOA_UNAVAILABLE.
    virtual void ensureTopics(std::span<const TopicSpec> topics) = 0;

    /// Appends in order and waits for the acknowledgement of all (Kafka: acks=all, idempotent; embedded: synced to
    /// disk). One status each; STOA_OK means durable, anything else may or may not be there. Records of one (topic,
    /// key) keep their order: after a failure none of its later ones in the batch counts as acknowledged.
    virtual std::vector<stoa_status> publish(std::span<const Record> records) = 0;

    virtual std::unique_ptr<Subscription> subscribe(SubscriptionOptions options) = 0;

    /// Those of these topics that are there, by name. There is no way to ask for all: a cluster may have thousands that
    /// are somebody else's.
    virtual std::vector<TopicInfo> topics(const std::vector<std::string>& names) = 0;
    /// Records of a partition from an offset on, without any group; for `stoactl dlq`, projections and auditors.
    virtual std::vector<Delivery> browse(const std::string& topic, int partition, std::int64_t from,
                                         std::size_t limit) = 0;
    /// Committed positions of a group per topic and partition (-1: none); for lag.
    virtual std::vector<std::int64_t> committed(const std::string& group, const std::string& topic) = 0;
    virtual std::string describe() const = 0;
};

/// What the embedded log keeps; Kafka's retention is the cluster's.
struct Retention {
    std::chrono::hours age{7 * 24};
    std::int64_t bytes = std::int64_t{1} << 30;  ///< of the file; what a group has not read goes only beyond this
};

/// `instance_id` is the host's stable id (Kafka: group.instance.id). URLs: "sqlite:<path>",
/// "kafka://host:port[,…][/prefix]".
std::unique_ptr<EventLog> openEventLog(const std::string& url, const std::string& directory,
                                       const std::string& instance_id, Retention retention = {});

}  // namespace stoa::host::events
