#include "host/events/prefixed_log.h"

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

namespace stoa::host::events {

class PrefixedLogTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PrefixedLogTest);
    CPPUNIT_TEST(fleetsShareALogAndSeeNothingOfEachOther);
    CPPUNIT_TEST(aPrefixMustBeAName);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "stoa-prefix-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    void tearDown() override { std::filesystem::remove_all(folder_); }

    void fleetsShareALogAndSeeNothingOfEachOther() {
        const auto blue = withPrefix("blue", open());
        const auto green = withPrefix("green", open());
        const TopicSpec topic{"order.created", 2};
        blue->ensureTopics({&topic, 1});
        green->ensureTopics({&topic, 1});
        const Record record{"order.created", "key", "of blue", {}};
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, blue->publish({&record, 1}).at(0));

        const auto reader = blue->subscribe({"payment", {"order.created"}, {}, {}, {}});
        const auto read = next(*reader);
        CPPUNIT_ASSERT_EQUAL(std::string("order.created"), read.record.topic);
        CPPUNIT_ASSERT_EQUAL(std::string("of blue"), read.record.value);
        reader->commit(read.record.topic, read.partition, read.offset + 1);
        reader->close(true);
        const auto committed = blue->committed("payment", "order.created");
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, committed.at(static_cast<std::size_t>(read.partition)));

        const auto of_green = green->topics({"order.created", "blue.order.created"});
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, of_green.size());
        CPPUNIT_ASSERT_EQUAL(std::string("order.created"), of_green.front().name);
        CPPUNIT_ASSERT(green->browse("order.created", read.partition, 0, 10).empty());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, blue->browse("order.created", read.partition, 0, 10).size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, open()->topics({"blue.order.created", "green.order.created"}).size());
    }

    void aPrefixMustBeAName() {
        CPPUNIT_ASSERT_THROW(withPrefix("", open()), Error);
        CPPUNIT_ASSERT_THROW(withPrefix("a/b", open()), Error);
        CPPUNIT_ASSERT_THROW(withPrefix(std::string(41, 'x'), open()), Error);
    }

private:
    std::unique_ptr<EventLog> open() { return openEventLog("sqlite:events.db", folder_, "host-a"); }

    static Delivery next(Subscription& reader) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (std::chrono::steady_clock::now() < end) {
            if (auto delivery = reader.poll(std::chrono::milliseconds{100})) {
                return std::move(*delivery);
            }
        }
        throw Error(STOA_DEADLINE, "nothing came");
    }

    std::string folder_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PrefixedLogTest);

}  // namespace stoa::host::events
