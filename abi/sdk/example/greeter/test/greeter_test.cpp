// The plugin of the two READMEs, and that both show this very text.

#include <cppunit/extensions/HelperMacros.h>

#include <fstream>
#include <sstream>

#include <stoa/fake/host.h>

namespace {

using namespace stoa;

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
}

class GreeterTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(GreeterTest);
    CPPUNIT_TEST(aGreetingIsCountedAnnouncedAndForgotten);
    CPPUNIT_TEST(aRivalIsNotGreeted);
    CPPUNIT_TEST(theReadmesShowThisPlugin);
    CPPUNIT_TEST_SUITE_END();

public:
    void aGreetingIsCountedAnnouncedAndForgotten() {
        fake::Host host{STOA_TEST_MANIFEST};
        const auto greet = [&] {
            return host.post("/api/v1/greetings").as("user-1").key("k").json(R"({"name":"Ada"})").send();
        };
        const auto count = [&] { return host.get("/api/v1/greetings?name=Ada").send().json()["count"].asInt(); };
        CPPUNIT_ASSERT_EQUAL(201, greet().status);
        CPPUNIT_ASSERT(greet().replayed());
        CPPUNIT_ASSERT_EQUAL(1, count());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host.published("greeting.sent").size());
        host.advance(std::chrono::hours{1});
        CPPUNIT_ASSERT_EQUAL(0, count());
    }

    void aRivalIsNotGreeted() {
        fake::Options options;
        options.settings["rival"] = "Bob";
        fake::Host host{STOA_TEST_MANIFEST, options};
        const auto answer = host.post("/api/v1/greetings").as("user-1").key("k").json(R"({"name":"Bob"})").send();
        CPPUNIT_ASSERT_EQUAL(std::string("rival"), answer.problem());
    }

    void theReadmesShowThisPlugin() {
        const std::string folder = STOA_TEST_FOLDER;
        const std::string plugin = content(folder + "/src/greeter.cpp");
        for (const char* readme : {"/../../README.md", "/../../../../README.md"}) {
            CPPUNIT_ASSERT_MESSAGE(readme, content(folder + readme).find(plugin) != std::string::npos);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(GreeterTest);

}  // namespace
