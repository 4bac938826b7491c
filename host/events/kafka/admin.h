/// Questions to the cluster: topics, offsets, records without a group. Each throws stoa::Error.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "host/events/event_log.h"
#include "host/events/kafka/client.h"

namespace stoa::host::events::kafka {

/// Asks until the answer says nothing of leaders, for `limit` at most: a topic that was just made, or whose broker
/// went, has none for a moment. `refresh` has the client learn where they are.
rd_kafka_resp_err_t whileLeadersMove(std::chrono::milliseconds limit, const std::function<rd_kafka_resp_err_t()>& ask,
                                     const std::function<void()>& refresh);

/// Over a client that somebody else owns and polls; any thread.
class Admin {
public:
    Admin(rd_kafka_t* client, const KafkaOptions& options) : client_(client), options_(options) {}

    /// Returns once every broker that answers knows them.
    void ensureTopics(std::span<const TopicSpec> topics) const;
    std::vector<TopicInfo> topics(const std::vector<std::string>& names) const;
    std::vector<std::int64_t> committed(const std::string& group, const std::string& topic) const;
    /// 0: no such topic.
    int partitions(const std::string& topic) const;

private:
    Metadata describe(const std::vector<std::string>& names) const;
    bool haveLeaders(const std::vector<std::string>& names) const;
    void create(std::span<const TopicSpec> topics) const;
    void fillOffsets(std::vector<TopicInfo>& topics, std::int64_t which) const;
    Event ask(rd_kafka_queue_t* queue, const char* what) const;
    AdminOptions adminOptions(rd_kafka_admin_op_t operation) const;
    int timeoutMs() const { return static_cast<int>(options_.request_timeout.count()); }

    rd_kafka_t* client_;
    KafkaOptions options_;
};

/// Reads with a client of its own, which it closes again.
std::vector<Delivery> browse(Settings settings, const KafkaOptions& options, const std::string& topic, int partition,
                             std::int64_t from, std::size_t limit);

Delivery deliveryOf(const rd_kafka_message_t& message);

}  // namespace stoa::host::events::kafka
