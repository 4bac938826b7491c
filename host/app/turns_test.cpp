#include "host/app/turns.h"

#include <cppunit/extensions/HelperMacros.h>

#include <thread>

#include <stoa/error.h>

namespace stoa::host::app {
namespace {

using std::chrono::milliseconds;

class TurnsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TurnsTest);
    CPPUNIT_TEST(oneChangeOfAServiceAtATime);
    CPPUNIT_TEST(whatRunsCanBeAskedToGiveUp);
    CPPUNIT_TEST(closingWaitsForWhatRunsAndRefusesTheRest);
    CPPUNIT_TEST_SUITE_END();

    Turns turns_;

public:
    void oneChangeOfAServiceAtATime() {
        auto first = turns_.take("order", "an upgrade to 2.0.0");
        const auto other = turns_.take("payment", "a rollback");
        try {
            turns_.take("order", "a rollback");
            CPPUNIT_FAIL("two changes of one service");
        } catch (const Error& refusal) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, refusal.status());
            CPPUNIT_ASSERT(std::string(refusal.what()).find("an upgrade to 2.0.0 of order is under way") == 0);
        }
        first.reset();
        CPPUNIT_ASSERT(turns_.take("order", "a rollback"));
    }

    void whatRunsCanBeAskedToGiveUp() {
        CPPUNIT_ASSERT(!turns_.giveUp("order", "why not"));
        const auto turn = turns_.take("order", "an upgrade");
        CPPUNIT_ASSERT_EQUAL(std::string(), turn->givenUp());
        CPPUNIT_ASSERT(turns_.giveUp("order", "an operator asked"));
        CPPUNIT_ASSERT_EQUAL(std::string("an operator asked"), turn->givenUp());
    }

    void closingWaitsForWhatRunsAndRefusesTheRest() {
        auto turn = turns_.take("order", "an upgrade");
        std::thread upgrade([&] {
            while (turn->givenUp().empty()) {
                std::this_thread::yield();
            }
            turn.reset();
        });
        turns_.close("the host stops", std::chrono::minutes{1});
        upgrade.join();
        CPPUNIT_ASSERT(!turn);
        CPPUNIT_ASSERT_THROW(turns_.take("order", "an upgrade"), Error);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TurnsTest);

}  // namespace
}  // namespace stoa::host::app
