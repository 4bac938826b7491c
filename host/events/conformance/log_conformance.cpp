#include "host/events/conformance/log_conformance.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "host/events/partitioner.h"

namespace stoa::host::events::conformance {
namespace {

std::vector<std::string> valuesOf(const std::vector<Delivery>& deliveries, const std::string& key) {
    std::vector<std::string> values;
    for (const Delivery& delivery : deliveries) {
        if (delivery.record.key == key) {
            values.push_back(delivery.record.value);
        }
    }
    return values;
}

std::set<std::string> valuesOf(const std::vector<Delivery>& deliveries) {
    std::set<std::string> values;
    for (const Delivery& delivery : deliveries) {
        values.insert(delivery.record.value);
    }
    return values;
}

std::vector<std::pair<std::string, std::string>> numbered(const std::string& prefix, int count) {
    std::vector<std::pair<std::string, std::string>> records;
    records.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        records.emplace_back("key-" + std::to_string(i), prefix + std::to_string(i));
    }
    return records;
}

}  // namespace

std::string LogConformance::fresh(const std::string& name) {
    static std::atomic<int> count{0};
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    return name + "-" + std::to_string(now) + "-" + std::to_string(++count);
}

EventLog& LogConformance::log() {
    if (!log_) {
        log_ = open("publisher");
    }
    return *log_;
}

std::string LogConformance::newTopic(int partitions) {
    const std::vector<TopicSpec> topics{{fresh("topic"), partitions}};
    log().ensureTopics(topics);
    return made_topics_.emplace_back(topics[0].name);
}

void LogConformance::publish(const std::string& topic,
                             const std::vector<std::pair<std::string, std::string>>& keys_and_values) {
    std::vector<Record> records;
    records.reserve(keys_and_values.size());
    for (const auto& [key, value] : keys_and_values) {
        records.push_back({topic, key, value, {}});
    }
    for (const stoa_status status : log().publish(records)) {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, status);
    }
}

std::unique_ptr<Member> LogConformance::join(const std::string& group, std::vector<std::string> topics,
                                             const std::string& instance) {
    auto member = std::make_unique<Member>();
    Member* self = member.get();
    member->log = open(instance);
    SubscriptionOptions options;
    options.group = group;
    options.topics = std::move(topics);
    options.on_assign = [self](const auto& partitions) { self->assigned.insert(partitions.begin(), partitions.end()); };
    options.on_revoke = [self](const auto& partitions) {
        for (const TopicPartition& partition : partitions) {
            self->assigned.erase(partition);
        }
    };
    options.on_notice = [self](const std::string& notice) { self->notices.push_back(notice); };
    member->subscription = member->log->subscribe(std::move(options));
    return member;
}

void LogConformance::recordsOfAKeyKeepOrderAndContent() {
    const std::string topic = newTopic();
    std::vector<Record> records;
    for (int i = 0; i < 50; ++i) {
        const std::string number = std::to_string(i);
        records.push_back({topic, "key-" + std::to_string(i % 5), number, {{"ce_id", "id-" + number}, {"empty", ""}}});
    }
    records.push_back({topic, "bytes", std::string("a\0b\xff", 4), {{"a", "1"}, {"a", "2"}}});
    for (const stoa_status status : log().publish(records)) {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, status);
    }
    const auto member = join(fresh("group"), {topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == records.size(); }));
    CPPUNIT_ASSERT((valuesOf(member->got, "key-3") ==
                    std::vector<std::string>{"3", "8", "13", "18", "23", "28", "33", "38", "43", "48"}));
    for (const Delivery& delivery : member->got) {
        const auto same = std::find_if(records.begin(), records.end(), [&](const Record& record) {
            return record.value == delivery.record.value && record.key == delivery.record.key;
        });
        CPPUNIT_ASSERT(same != records.end());
        CPPUNIT_ASSERT(same->headers == delivery.record.headers);
        CPPUNIT_ASSERT_EQUAL(topic, delivery.record.topic);
        CPPUNIT_ASSERT(delivery.time_us > 1'600'000'000'000'000);
    }
    member->subscription->close(true);
}

void LogConformance::aKeyHasThePartitionThatKafkaGivesIt() {
    // From the tests of Kafka's own Utils.murmur2.
    CPPUNIT_ASSERT_EQUAL(std::int32_t{-973932308}, static_cast<std::int32_t>(murmur2("21")));
    CPPUNIT_ASSERT_EQUAL(std::int32_t{-790332482}, static_cast<std::int32_t>(murmur2("foobar")));
    CPPUNIT_ASSERT_EQUAL(std::int32_t{-985981536}, static_cast<std::int32_t>(murmur2("a-little-bit-long-string")));
    CPPUNIT_ASSERT_EQUAL(std::int32_t{-58897971},
                         static_cast<std::int32_t>(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")));

    const std::string topic = newTopic(7);
    publish(topic, numbered("v", 40));
    const auto member = join(fresh("group"), {topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 40; }));
    for (const Delivery& delivery : member->got) {
        CPPUNIT_ASSERT_EQUAL(partitionOf(delivery.record.key, 7), delivery.partition);
    }
    member->subscription->close(true);
}

void LogConformance::aTopicThatIsThereStaysAsItIs() {
    const std::string topic = newTopic(3);
    publish(topic, numbered("v", 5));
    const std::vector<TopicSpec> other{{topic, 9}};
    log().ensureTopics(other);
    const std::vector<TopicInfo> topics = log().topics({topic});
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, topics.size());
    const TopicInfo& found = topics.front();
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, found.end.size());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{5}, found.end[0] + found.end[1] + found.end[2]);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, found.begin[0] + found.begin[1] + found.begin[2]);
}

void LogConformance::onlyTheTopicsThatAreAskedForAreTold() {
    const std::vector<std::string> ours{newTopic(1), newTopic(2)};
    newTopic(1);
    std::map<std::string, std::size_t> partitions;
    for (const TopicInfo& topic : log().topics({ours[1], fresh("nowhere"), ours[0], ours[1]})) {
        CPPUNIT_ASSERT_MESSAGE(topic.name + " twice", partitions.emplace(topic.name, topic.end.size()).second);
    }
    CPPUNIT_ASSERT((partitions == std::map<std::string, std::size_t>{{ours[0], 1}, {ours[1], 2}}));
    CPPUNIT_ASSERT(log().topics({}).empty());
}

void LogConformance::publishingToAnUnknownTopicIsRefused() {
    const std::vector<Record> records{{fresh("nowhere"), "k", "v", {}}};
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, log().publish(records)[0]);
}

void LogConformance::aRecordThatIsTooLargeHoldsBackOnlyItsKey() {
    const std::string topic = newTopic();
    const std::vector<Record> records{{topic, "a", "a1", {}},
                                      {topic, "a", std::string(2'000'000, 'x'), {}},
                                      {topic, "b", "b1", {}},
                                      {topic, "a", "a3", {}}};
    const std::vector<stoa_status> statuses = log().publish(records);
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, statuses[0]);
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statuses[1]);
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, statuses[2]);
    CPPUNIT_ASSERT(statuses[3] != STOA_OK);
}

void LogConformance::aNewGroupStartsAtTheBeginning() {
    const std::string topic = newTopic();
    publish(topic, numbered("early-", 6));
    const auto member = join(fresh("group"), {topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 6; }));
    publish(topic, numbered("late-", 6));
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 12; }));
    member->subscription->close(true);
}

void LogConformance::groupsReadIndependently() {
    const std::string topic = newTopic();
    publish(topic, numbered("v", 5));
    const auto one = join(fresh("group"), {topic});
    const auto other = join(fresh("group"), {topic});
    CPPUNIT_ASSERT(one->pollUntil([&] { return one->got.size() == 5; }));
    CPPUNIT_ASSERT(other->pollUntil([&] { return other->got.size() == 5; }));
    one->subscription->close(true);
    other->subscription->close(true);
}

void LogConformance::aRestartResumesAtTheCommittedOffset() {
    const std::string topic = newTopic();
    const std::string group = fresh("group");
    publish(topic, numbered("before-", 8));
    auto member = join(group, {topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 8; }));
    member->subscription->close(false);
    member.reset();

    publish(topic, numbered("after-", 8));
    member = join(group, {topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() >= 8; }));
    for (const Delivery& delivery : member->got) {
        CPPUNIT_ASSERT_MESSAGE(delivery.record.value, delivery.record.value.starts_with("after-"));
    }
    member->subscription->close(true);
    const std::vector<std::int64_t> committed = log().committed(group, topic);
    std::int64_t sum = 0;
    for (const std::int64_t offset : committed) {
        sum += std::max<std::int64_t>(offset, 0);
    }
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, committed.size());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{16}, sum);
}

void LogConformance::whatWasNotCommittedComesAgain() {
    const std::string topic = newTopic();
    const std::string group = fresh("group");
    publish(topic, numbered("v", 4));
    auto member = join(group, {topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 4; }, false));
    member->subscription->close(false);
    member = nullptr;
    member = join(group, {topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 4; }));
    member->subscription->close(true);
}

void LogConformance::commitsNeverGoBackwards() {
    const std::string topic = newTopic(1);
    const std::string group = fresh("group");
    publish(topic, numbered("v", 4));
    auto member = join(group, {topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 4; }, false));
    member->subscription->commit(topic, 0, 3);
    member->subscription->commit(topic, 0, 1);
    member->subscription->close(true);
    CPPUNIT_ASSERT(log().committed(group, topic) == std::vector<std::int64_t>{3});
}

void LogConformance::twoMembersShareThePartitions() {
    const std::string topic = newTopic(8);
    const std::string group = fresh("group");
    const auto first = join(group, {topic}, "host-a");
    CPPUNIT_ASSERT(first->pollUntil([&] { return first->assigned.size() == 8; }));
    const auto second = join(group, {topic}, "host-b");
    std::atomic<bool> done{false};
    std::thread other([&] { second->pollUntil([&] { return done.load(); }); });
    CPPUNIT_ASSERT(first->pollUntil([&] { return first->assigned.size() == 4; }));
    publish(topic, numbered("v", 64));
    std::set<std::string> mine;
    CPPUNIT_ASSERT(first->pollUntil([&] {
        std::int64_t sum = 0;
        for (const std::int64_t offset : log().committed(group, topic)) {
            sum += std::max<std::int64_t>(offset, 0);
        }
        return sum == 64;
    }));
    done = true;
    other.join();
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, second->assigned.size());
    CPPUNIT_ASSERT_EQUAL(std::size_t{64}, first->got.size() + second->got.size());
    CPPUNIT_ASSERT(!first->got.empty() && !second->got.empty());
    first->subscription->close(true);
    second->subscription->close(true);
}

void LogConformance::aMemberThatLeavesGivesItsPartitionsUp() {
    const std::string topic = newTopic(4);
    const std::string group = fresh("group");
    const auto first = join(group, {topic}, "host-a");
    CPPUNIT_ASSERT(first->pollUntil([&] { return first->assigned.size() == 4; }));
    const auto second = join(group, {topic}, "host-b");
    std::thread other([&] { second->pollUntil([&] { return second->assigned.size() == 2; }); });
    CPPUNIT_ASSERT(first->pollUntil([&] { return first->assigned.size() == 2; }));
    other.join();
    first->subscription->close(true);
    CPPUNIT_ASSERT(second->pollUntil([&] { return second->assigned.size() == 4; }));
    second->subscription->close(true);
}

void LogConformance::aPausedPartitionWaitsForResume() {
    const std::string topic = newTopic(1);
    const std::string control = newTopic(1);
    const auto member = join(fresh("group"), {topic, control});
    publish(topic, {{"k", "1"}, {"k", "2"}, {"k", "3"}});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 1; }));
    member->subscription->pause(topic, 0);
    publish(topic, {{"k", "4"}});
    publish(control, {{"c", "control"}});
    CPPUNIT_ASSERT(member->pollUntil([&] { return valuesOf(member->got).contains("control"); }));
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, member->got.size());
    member->subscription->resume(topic, 0);
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 5; }));
    CPPUNIT_ASSERT((valuesOf(member->got, "k") == std::vector<std::string>{"1", "2", "3", "4"}));
    member->subscription->close(true);
}

void LogConformance::anotherTopicListTakesEffect() {
    const std::string old_topic = newTopic(2);
    const std::string new_topic = newTopic(2);
    const auto member = join(fresh("group"), {old_topic});
    publish(old_topic, {{"k", "old"}});
    publish(new_topic, {{"k", "new"}});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 1; }));
    member->subscription->setTopics({new_topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 2; }));
    CPPUNIT_ASSERT_EQUAL(std::string{"new"}, member->got[1].record.value);
    member->subscription->close(true);
}

void LogConformance::aRestartWithAnotherTopicListGetsItsTopics() {
    const std::string old_topic = newTopic(2);
    const std::string new_topic = newTopic(2);
    const std::string group = fresh("group");
    publish(old_topic, {{"k", "old"}});
    publish(new_topic, {{"k", "new"}});
    auto member = join(group, {old_topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 1; }));
    member->subscription->close(false);
    member = nullptr;
    member = join(group, {old_topic, new_topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == 1; }));
    CPPUNIT_ASSERT_EQUAL(std::string{"new"}, member->got[0].record.value);
    member->subscription->close(true);
}

void LogConformance::browsingNeedsNoGroup() {
    const std::string topic = newTopic(1);
    publish(topic, numbered("v", 10));
    const std::vector<Delivery> some = log().browse(topic, 0, 3, 4);
    CPPUNIT_ASSERT_EQUAL(std::size_t{4}, some.size());
    CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, some[0].offset);
    CPPUNIT_ASSERT_EQUAL(std::string{"v6"}, some[3].record.value);
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, log().browse(topic, 0, 8, 100).size());
    CPPUNIT_ASSERT(log().browse(topic, 0, 10, 100).empty());
    CPPUNIT_ASSERT_THROW(log().browse(topic, 1, 0, 1), Error);
}

void LogConformance::manyPublishersLoseNothing() {
    const std::string topic = newTopic();
    constexpr int kPublishers = 8;
    constexpr int kEach = 25;
    std::vector<std::thread> publishers;
    publishers.reserve(kPublishers);
    std::atomic<int> failures{0};
    for (int p = 0; p < kPublishers; ++p) {
        publishers.emplace_back([&, p] {
            for (int i = 0; i < kEach; ++i) {
                const std::vector<Record> record{
                    {topic, "p" + std::to_string(p), std::to_string(p) + ":" + std::to_string(i), {}}};
                failures += log().publish(record)[0] == STOA_OK ? 0 : 1;
            }
        });
    }
    for (std::thread& publisher : publishers) {
        publisher.join();
    }
    CPPUNIT_ASSERT_EQUAL(0, failures.load());
    const auto member = join(fresh("group"), {topic});
    CPPUNIT_ASSERT(member->pollUntil([&] { return member->got.size() == kPublishers * kEach; }));
    CPPUNIT_ASSERT_EQUAL(std::size_t{kPublishers * kEach}, valuesOf(member->got).size());
    const std::vector<std::string> values = valuesOf(member->got, "p3");
    for (int i = 0; i < kEach; ++i) {
        CPPUNIT_ASSERT_EQUAL("3:" + std::to_string(i), values[static_cast<std::size_t>(i)]);
    }
    member->subscription->close(true);
}

}  // namespace stoa::host::events::conformance
