#include "host/events/kafka/stack/broker_topics.h"

#include <string_view>

#include "host/events/kafka/client.h"

namespace stoa::host::events::kafka {
namespace {

constexpr int kTimeoutMs = 30'000;

using Client = std::unique_ptr<rd_kafka_t, FreeWith<rd_kafka_destroy>>;
using DeleteTopic = std::unique_ptr<rd_kafka_DeleteTopic_t, FreeWith<rd_kafka_DeleteTopic_destroy>>;

Client connect(const std::string& brokers) {
    return Client{newClient(RD_KAFKA_PRODUCER, configure(settingsOf(brokers, "tests")))};
}

}  // namespace

std::vector<std::string> topicsThatBeginWith(const std::string& brokers, const std::string& prefix) {
    const Client client = connect(brokers);
    const rd_kafka_metadata_t* answer = nullptr;
    check(rd_kafka_metadata(client.get(), 1, nullptr, &answer, kTimeoutMs), "the brokers don't tell their topics");
    const Metadata metadata{answer};
    std::vector<std::string> names;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
        if (std::string_view{metadata->topics[i].topic}.starts_with(prefix)) {
            names.emplace_back(metadata->topics[i].topic);
        }
    }
    return names;
}

void removeTopics(const std::string& brokers, const std::vector<std::string>& names) {
    if (names.empty()) {
        return;
    }
    const Client client = connect(brokers);
    std::vector<DeleteTopic> owned;
    std::vector<rd_kafka_DeleteTopic_t*> list;
    list.reserve(names.size());
    for (const std::string& name : names) {
        list.push_back(owned.emplace_back(rd_kafka_DeleteTopic_new(name.c_str())).get());
    }
    const Queue queue{rd_kafka_queue_new(client.get())};
    rd_kafka_DeleteTopics(client.get(), list.data(), list.size(), nullptr, queue.get());
    const Event event{rd_kafka_queue_poll(queue.get(), kTimeoutMs)};
    if (!event) {
        throw Error(STOA_UNAVAILABLE, "kafka: topics can't be removed: no answer");
    }
    check(rd_kafka_event_error(event.get()), "topics can't be removed");
    std::size_t count = 0;
    const rd_kafka_topic_result_t** results =
        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
        if (error != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
            check(error, std::string{"topic "} + rd_kafka_topic_result_name(results[i]) + " can't be removed");
        }
    }
}

}  // namespace stoa::host::events::kafka
