// stoa-validate as a program: exit codes, its JSON, and a version that is to take over from another.

#include <cppunit/extensions/HelperMacros.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include <stoa/json.h>

namespace stoa::validate {
namespace {

struct Run {
    int code = -1;
    std::string output;
};

Run run(const std::string& arguments) {
    FILE* const pipe = popen((std::string("'" STOA_TEST_VALIDATE "' ") + arguments + " 2>/dev/null").c_str(), "r");
    CPPUNIT_ASSERT(pipe != nullptr);
    Run result;
    std::array<char, 4096> part;
    for (std::size_t size = 0; (size = std::fread(part.data(), 1, part.size(), pipe)) > 0;) {
        result.output.append(part.data(), size);
    }
    result.code = WEXITSTATUS(pclose(pipe));
    return result;
}

std::string file(const std::string& name) { return std::string("'" STOA_TEST_TAKEOVER "/") + name + ".so'"; }

Json::Value jsonOf(const Run& result) {
    const auto json = parseJson(result.output);
    CPPUNIT_ASSERT_MESSAGE(result.output, json.has_value());
    return *json;
}

}  // namespace

class TakeoverTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TakeoverTest);
    CPPUNIT_TEST(aVersionThatOnlyAddsMayTakeOver);
    CPPUNIT_TEST(whatStandsInTheWayIsNamedWithReasonAndCure);
    CPPUNIT_TEST(warningsHaveAnExitCodeOfTheirOwn);
    CPPUNIT_TEST(filesThatCannotBeComparedAreErrors);
    CPPUNIT_TEST_SUITE_END();

public:
    void aVersionThatOnlyAddsMayTakeOver() {
        for (const char* next : {"before", "good"}) {
            const Run result = run("--json --against " + file("before") + " " + file(next));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(result.output, 0, result.code);
            const Json::Value json = jsonOf(result);
            CPPUNIT_ASSERT(json["loadable"].asBool() && json["findings"].empty());
            CPPUNIT_ASSERT_EQUAL(std::string("notes"), json["name"].asString());
        }
    }

    void whatStandsInTheWayIsNamedWithReasonAndCure() {
        const Run result = run("--json --against " + file("before") + " " + file("bad"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.output, 2, result.code);
        const Json::Value json = jsonOf(result);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(result.output, 2U, json["findings"].size());
        const Json::Value& migration = json["findings"][0];
        CPPUNIT_ASSERT_EQUAL(std::string("migration"), migration["rule"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("ALTER TABLE notes DROP COLUMN text"), migration["statement"].asString());
        CPPUNIT_ASSERT_EQUAL(2, migration["line"].asInt());
        const Json::Value& contract = json["findings"][1];
        CPPUNIT_ASSERT_EQUAL(std::string("answer-enum"), contract["rule"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("/properties/state"), contract["pointer"].asString());
        for (const Json::Value& finding : json["findings"]) {
            CPPUNIT_ASSERT_EQUAL(std::string("error"), finding["severity"].asString());
            CPPUNIT_ASSERT(!finding["subject"].asString().empty() && !finding["reason"].asString().empty() &&
                           !finding["cure"].asString().empty());
        }
        // By itself, it is a plugin like any other.
        CPPUNIT_ASSERT_EQUAL(0, run(file("bad")).code);
        const Run text = run("--against " + file("before") + " " + file("bad"));
        CPPUNIT_ASSERT_MESSAGE(text.output,
                               text.output.find("error [migration] 0002 m2, line 2: ") != std::string::npos);
    }

    void warningsHaveAnExitCodeOfTheirOwn() {
        const std::string sockets = "'" STOA_TEST_BAD_PLUGINS "/sockets.so'";
        CPPUNIT_ASSERT_EQUAL(1, run(sockets).code);
        CPPUNIT_ASSERT_EQUAL(0, run("--errors-only " + sockets).code);
        CPPUNIT_ASSERT_EQUAL(3, run("--against").code);
    }

    void filesThatCannotBeComparedAreErrors() {
        CPPUNIT_ASSERT_EQUAL(2, run("--against /nowhere.so " + file("good")).code);
        CPPUNIT_ASSERT_EQUAL(2, run("--against " + file("good") + " /nowhere.so").code);
        const Run other = run("--json --against '" STOA_TEST_PLUGIN "' " + file("good"));
        CPPUNIT_ASSERT_EQUAL(2, other.code);
        CPPUNIT_ASSERT_MESSAGE(other.output, other.output.find("is not a version of plain_c") != std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TakeoverTest);

}  // namespace stoa::validate
