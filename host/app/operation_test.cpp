#include "host/app/operation.h"

#include <cppunit/extensions/HelperMacros.h>

#include <future>

#include <stoa/error.h>
#include <stoa/json.h>

namespace stoa::host::app {
namespace {

class OperationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OperationTest);
    CPPUNIT_TEST(whatIsToldCanBeReadWhileItRuns);
    CPPUNIT_TEST(aFailureIsKeptWithItsStatus);
    CPPUNIT_TEST(oneOfAServiceRunsAtATime);
    CPPUNIT_TEST(theOldestAreForgottenAndLinesAreBounded);
    CPPUNIT_TEST(nothingStartsAfterTheEnd);
    CPPUNIT_TEST_SUITE_END();

public:
    Json::Value ended(const std::string& id) {
        Json::Value shown = operations_.show(id, "order", 0);
        while (textOr(shown, "state") == "running") {
            std::this_thread::yield();
            shown = operations_.show(id, "order", 0);
        }
        return shown;
    }

    static Json::Value nothing(const Step&) { return Json::Value(Json::objectValue); }

    void whatIsToldCanBeReadWhileItRuns() {
        std::promise<void> told;
        std::promise<void> go;
        operations_.start("1", "order", [&](const Step& step) {
            step("loaded", "generation 2");
            step("healthy", "");
            told.set_value();
            go.get_future().wait();
            Json::Value result;
            result["version"] = "2.0.0";
            return result;
        });
        told.get_future().wait();
        const Json::Value shown = operations_.show("1", "order", 1);
        CPPUNIT_ASSERT_EQUAL(std::string("running"), textOr(shown, "state"));
        CPPUNIT_ASSERT_EQUAL(1U, shown["lines"].size());
        CPPUNIT_ASSERT_EQUAL(std::string("healthy"), textOr(shown["lines"][0], "step"));
        CPPUNIT_ASSERT_EQUAL(2, shown["next"].asInt());
        CPPUNIT_ASSERT(operations_.show("1", "product", 0).isNull());
        go.set_value();
        CPPUNIT_ASSERT_EQUAL(std::string("2.0.0"), textOr(ended("1")["result"], "version"));
    }

    void aFailureIsKeptWithItsStatus() {
        operations_.start("1", "order",
                          [](const Step&) -> Json::Value { throw Error(STOA_CONFLICT, "its probe failed"); });
        const Json::Value shown = ended("1");
        CPPUNIT_ASSERT_EQUAL(std::string("failed"), textOr(shown, "state"));
        CPPUNIT_ASSERT_EQUAL(static_cast<int>(STOA_CONFLICT), shown["error"]["status"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("its probe failed"), textOr(shown["error"], "message"));
    }

    void oneOfAServiceRunsAtATime() {
        std::promise<void> go;
        operations_.start("1", "order", [&](const Step& step) {
            go.get_future().wait();
            return nothing(step);
        });
        CPPUNIT_ASSERT_THROW(operations_.start("2", "order", nothing), Error);
        operations_.start("3", "product", nothing);
        go.set_value();
        ended("1");
        operations_.start("4", "order", nothing);
    }

    void theOldestAreForgottenAndLinesAreBounded() {
        operations_.start("first", "order", [](const Step& step) {
            for (std::size_t i = 0; i < Operations::kMostLines + 10; ++i) {
                step("line", "");
            }
            return nothing(step);
        });
        CPPUNIT_ASSERT_EQUAL(Json::ArrayIndex{Operations::kMostLines}, ended("first")["lines"].size());
        for (std::size_t i = 0; i <= Operations::kMostKept + 1; ++i) {
            operations_.start(std::to_string(i), "order", nothing);
            ended(std::to_string(i));
        }
        CPPUNIT_ASSERT(operations_.show("first", "order", 0).isNull());
    }

    void nothingStartsAfterTheEnd() {
        operations_.close();
        CPPUNIT_ASSERT_THROW(operations_.start("1", "order", nothing), Error);
    }

private:
    Operations operations_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(OperationTest);

}  // namespace
}  // namespace stoa::host::app
