#include "host/observe/log.h"

#include <cppunit/extensions/HelperMacros.h>

#include <thread>

#include <stoa/json.h>

#include <stoa/error.h>
#include "host/base/work.h"
#include "host/observe/test_files.h"

namespace stoa::host::observe {
namespace {

class LogTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LogTest);
    CPPUNIT_TEST(aLineIsOneObjectWithTheWorksIds);
    CPPUNIT_TEST(linesBelowTheLevelAreNotWritten);
    CPPUNIT_TEST(statusAndDurationAreNumbersWhenTheyAre);
    CPPUNIT_TEST(bytesThatAreNotUtf8AndControlsStayReadableJson);
    CPPUNIT_TEST(aFieldThatIsThereAlreadyMakesNoDuplicateKey);
    CPPUNIT_TEST(linesOfManyThreadsAreNotMixed);
    CPPUNIT_TEST(peopleGetAShortLineWithoutControlCharacters);
    CPPUNIT_TEST(aFileThatCantBeOpenedIsRefusedByName);
    CPPUNIT_TEST_SUITE_END();

public:
    void tearDown() override { configureLog({}); }

    Json::Value only() const {
        const auto lines = linesOf(file_);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, lines.size());
        return parsed(lines[0]);
    }

    static Json::Value parsed(const std::string& line) {
        auto value = parseJson(line);
        CPPUNIT_ASSERT_MESSAGE(line, value.has_value());
        return *value;
    }

    void configure(Level level = Level::kInfo, bool human = false) { configureLog({level, file_, "host-1", human}); }

    void aLineIsOneObjectWithTheWorksIds() {
        configure();
        Work work;
        work.service = "order";
        work.version = "1.2.0";
        work.generation = 3;
        work.route = "/api/v1/orders/{id}";
        work.correlation_id = "c-1";
        work.trace_id = "0af7651916cd43dd8448eb211c80319c";
        work.span_id = "b7ad6b7169203331";
        const WorkScope scope(work);
        info("order created", {{"order_id", "o-1"}});
        const Json::Value line = only();
        CPPUNIT_ASSERT_EQUAL(std::string("info"), line["level"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("order created"), line["msg"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("host-1"), line["host_id"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("order"), line["service"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("1.2.0"), line["version"].asString());
        CPPUNIT_ASSERT_EQUAL(3, line["generation"].asInt());
        CPPUNIT_ASSERT_EQUAL(work.correlation_id, line["correlation_id"].asString());
        CPPUNIT_ASSERT_EQUAL(work.trace_id, line["trace_id"].asString());
        CPPUNIT_ASSERT_EQUAL(work.span_id, line["span_id"].asString());
        CPPUNIT_ASSERT_EQUAL(work.route, line["route"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("o-1"), line["order_id"].asString());
        CPPUNIT_ASSERT(line["ts"].asString().ends_with("Z"));
    }

    void linesBelowTheLevelAreNotWritten() {
        configure(Level::kWarn);
        info("not this");
        warn("this");
        CPPUNIT_ASSERT_EQUAL(std::string("this"), only()["msg"].asString());
        CPPUNIT_ASSERT(!logEnabled(Level::kInfo));
    }

    void statusAndDurationAreNumbersWhenTheyAre() {
        configure();
        info("answered", {{"status", "201"}, {"duration_ms", "0.75"}, {"count", "7"}});
        info("odd", {{"status", "0x1"}, {"duration_ms", "nan"}, {"generation", "07"}});
        const auto lines = linesOf(file_);
        const Json::Value good = parsed(lines.at(0));
        CPPUNIT_ASSERT_EQUAL(201, good["status"].asInt());
        CPPUNIT_ASSERT_EQUAL(0.75, good["duration_ms"].asDouble());
        CPPUNIT_ASSERT(good["count"].isString());
        const Json::Value odd = parsed(lines.at(1));
        CPPUNIT_ASSERT(odd["status"].isString() && odd["duration_ms"].isString() && odd["generation"].isString());
    }

    void bytesThatAreNotUtf8AndControlsStayReadableJson() {
        configure();
        info("odd bytes", {{"text", "a\xff\xc0\xafz \xe2\x82\xac \"q\"\\\n\x01 \xed\xa0\x80"}});
        CPPUNIT_ASSERT_EQUAL(std::string("a\\xff\\xc0\\xafz \xe2\x82\xac \"q\"\\\n\x01 \\xed\\xa0\\x80"),
                             only()["text"].asString());
    }

    void aFieldThatIsThereAlreadyMakesNoDuplicateKey() {
        configure();
        Work work;
        work.service = "order";
        const WorkScope scope(work);
        info("mine", {{"service", "user"}, {"msg", "no"}, {"host_id", "no"}});
        const Json::Value line = only();  // strict: a duplicate key would not parse
        CPPUNIT_ASSERT_EQUAL(std::string("user"), line["service"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("mine"), line["msg"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("host-1"), line["host_id"].asString());
    }

    void linesOfManyThreadsAreNotMixed() {
        configure();
        std::vector<std::thread> threads;
        threads.reserve(4);
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([] {
                for (int n = 0; n < 200; ++n) {
                    info("busy", {{"filler", std::string(300, 'x')}});
                }
            });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        const auto lines = linesOf(file_);
        CPPUNIT_ASSERT_EQUAL(std::size_t{800}, lines.size());
        for (const auto& line : lines) {
            parsed(line);
        }
    }

    void peopleGetAShortLineWithoutControlCharacters() {
        configure(Level::kInfo, true);
        warn("look", {{"name", "a\x1b[2Jb"}});
        const std::string line = linesOf(file_).at(0);
        CPPUNIT_ASSERT(line.find("look name=a\\x1b[2Jb") != std::string::npos);
        CPPUNIT_ASSERT(line.find("warn") != std::string::npos);
    }

    void aFileThatCantBeOpenedIsRefusedByName() {
        try {
            configureLog({Level::kInfo, folder_.file("none/x.log"), "", false});
            CPPUNIT_FAIL("opened");
        } catch (const Error& error) {
            CPPUNIT_ASSERT(std::string(error.what()).find("none/x.log") != std::string::npos);
        }
    }

private:
    TestFolder folder_;
    std::string file_ = folder_.file("log");
};

CPPUNIT_TEST_SUITE_REGISTRATION(LogTest);

}  // namespace
}  // namespace stoa::host::observe
