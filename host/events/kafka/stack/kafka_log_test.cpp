// The conformance suite on a real broker: STOA_TEST_KAFKA=host:port.

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "host/events/conformance/log_conformance.h"
#include "host/events/kafka/kafka_log.h"
#include "host/events/kafka/stack/broker_topics.h"
#include "host/observe/log.h"

namespace stoa::host::events::kafka {
namespace {

std::string brokerAddress() {
    const char* address = std::getenv("STOA_TEST_KAFKA");
    CPPUNIT_ASSERT_MESSAGE("STOA_TEST_KAFKA is not set: ./dev stack up starts a broker and says where it is", address);
    return address;
}

}  // namespace

class KafkaLogConformance : public conformance::LogConformance {
    CPPUNIT_TEST_SUB_SUITE(KafkaLogConformance, conformance::LogConformance);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { brokerAddress(); }
    void tearDown() override {
        conformance::LogConformance::tearDown();
        removeTopics(brokerAddress(), madeTopics());
    }

protected:
    std::unique_ptr<EventLog> open(const std::string& instance_id) override {
        return openKafkaLog(brokerAddress(), instance_id);
    }
};

/// A cluster may have thousands of topics that are somebody else's: what librdkafka says that it asks the broker.
class KafkaQuestionsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(KafkaQuestionsTest);
    CPPUNIT_TEST(noQuestionIsAskedOfAllTopics);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "stoa-kafka-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        observe::configureLog({observe::Level::kDebug, folder_ + "/log", "", false});
    }
    void tearDown() override {
        observe::configureLog({});
        std::filesystem::remove_all(folder_);
    }

    void noQuestionIsAskedOfAllTopics() {
        const std::string topic =
            "questions-" + std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
        useEverything(topic);
        removeTopics(brokerAddress(), {topic});
        std::ifstream file(folder_ + "/log");
        int named = 0;
        for (std::string line; std::getline(file, line);) {
            CPPUNIT_ASSERT_MESSAGE(line, line.find("metadata for all topics") == std::string::npos);
            named += line.find("metadata for") != std::string::npos && line.find("topic(s)") != std::string::npos;
        }
        CPPUNIT_ASSERT_MESSAGE("librdkafka does not say what it asks for", named >= 5);
    }

private:
    /// What a host does with its log: topics, publishing, a group, positions, dead letters.
    static void useEverything(const std::string& topic) {
        KafkaOptions options;
        options.debug = "metadata";
        const auto log = openKafkaLog(brokerAddress(), "questions", options);
        CPPUNIT_ASSERT(log->topics({topic}).empty());
        const std::vector<TopicSpec> topics{{topic, 2}};
        log->ensureTopics(topics);
        const std::vector<Record> records{{topic, "k", "v", {}}};
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, log->publish(records)[0]);
        conformance::Member member;
        SubscriptionOptions wanted;
        wanted.group = topic;
        wanted.topics = {topic};
        member.subscription = log->subscribe(std::move(wanted));
        CPPUNIT_ASSERT(member.pollUntil([&] { return member.got.size() == 1; }));
        member.subscription->close(true);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, log->committed(topic, topic).size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, log->browse(topic, member.got[0].partition, 0, 1).size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, log->topics({topic}).size());
    }

    std::string folder_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(KafkaLogConformance);
CPPUNIT_TEST_SUITE_REGISTRATION(KafkaQuestionsTest);

}  // namespace stoa::host::events::kafka
