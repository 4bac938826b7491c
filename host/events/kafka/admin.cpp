#include "host/events/kafka/admin.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <thread>
#include <utility>

namespace stoa::host::events::kafka {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTopicPoll{20};
constexpr std::chrono::milliseconds kLeaderPoll{100};

const rd_kafka_metadata_topic_t* find(const rd_kafka_metadata_t& metadata, const std::string& name) {
    for (int i = 0; i < metadata.topic_cnt; ++i) {
        if (metadata.topics[i].topic == name && metadata.topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return &metadata.topics[i];
        }
    }
    return nullptr;
}

bool hasLeaders(const rd_kafka_metadata_topic_t& topic) {
    return std::all_of(topic.partitions, topic.partitions + topic.partition_cnt,
                       [](const rd_kafka_metadata_partition_t& partition) { return partition.leader >= 0; });
}

}  // namespace

rd_kafka_resp_err_t whileLeadersMove(std::chrono::milliseconds limit, const std::function<rd_kafka_resp_err_t()>& ask,
                                     const std::function<void()>& refresh) {
    const auto until = steady_clock::now() + limit;
    while (true) {
        const rd_kafka_resp_err_t error = ask();
        const bool moves =
            error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
        if (!moves || steady_clock::now() > until) {
            return error;
        }
        std::this_thread::sleep_for(kLeaderPoll);
        refresh();
    }
}

/// At least one name: a question for none is, to a broker, one for all, and there may be thousands of others.
Metadata Admin::describe(const std::vector<std::string>& names) const {
    std::vector<Topic> asked;  // the client asks for what it has handles of
    for (const std::string& name : names) {
        asked.emplace_back(rd_kafka_topic_new(client_, name.c_str(), nullptr));
        if (!asked.back()) {
            fail(rd_kafka_last_error(), "topic \"" + name + "\"");
        }
    }
    const rd_kafka_metadata_t* metadata = nullptr;
    check(rd_kafka_metadata(client_, 0, nullptr, &metadata, timeoutMs()), "the brokers don't tell of our topics");
    return Metadata{metadata};
}

bool Admin::haveLeaders(const std::vector<std::string>& names) const {
    const Metadata metadata = describe(names);
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        const rd_kafka_metadata_topic_t* found = find(*metadata, name);
        return found != nullptr && hasLeaders(*found);
    });
}

void Admin::ensureTopics(std::span<const TopicSpec> topics) const {
    if (topics.empty()) {
        return;
    }
    std::vector<std::string> names;
    std::transform(topics.begin(), topics.end(), std::back_inserter(names),
                   [](const auto& topic) { return topic.name; });
    std::vector<TopicSpec> missing;
    {
        const Metadata metadata = describe(names);
        for (const TopicSpec& topic : topics) {
            if (find(*metadata, topic.name) == nullptr) {
                missing.push_back(topic);
            }
        }
    }
    if (!missing.empty()) {
        create(missing);
    }
    const auto until = steady_clock::now() + options_.request_timeout;
    while (!haveLeaders(names)) {
        if (steady_clock::now() > until) {
            throw Error(STOA_UNAVAILABLE, "kafka: topics were made but have no leader yet");
        }
        std::this_thread::sleep_for(kTopicPoll);
    }
}

void Admin::create(std::span<const TopicSpec> topics) const {
    std::vector<NewTopic> owned;
    std::vector<rd_kafka_NewTopic_t*> list;
    for (const TopicSpec& topic : topics) {
        std::array<char, 256> why{};
        constexpr int kBrokersDefault = -1;
        NewTopic made{
            rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, kBrokersDefault, why.data(), why.size())};
        if (!made) {
            throw Error(STOA_INVALID, "kafka: topic \"" + topic.name + "\": " + why.data());
        }
        list.push_back(made.get());
        owned.push_back(std::move(made));
    }
    const Queue queue{rd_kafka_queue_new(client_)};
    const AdminOptions options = adminOptions(RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(client_, list.data(), list.size(), options.get(), queue.get());
    const Event event = ask(queue.get(), "topics can't be made");
    std::size_t count = 0;
    const rd_kafka_topic_result_t** results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            fail(error, std::string{"topic "} + rd_kafka_topic_result_name(results[i]) + " can't be made");
        }
    }
}

AdminOptions Admin::adminOptions(rd_kafka_admin_op_t operation) const {
    AdminOptions options{rd_kafka_AdminOptions_new(client_, operation)};
    std::array<char, 256> why{};
    check(rd_kafka_AdminOptions_set_request_timeout(options.get(), timeoutMs(), why.data(), why.size()), why.data());
    return options;
}

Event Admin::ask(rd_kafka_queue_t* queue, const char* what) const {
    Event event{rd_kafka_queue_poll(queue, timeoutMs() * 2)};
    if (!event) {
        throw Error(STOA_UNAVAILABLE, std::string{"kafka: "} + what + ": no answer");
    }
    if (const rd_kafka_resp_err_t error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        throw Error(statusOf(error), std::string{"kafka: "} + what + ": " + rd_kafka_event_error_string(event.get()));
    }
    return event;
}

int Admin::partitions(const std::string& topic) const {
    const Metadata metadata = describe({topic});
    const rd_kafka_metadata_topic_t* found = find(*metadata, topic);
    return found == nullptr ? 0 : found->partition_cnt;
}

std::vector<TopicInfo> Admin::topics(const std::vector<std::string>& names) const {
    std::vector<TopicInfo> topics;
    if (names.empty()) {
        return topics;
    }
    {
        const Metadata metadata = describe(names);
        for (const std::string& name : std::set<std::string>(names.begin(), names.end())) {
            if (const rd_kafka_metadata_topic_t* found = find(*metadata, name)) {
                const std::vector<std::int64_t> zeros(static_cast<std::size_t>(found->partition_cnt), 0);
                topics.push_back({name, zeros, zeros});
            }
        }
    }
    if (!topics.empty()) {
        fillOffsets(topics, RD_KAFKA_OFFSET_BEGINNING);
        fillOffsets(topics, RD_KAFKA_OFFSET_END);
    }
    return topics;
}

/// One request per broker for all partitions. (Kafka takes -2 and -1 in the place of a time as beginning and end.)
void Admin::fillOffsets(std::vector<TopicInfo>& topics, std::int64_t which) const {
    Partitions list;
    const auto ask = [&] {
        list = newPartitions();
        for (const TopicInfo& topic : topics) {
            for (std::size_t i = 0; i < topic.end.size(); ++i) {
                rd_kafka_topic_partition_list_add(list.get(), topic.name.c_str(), static_cast<int>(i))->offset = which;
            }
        }
        return rd_kafka_offsets_for_times(client_, list.get(), timeoutMs());
    };
    const auto refresh = [&] {
        std::vector<std::string> names;
        std::transform(topics.begin(), topics.end(), std::back_inserter(names),
                       [](const auto& one) { return one.name; });
        describe(names);
    };
    check(whileLeadersMove(options_.request_timeout, ask, refresh), "the brokers don't tell their offsets");
    int at = 0;
    for (TopicInfo& topic : topics) {
        for (std::size_t i = 0; i < topic.end.size(); ++i) {
            const std::int64_t offset = std::max<std::int64_t>(list->elems[at++].offset, 0);
            (which == RD_KAFKA_OFFSET_END ? topic.end : topic.begin)[i] = offset;
        }
    }
}

std::vector<std::int64_t> Admin::committed(const std::string& group, const std::string& topic) const {
    const int count = partitions(topic);
    std::vector<std::int64_t> offsets(static_cast<std::size_t>(count), -1);
    if (count == 0) {
        return offsets;
    }
    const Partitions wanted = newPartitions();
    rd_kafka_topic_partition_list_add_range(wanted.get(), topic.c_str(), 0, count - 1);
    const GroupOffsets request{rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), wanted.get())};
    rd_kafka_ListConsumerGroupOffsets_t* requests = request.get();
    const Queue queue{rd_kafka_queue_new(client_)};
    const AdminOptions options = adminOptions(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_ListConsumerGroupOffsets(client_, &requests, 1, options.get(), queue.get());
    const Event event = ask(queue.get(), "the group's offsets are not told");
    std::size_t groups = 0;
    const rd_kafka_group_result_t** results = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &groups);
    for (std::size_t i = 0; i < groups; ++i) {
        const rd_kafka_topic_partition_list_t* list = rd_kafka_group_result_partitions(results[i]);
        for (int p = 0; list != nullptr && p < list->cnt; ++p) {
            if (list->elems[p].offset >= 0) {
                offsets.at(static_cast<std::size_t>(list->elems[p].partition)) = list->elems[p].offset;
            }
        }
    }
    return offsets;
}

Delivery deliveryOf(const rd_kafka_message_t& message) {
    Delivery delivery;
    delivery.record.topic = rd_kafka_topic_name(message.rkt);
    if (message.key != nullptr) {
        delivery.record.key.assign(static_cast<const char*>(message.key), message.key_len);
    }
    if (message.payload != nullptr) {
        delivery.record.value.assign(static_cast<const char*>(message.payload), message.len);
    }
    delivery.partition = message.partition;
    delivery.offset = message.offset;
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    delivery.time_us = std::max<std::int64_t>(rd_kafka_message_timestamp(&message, &type), 0) * 1000;
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char* name = nullptr;
        const void* value = nullptr;
        std::size_t size = 0;
        for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
             ++i) {
            delivery.record.headers.emplace_back(
                name, value == nullptr ? std::string{} : std::string{static_cast<const char*>(value), size});
        }
    }
    return delivery;
}

std::vector<Delivery> browse(Settings settings, const KafkaOptions& options, const std::string& topic, int partition,
                             std::int64_t from, std::size_t limit) {
    settings["group.id"] = "stoa.browse";  // asked for by the API; never joined, nothing is committed
    settings["enable.auto.commit"] = "false";
    settings["enable.partition.eof"] = "true";
    settings["auto.offset.reset"] = "earliest";
    rd_kafka_t* client = newClient(RD_KAFKA_CONSUMER, configure(settings));
    std::vector<Delivery> deliveries;
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    {
        const Partitions assigned = newPartitions();
        rd_kafka_topic_partition_list_add(assigned.get(), topic.c_str(), partition)->offset =
            std::max<std::int64_t>(from, 0);
        error = rd_kafka_assign(client, assigned.get());
        auto until = steady_clock::now() + options.request_timeout;
        while (error == RD_KAFKA_RESP_ERR_NO_ERROR && deliveries.size() < limit) {
            const Message message{rd_kafka_consumer_poll(client, 100)};
            if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                deliveries.push_back(deliveryOf(*message));
                until = steady_clock::now() + options.request_timeout;  // for the next one
            } else if (message) {
                error = message->err;
            } else if (steady_clock::now() > until) {
                error = RD_KAFKA_RESP_ERR__TIMED_OUT;
            }
        }
    }
    closeWithin(options.close_timeout, "reader of " + topic, [client] {
        rd_kafka_consumer_close(client);
        rd_kafka_destroy(client);
    });
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && error != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        fail(error, "reading " + topic);
    }
    return deliveries;
}

}  // namespace stoa::host::events::kafka
