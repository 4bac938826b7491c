#include "host/events/kafka/subscription.h"

#include <algorithm>
#include <array>
#include <set>

#include "host/events/kafka/admin.h"
#include "host/observe/log.h"

namespace stoa::host::events::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::vector<std::pair<std::string, int>> namesOf(const rd_kafka_topic_partition_list_t* list) {
    std::vector<std::pair<std::string, int>> names;
    names.reserve(static_cast<std::size_t>(list->cnt));
    for (int i = 0; i < list->cnt; ++i) {
        names.emplace_back(list->elems[i].topic, list->elems[i].partition);
    }
    return names;
}

Partitions listOf(const std::string& topic, int partition) {
    Partitions list = newPartitions();
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
    return list;
}

}  // namespace

KafkaSubscription::KafkaSubscription(Settings settings, KafkaOptions options, std::string instance_id,
                                     SubscriptionOptions wanted)
    : settings_(std::move(settings)),
      options_(options),
      instance_id_(std::move(instance_id)),
      wanted_(std::move(wanted)) {
    settings_["group.id"] = wanted_.group;
    settings_["group.instance.id"] = instance_id_;
    // cooperative-sticky can crash when closed before its first assignment (librdkafka before 2.3).
    settings_["partition.assignment.strategy"] = "range";
    settings_["session.timeout.ms"] = std::to_string(options_.session_timeout.count());
    settings_["heartbeat.interval.ms"] = "1000";
    settings_["max.poll.interval.ms"] = "600000";
    settings_["auto.offset.reset"] = "earliest";
    // What is stored is committed in the background, on revocation and on close; only commit() stores.
    settings_["enable.auto.commit"] = "true";
    settings_["auto.commit.interval.ms"] = "200";
    settings_["enable.auto.offset.store"] = "false";
    settings_["fetch.error.backoff.ms"] = "100";
    settings_["queued.min.messages"] = "1000";
    settings_["queued.max.messages.kbytes"] = "4096";
}

KafkaSubscription::~KafkaSubscription() { close(false); }

void KafkaSubscription::connect() {
    Configuration configuration = configure(settings_);
    auto link = std::make_shared<Link>();
    link->subscription = this;
    rd_kafka_conf_set_opaque(configuration.get(), link.get());
    rd_kafka_conf_set_rebalance_cb(configuration.get(), &KafkaSubscription::onRebalance);
    rd_kafka_conf_set_error_cb(configuration.get(), &KafkaSubscription::onError);
    rd_kafka_t* client = newClient(RD_KAFKA_CONSUMER, std::move(configuration));
    rd_kafka_poll_set_consumer(client);
    {
        const std::lock_guard lock(mutex_);
        client_ = client;
    }
    link_ = std::move(link);
    broken_ = false;
    first_assignment_ = true;
    subscribe();
}

void KafkaSubscription::subscribe() {
    if (wanted_.topics.empty()) {
        return;
    }
    const Partitions topics = newPartitions();
    for (const std::string& topic : wanted_.topics) {
        rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    }
    check(rd_kafka_subscribe(client_, topics.get()), "subscribing");
}

std::optional<Delivery> KafkaSubscription::poll(milliseconds wait) {
    if (closed_) {
        throw Error(STOA_INVALID, "kafka: poll after close");
    }
    if (broken_) {
        disconnect(false);
    }
    if (client_ == nullptr) {
        connect();
    }
    if (std::exchange(rejoin_, false)) {
        say("the group's assignment is of another list of topics (KAFKA-12759): leaves and joins again");
        leaveGroup();
        subscribe();
    }
    const auto until = steady_clock::now() + wait;
    for (;;) {
        const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
        const Message message{
            rd_kafka_consumer_poll(client_, static_cast<int>(std::max<std::int64_t>(left.count(), 0)))};
        // The same call may hear that the brokers are gone and bring a record that had come before: nobody sends that
        // again.
        if (message) {
            if (std::optional<Delivery> delivery = take(*message)) {
                return delivery;
            }
        }
        if (!gone_.empty()) {
            throw Error(STOA_UNAVAILABLE, std::exchange(gone_, {}));
        }
        if (rejoin_ || steady_clock::now() >= until) {
            return {};
        }
    }
}

/// An error that comes as a message is not a record.
std::optional<Delivery> KafkaSubscription::take(rd_kafka_message_t& message) {
    switch (message.err) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            return deliveryOf(message);
        case RD_KAFKA_RESP_ERR__PARTITION_EOF:
            return {};
        case RD_KAFKA_RESP_ERR__FATAL:
        case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: {
            std::array<char, 256> reason{};
            rd_kafka_fatal_error(client_, reason.data(), reason.size());
            broken_ = true;
            const std::string text = std::string{"the client failed for good and is made anew: "} + reason.data();
            observe::error("kafka: a consumer failed for good", {{"group", wanted_.group}, {"error", reason.data()}});
            say(text);
            throw Error(STOA_UNAVAILABLE, "kafka: " + text);
        }
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            throw Error(STOA_FORBIDDEN, std::string{"kafka: "} + rd_kafka_message_errstr(&message) +
                                            "; the brokers' ACLs must allow group " + wanted_.group);
        default:
            say(rd_kafka_message_errstr(&message));
            return {};
    }
}

void KafkaSubscription::onError(rd_kafka_t*, int error, const char* reason, void* link) {
    KafkaSubscription* subscription = static_cast<Link*>(link)->subscription;
    if (subscription != nullptr && error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        subscription->gone_ = std::string{"kafka: "} + reason;
    }
}

void KafkaSubscription::onRebalance(rd_kafka_t* client, rd_kafka_resp_err_t event,
                                    rd_kafka_topic_partition_list_t* list, void* link) {
    KafkaSubscription* subscription = static_cast<Link*>(link)->subscription;
    if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        rd_kafka_assign(client, list);
        if (subscription != nullptr) {
            subscription->assign(list);
        }
        return;
    }
    if (subscription != nullptr) {
        if (event == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS && rd_kafka_assignment_lost(client) != 0) {
            subscription->say("lost its partitions (no heartbeat in time, or fenced)");
        }
        subscription->revoke(list);
    }
    rd_kafka_assign(client, nullptr);
}

void KafkaSubscription::assign(const rd_kafka_topic_partition_list_t* list) {
    assigned_ = true;
    const std::vector<TopicPartition> names = namesOf(list);
    if (std::exchange(first_assignment_, false) && isStale(names)) {
        rejoin_ = true;
    }
    if (wanted_.on_assign && !names.empty()) {
        wanted_.on_assign(names);
    }
}

/// A static member that comes back is given what it had before, whatever it asks for now. Asking anew costs one
/// rebalance, also in the rare case that a topic has fewer partitions than the group has members.
bool KafkaSubscription::isStale(const std::vector<TopicPartition>& assigned) const {
    std::set<std::string> topics;
    for (const TopicPartition& partition : assigned) {
        topics.insert(partition.first);
    }
    return topics != std::set<std::string>{wanted_.topics.begin(), wanted_.topics.end()};
}

void KafkaSubscription::revoke(const rd_kafka_topic_partition_list_t* list) {
    assigned_ = false;
    const std::vector<TopicPartition> names = namesOf(list);
    if (wanted_.on_revoke && !names.empty()) {
        wanted_.on_revoke(names);
    }
    const std::lock_guard lock(mutex_);
    for (const TopicPartition& name : names) {
        stored_.erase(name);
    }
}

void KafkaSubscription::commit(const std::string& topic, int partition, std::int64_t next_offset) {
    const Partitions list = listOf(topic, partition);
    list->elems[0].offset = next_offset;
    const std::lock_guard lock(mutex_);
    const auto known = stored_.find({topic, partition});
    if (client_ == nullptr || (known != stored_.end() && known->second >= next_offset)) {
        return;
    }
    // Fails when the partition is not ours any more; then it is not for us to say.
    if (rd_kafka_offsets_store(client_, list.get()) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        stored_[{topic, partition}] = next_offset;
    }
}

void KafkaSubscription::pause(const std::string& topic, int partition) {
    const Partitions list = listOf(topic, partition);
    const std::lock_guard lock(mutex_);
    if (client_ != nullptr) {
        rd_kafka_pause_partitions(client_, list.get());
    }
}

void KafkaSubscription::resume(const std::string& topic, int partition) {
    const Partitions list = listOf(topic, partition);
    const std::lock_guard lock(mutex_);
    if (client_ != nullptr) {
        rd_kafka_resume_partitions(client_, list.get());
    }
}

void KafkaSubscription::setTopics(std::vector<std::string> topics) {
    wanted_.topics = std::move(topics);
    if (client_ == nullptr) {
        return;
    }
    if (wanted_.topics.empty()) {
        say("no topics any more: leaves the group");
        leaveGroup();
        return;
    }
    say("other topics: joins the group anew, which rebalances it once");
    subscribe();
}

void KafkaSubscription::leaveGroup() {
    check(rd_kafka_unsubscribe(client_), "leaving the group");
    const auto until = steady_clock::now() + options_.close_timeout;
    while (assigned_ && steady_clock::now() < until) {
        const Message dropped{rd_kafka_consumer_poll(client_, 20)};
    }
}

void KafkaSubscription::close(bool leave) {
    if (!std::exchange(closed_, true) && client_ != nullptr) {
        disconnect(leave);
    }
}

void KafkaSubscription::disconnect(bool leave) {
    if (leave && !broken_) {
        try {
            leaveGroup();
        } catch (const Error& error) {
            say(std::string{"did not leave the group: "} + error.what());
        }
    }
    rd_kafka_t* client = client_;
    const std::string name = "consumer of " + wanted_.group;
    // Callbacks run on the closing thread, while this one waits.
    const bool closed =
        closeWithin(options_.close_timeout, name, [client, link = link_] { rd_kafka_consumer_close(client); });
    link_->subscription = nullptr;
    {
        const std::lock_guard lock(mutex_);
        client_ = nullptr;
        stored_.clear();
    }
    if (closed) {
        closeWithin(options_.close_timeout, name, [client, link = link_] { rd_kafka_destroy(client); });
    }
    link_.reset();
}

void KafkaSubscription::say(const std::string& notice) const {
    observe::info("kafka: notice for a consumer group", {{"group", wanted_.group}, {"notice", notice}});
    if (wanted_.on_notice) {
        wanted_.on_notice(notice);
    }
}

}  // namespace stoa::host::events::kafka
