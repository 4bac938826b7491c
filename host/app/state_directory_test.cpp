#include "host/app/state_directory.h"

#include <filesystem>

#include <unistd.h>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <stoa/error.h>

namespace stoa::host::app {
namespace {

class StateDirectoryTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StateDirectoryTest);
    CPPUNIT_TEST(theIdStays);
    CPPUNIT_TEST(oneHostAtATime);
    CPPUNIT_TEST(laterStartsHaveHigherEpochsWhateverTheClockSays);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        path_ = std::filesystem::temp_directory_path() / ("stoa-state-" + std::to_string(getpid()));
        std::filesystem::remove_all(path_);
    }
    void tearDown() override { std::filesystem::remove_all(path_); }

    void theIdStays() {
        const std::string id = StateDirectory(path_, clock_).hostId();
        CPPUNIT_ASSERT_EQUAL(id, StateDirectory(path_, clock_).hostId());
    }

    void oneHostAtATime() {
        const StateDirectory first(path_, clock_);
        try {
            const StateDirectory second(path_, clock_);
            CPPUNIT_FAIL("two hosts have the directory");
        } catch (const Error& refused) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, refused.status());
        }
    }

    void laterStartsHaveHigherEpochsWhateverTheClockSays() {
        const auto first = StateDirectory(path_, clock_).epoch();
        CPPUNIT_ASSERT(first > 0);
        clock_.shift(-std::chrono::hours{1});
        const auto second = StateDirectory(path_, clock_).epoch();
        CPPUNIT_ASSERT(second > first);
        CPPUNIT_ASSERT(StateDirectory(path_, clock_).epoch() > second);
    }

private:
    std::string path_;
    Clock clock_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(StateDirectoryTest);

}  // namespace
}  // namespace stoa::host::app
