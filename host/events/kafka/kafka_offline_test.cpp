// What can be tested without a broker.

#include <cppunit/extensions/HelperMacros.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <memory>

#include "host/events/kafka/admin.h"
#include "host/events/kafka/kafka_log.h"

namespace stoa::host::events::kafka {
namespace {

std::unique_ptr<EventLog> nobodyThere() {
    KafkaOptions options;
    options.message_timeout = std::chrono::milliseconds{300};
    options.request_timeout = std::chrono::milliseconds{300};
    return openKafkaLog("127.0.0.1:1", "host-a", options);
}

/// librdkafka's own broker, in this process.
class MockBroker {
public:
    MockBroker() : client_(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0)) {
        cluster_ = rd_kafka_mock_cluster_new(client_, 1);
        rd_kafka_mock_topic_create(cluster_, "t", 1, 1);
    }
    ~MockBroker() {
        rd_kafka_mock_cluster_destroy(cluster_);
        rd_kafka_destroy(client_);
    }
    MockBroker(const MockBroker&) = delete;
    MockBroker& operator=(const MockBroker&) = delete;

    std::string address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
    void goDown() { rd_kafka_mock_broker_set_down(cluster_, 1); }
    void comeUp() { rd_kafka_mock_broker_set_up(cluster_, 1); }
    void answerAfter(std::chrono::milliseconds time) {
        rd_kafka_mock_broker_set_rtt(cluster_, 1, static_cast<int>(time.count()));
    }
    /// As a broker does to whom the news has not come that it leads the partition.
    void refuseTheNextRecords() {
        constexpr int kProduce = 0;
        rd_kafka_mock_push_request_errors(cluster_, kProduce, 1, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    }

private:
    rd_kafka_t* client_;
    rd_kafka_mock_cluster_t* cluster_;
};

void publishUntilTaken(EventLog& log, const Record& record) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (log.publish(std::vector<Record>{record}).front() != STOA_OK) {
        CPPUNIT_ASSERT(std::chrono::steady_clock::now() < end);
    }
}

/// The next record; `bad_news` counts the polls before it that said that the broker is away.
std::string nextValue(Subscription& subscription, int& bad_news) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (std::chrono::steady_clock::now() < end) {
        try {
            if (const auto delivery = subscription.poll(std::chrono::seconds{5})) {
                return delivery->record.value;
            }
        } catch (const Error& error) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, error.status());
            ++bad_news;
        }
    }
    return "nothing came";
}

}  // namespace

class KafkaOfflineTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(KafkaOfflineTest);
    CPPUNIT_TEST(withoutABrokerNothingIsAcknowledged);
    CPPUNIT_TEST(withoutABrokerEverythingSaysUnavailable);
    CPPUNIT_TEST(aSubscriptionThatNeverConnectedCloses);
    CPPUNIT_TEST(aRecordThatComesWithBadNewsIsNotLost);
    CPPUNIT_TEST(whatWasRefusedIsNotAcknowledgedWithTheNext);
    CPPUNIT_TEST(aMovingLeaderIsWaitedFor);
    CPPUNIT_TEST(onlySettingsOfSecurityMayStandInTheUrl);
    CPPUNIT_TEST_SUITE_END();

public:
    void withoutABrokerNothingIsAcknowledged() {
        const auto log = nobodyThere();
        const std::vector<Record> records{{"t", "a", "1", {}}, {"t", "a", "2", {}}, {"t", "b", "1", {}}};
        for (int i = 0; i < 2; ++i) {  // the second time with a producer that has timed out once
            for (const stoa_status status : log->publish(records)) {
                CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, status);
            }
        }
    }

    void withoutABrokerEverythingSaysUnavailable() {
        const auto log = nobodyThere();
        const std::vector<TopicSpec> topics{{"t", 1}};
        const auto status_of = [](const std::function<void()>& call) {
            try {
                call();
            } catch (const Error& error) {
                return error.status();
            }
            return stoa_status{STOA_OK};
        };
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, status_of([&] { log->ensureTopics(topics); }));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, status_of([&] { log->topics({"t"}); }));
        CPPUNIT_ASSERT_EQUAL(std::string{"kafka://127.0.0.1:1"}, log->describe());
    }

    void aSubscriptionThatNeverConnectedCloses() {
        const auto log = nobodyThere();
        SubscriptionOptions options;
        options.group = "g";
        options.topics = {"t"};
        const auto subscription = log->subscribe(options);
        try {
            CPPUNIT_ASSERT(!subscription->poll(std::chrono::milliseconds{50}));
        } catch (const Error& error) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, error.status());
        }
        subscription->close(false);
    }

    void aRecordThatComesWithBadNewsIsNotLost() {
        MockBroker broker;
        const auto log = openKafkaLog(broker.address(), "host-a", {});
        SubscriptionOptions options;
        options.group = "g";
        options.topics = {"t"};
        const auto subscription = log->subscribe(options);
        publishUntilTaken(*log, {"t", "a", "first", {}});
        int bad_news = 0;
        CPPUNIT_ASSERT_EQUAL(std::string{"first"}, nextValue(*subscription, bad_news));
        // One call hears first that all brokers were gone, and then gets the record; on a busy machine a connection is
        // sometimes back before anybody has missed it.
        bad_news = 0;
        for (int round = 0; round < 20 && bad_news == 0; ++round) {
            const std::string value = "after " + std::to_string(round);
            broker.goDown();
            broker.comeUp();
            publishUntilTaken(*log, {"t", "a", value, {}});
            CPPUNIT_ASSERT_EQUAL(value, nextValue(*subscription, bad_news));
            try {
                subscription->poll(std::chrono::milliseconds{0});
            } catch (const Error&) {
                ++bad_news;
            }
        }
        CPPUNIT_ASSERT_EQUAL(1, bad_news);
        subscription->close(false);
    }

    void whatWasRefusedIsNotAcknowledgedWithTheNext() {
        MockBroker broker;
        const auto log = openKafkaLog(broker.address(), "host-a");
        publishUntilTaken(*log, {"t", "first", "", {}});
        broker.answerAfter(std::chrono::milliseconds{200});  // long enough for another request, if one were sent
        broker.refuseTheNextRecords();
        const std::string large(600'000, 'x');  // two of them are two requests
        const std::vector<Record> records{{"t", "refused", large, {}}, {"t", "taken", large, {}}};
        for (const stoa_status status : log->publish(records)) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, status);
        }
        std::vector<std::string> keys;
        for (const Delivery& delivery : log->browse("t", 0, 0, 10)) {
            keys.push_back(delivery.record.key);
        }
        CPPUNIT_ASSERT((keys == std::vector<std::string>{"first", "refused", "taken"}));
    }

    void aMovingLeaderIsWaitedFor() {
        std::vector<rd_kafka_resp_err_t> answers{RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                                                 RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION};
        int refreshed = 0;
        const auto next = [&] {
            const rd_kafka_resp_err_t answer = answers.back();
            answers.pop_back();
            return answer;
        };
        const auto refresh = [&] { ++refreshed; };
        CPPUNIT_ASSERT_EQUAL(RD_KAFKA_RESP_ERR_NO_ERROR, whileLeadersMove(std::chrono::seconds{30}, next, refresh));
        CPPUNIT_ASSERT_EQUAL(2, refreshed);
        const auto never = [] { return RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION; };
        CPPUNIT_ASSERT_EQUAL(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                             whileLeadersMove(std::chrono::milliseconds{1}, never, refresh));
        const auto otherwise = [] { return RD_KAFKA_RESP_ERR__TIMED_OUT; };
        refreshed = 0;
        CPPUNIT_ASSERT_EQUAL(RD_KAFKA_RESP_ERR__TIMED_OUT,
                             whileLeadersMove(std::chrono::seconds{30}, otherwise, refresh));
        CPPUNIT_ASSERT_EQUAL(0, refreshed);
    }

    void onlySettingsOfSecurityMayStandInTheUrl() {
        CPPUNIT_ASSERT_EQUAL(
            std::string{"/etc/ca.pem"},
            settingsOf("b:9093?security.protocol=ssl&ssl.ca.location=/etc/ca.pem", "h").at("ssl.ca.location"));
        CPPUNIT_ASSERT_EQUAL(std::string{"a:1,b:2"}, settingsOf("a:1,b:2", "h").at("bootstrap.servers"));
        CPPUNIT_ASSERT_THROW(settingsOf("b:9093?acks=0", "h"), Error);
        CPPUNIT_ASSERT_THROW(settingsOf("?ssl.x=1", "h"), Error);
        CPPUNIT_ASSERT_THROW(openKafkaLog("b:9093?ssl.nonsense=1", "h")->topics({"t"}), Error);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(KafkaOfflineTest);

}  // namespace stoa::host::events::kafka
