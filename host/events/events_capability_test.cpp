#include "host/events/events_capability.h"

#include <cppunit/extensions/HelperMacros.h>

#include "host/events/test_support.h"
#include "host/sql/sql_capability.h"

namespace stoa::host::events {

class EventsCapabilityTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventsCapabilityTest);
    CPPUNIT_TEST(subscriptionsAreFoundByTopic);
    CPPUNIT_TEST(anEventIsARowOfTheSameTransaction);
    CPPUNIT_TEST(dataThatDoNotFitTheSchemaAreRefusedByPlace);
    CPPUNIT_TEST(aTopicThatIsNotInTheManifestIsRefused);
    CPPUNIT_TEST(aKeyThatNobodyCanKeepIsRefused);
    CPPUNIT_TEST(anEventThatIsTooLargeIsRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        stage_ = std::make_unique<test::Stage>();
        auto manifest = std::make_shared<validate::Manifest>();
        const auto json =
            parseJson(R"({"type":"object","required":["total"],"properties":{"total":{"type":"integer","minimum":0},)"
                      R"("note":{"type":"string","maxLength":2000000}},"additionalProperties":false})");
        validate::Publication publication;
        publication.topic = "order.created";
        publication.schema = validate::Schema::compile(*json, *json).value();
        manifest->publishes.push_back(publication);
        for (const char* topic : {"payment.completed", "payment.failed"}) {
            manifest->subscribes.push_back({});
            manifest->subscribes.back().topic = topic;
        }
        plugin::Environment environment;
        environment.service = "order";
        environment.manifest = manifest;
        capability_ = std::make_unique<EventsCapability>(stage_->clock, [this](const std::string& service) {
            CPPUNIT_ASSERT_EQUAL(std::string{"order"}, service);
            ++woken_;
        });
        binding_ = capability_->bind(environment);
        table_ = static_cast<const stoa_events*>(binding_->table());
    }
    void tearDown() override { stage_.reset(); }

    void subscriptionsAreFoundByTopic() {
        std::uint32_t index = 99;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, table_->subscription(table_, view("payment.failed"), &index));
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, index);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, table_->subscription(table_, view("nothing"), &index));
    }

    void anEventIsARowOfTheSameTransaction() {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, publish("order.created", "o-1", R"({"total":5})", false));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, rows());
        CPPUNIT_ASSERT_EQUAL(0, woken_);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, publish("order.created", "o-1", R"({"total":5})"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, rows());
        CPPUNIT_ASSERT_EQUAL(1, woken_);
    }

    void dataThatDoNotFitTheSchemaAreRefusedByPlace() {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, publish("order.created", "o-1", R"({"total":-1})"));
        CPPUNIT_ASSERT_MESSAGE(lastError(), lastError().find("/total") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, publish("order.created", "o-1", R"({"total":1,"x":2})"));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, publish("order.created", "o-1", R"({"total":1)"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, rows());
    }

    void aTopicThatIsNotInTheManifestIsRefused() {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, publish("payment.completed", "o-1", R"({"total":1})"));
        CPPUNIT_ASSERT_MESSAGE(lastError(), lastError().find("payment.completed") != std::string::npos);
    }

    void aKeyThatNobodyCanKeepIsRefused() {
        for (const std::string& key : {std::string{}, std::string(513, 'k'), std::string{"\xff"}}) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, publish("order.created", key, R"({"total":1})"));
        }
    }

    void anEventThatIsTooLargeIsRefused() {
        const std::string data = R"({"total":1,"note":")" + std::string(kMaxEventBytes, 'x') + R"("})";
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, publish("order.created", "o-1", data));
    }

private:
    stoa_status publish(const std::string& topic, const std::string& key, const std::string& data, bool commit = true) {
        sql::TxHandle tx(stage_->database, stage_->database.begin(sql::Mode::kWrite, {}), nullptr);
        stoa_event event{};
        event.struct_size = sizeof event;
        event.topic = view(topic);
        event.key = view(key);
        event.data = view(data);
        event.aggregate_type = view("order");
        event.aggregate_version = 1;
        const stoa_status status = table_->publish(table_, tx.raw(), &event);
        if (commit) {
            tx.commit();
        }
        return status;
    }
    std::int64_t rows() { return stage_->count("SELECT count(*) FROM stoa_outbox"); }

    std::unique_ptr<test::Stage> stage_;
    std::unique_ptr<EventsCapability> capability_;
    std::unique_ptr<plugin::Binding> binding_;
    const stoa_events* table_ = nullptr;
    int woken_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventsCapabilityTest);

}  // namespace stoa::host::events
