/// A member of a Kafka consumer group: static membership, range assignment, offsets stored after the handler's commit.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "host/events/event_log.h"
#include "host/events/kafka/client.h"

namespace stoa::host::events::kafka {

class KafkaSubscription : public Subscription {
public:
    KafkaSubscription(Settings settings, KafkaOptions options, std::string instance_id, SubscriptionOptions wanted);
    ~KafkaSubscription() override;

    std::optional<Delivery> poll(std::chrono::milliseconds wait) override;
    void commit(const std::string& topic, int partition, std::int64_t next_offset) override;
    void pause(const std::string& topic, int partition) override;
    void resume(const std::string& topic, int partition) override;
    void setTopics(std::vector<std::string> topics) override;
    void close(bool leave) override;

private:
    /// What the client's callbacks are given. Empty once this subscription has left a client behind that would not
    /// close.
    struct Link {
        std::atomic<KafkaSubscription*> subscription;
    };
    using TopicPartition = std::pair<std::string, int>;

    static void onRebalance(rd_kafka_t* client, rd_kafka_resp_err_t event, rd_kafka_topic_partition_list_t* list,
                            void* link);
    static void onError(rd_kafka_t* client, int error, const char* reason, void* link);

    void connect();
    void disconnect(bool leave);
    void subscribe();
    /// Gives everything up and waits until that is done; what comes in between comes again later.
    void leaveGroup();
    void assign(const rd_kafka_topic_partition_list_t* list);
    void revoke(const rd_kafka_topic_partition_list_t* list);
    bool isStale(const std::vector<TopicPartition>& assigned) const;
    std::optional<Delivery> take(rd_kafka_message_t& message);
    void say(const std::string& notice) const;

    Settings settings_;
    KafkaOptions options_;
    std::string instance_id_;
    SubscriptionOptions wanted_;

    // Polling thread only (callbacks run inside its calls).
    std::string gone_;     ///< why the log was found gone
    bool broken_ = false;  ///< fenced or fatal: this client is of no more use
    bool first_assignment_ = true;
    bool rejoin_ = false;
    bool assigned_ = false;
    bool closed_ = false;

    std::mutex mutex_;  ///< client_ against commits and pauses of other threads
    rd_kafka_t* client_ = nullptr;
    std::shared_ptr<Link> link_;                     ///< of client_
    std::map<TopicPartition, std::int64_t> stored_;  ///< of what is assigned
};

}  // namespace stoa::host::events::kafka
