#include "host/events/kafka/kafka_log.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "host/events/kafka/admin.h"
#include "host/events/kafka/producer.h"
#include "host/events/kafka/subscription.h"
#include "host/observe/log.h"

namespace stoa::host::events::kafka {
namespace {

class KafkaLog : public EventLog {
public:
    KafkaLog(const std::string& address, std::string instance_id, KafkaOptions options)
        : settings_(settingsOf(address, instance_id)),
          instance_id_(std::move(instance_id)),
          options_(std::move(options)) {
        if (!options_.debug.empty()) {
            settings_["debug"] = options_.debug;
        }
    }

    void ensureTopics(std::span<const TopicSpec> topics) override;
    std::vector<stoa_status> publish(std::span<const Record> records) override {
        return records.empty() ? std::vector<stoa_status>{} : producer()->publish(records);
    }
    std::unique_ptr<Subscription> subscribe(SubscriptionOptions options) override {
        return std::make_unique<KafkaSubscription>(settings_, options_, instance_id_, std::move(options));
    }
    std::vector<TopicInfo> topics(const std::vector<std::string>& names) override {
        const auto client = producer();
        return Admin(client->client(), options_).topics(names);
    }
    std::vector<Delivery> browse(const std::string& topic, int partition, std::int64_t from,
                                 std::size_t limit) override;
    std::vector<std::int64_t> committed(const std::string& group, const std::string& topic) override {
        const auto client = producer();
        return Admin(client->client(), options_).committed(group, topic);
    }
    std::string describe() const override { return "kafka://" + settings_.at("bootstrap.servers"); }

private:
    std::shared_ptr<Producer> producer();

    Settings settings_;
    std::string instance_id_;
    KafkaOptions options_;
    std::mutex mutex_;
    std::shared_ptr<Producer> producer_;
    std::set<std::string> known_topics_;
};

/// The one in use, or a new one in place of one that failed for good. Whoever still uses the old one ends it.
std::shared_ptr<Producer> KafkaLog::producer() {
    std::shared_ptr<Producer> old;
    const std::lock_guard lock(mutex_);
    if (producer_ && producer_->broken()) {
        observe::warn("kafka: the producer failed for good, making another", {});
        old = std::move(producer_);
    }
    if (!producer_) {
        producer_ = std::make_shared<Producer>(settings_, options_);
    }
    return producer_;
}

void KafkaLog::ensureTopics(std::span<const TopicSpec> topics) {
    {
        const std::lock_guard lock(mutex_);
        if (std::all_of(topics.begin(), topics.end(),
                        [&](const TopicSpec& topic) { return known_topics_.contains(topic.name); })) {
            return;
        }
    }
    const auto client = producer();
    Admin(client->client(), options_).ensureTopics(topics);
    const std::lock_guard lock(mutex_);
    for (const TopicSpec& topic : topics) {
        known_topics_.insert(topic.name);
    }
}

std::vector<Delivery> KafkaLog::browse(const std::string& topic, int partition, std::int64_t from, std::size_t limit) {
    const auto client = producer();
    if (partition < 0 || partition >= Admin(client->client(), options_).partitions(topic)) {
        throw Error(STOA_NOT_FOUND, "kafka: no partition " + std::to_string(partition) + " of topic " + topic);
    }
    return kafka::browse(settings_, options_, topic, partition, from, limit);
}

}  // namespace

std::unique_ptr<EventLog> openKafkaLog(const std::string& address, const std::string& instance_id,
                                       KafkaOptions options) {
    return std::make_unique<KafkaLog>(address, instance_id, std::move(options));
}

}  // namespace stoa::host::events::kafka
