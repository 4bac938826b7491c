// Breaker, balancer, budget and back-off, with a clock of the test's own.

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <set>
#include <vector>

#include "host/outbound/balancer.h"
#include "host/outbound/breaker.h"
#include "host/outbound/retry_budget.h"

namespace stoa::host::outbound {

class BreakerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(BreakerTest);
    CPPUNIT_TEST(fewCallsNeverOpenIt);
    CPPUNIT_TEST(halfOfTwentyOpensIt);
    CPPUNIT_TEST(oldFailuresAreForgotten);
    CPPUNIT_TEST(halfOpenLetsThreeThrough);
    CPPUNIT_TEST(threeGoodProbesCloseIt);
    CPPUNIT_TEST(oneBadProbeOpensItForLonger);
    CPPUNIT_TEST(callsOfAnotherStateDontCount);
    CPPUNIT_TEST(releasedProbeMakesRoom);
    CPPUNIT_TEST_SUITE_END();

public:
    void fewCallsNeverOpenIt() {
        run(0, 19);
        CPPUNIT_ASSERT(breaker_.state(now_) == Breaker::State::kClosed);
    }
    void halfOfTwentyOpensIt() {
        run(11, 9);
        CPPUNIT_ASSERT(breaker_.state(now_) == Breaker::State::kClosed);
        run(0, 2);
        CPPUNIT_ASSERT(breaker_.state(now_) == Breaker::State::kOpen);
        CPPUNIT_ASSERT(!breaker_.admit(now_));
        // Random 0.5 between 5 s and, the first time, 10 s.
        CPPUNIT_ASSERT_EQUAL(std::int64_t{7500}, static_cast<std::int64_t>(breaker_.retryAfter(now_).count()));
    }
    void oldFailuresAreForgotten() {
        run(0, 19);
        now_ += std::chrono::seconds{11};
        run(0, 1);
        CPPUNIT_ASSERT(breaker_.state(now_) == Breaker::State::kClosed);
    }
    void halfOpenLetsThreeThrough() {
        openAndWait();
        CPPUNIT_ASSERT(breaker_.state(now_) == Breaker::State::kHalfOpen);
        for (int i = 0; i < 3; ++i) {
            CPPUNIT_ASSERT(breaker_.admit(now_));
        }
        CPPUNIT_ASSERT(!breaker_.admit(now_));
    }
    void threeGoodProbesCloseIt() {
        openAndWait();
        std::vector<Breaker::Leave> probes;
        probes.reserve(3);
        for (int i = 0; i < 3; ++i) {
            probes.push_back(*breaker_.admit(now_));
        }
        for (const auto probe : probes) {
            CPPUNIT_ASSERT(breaker_.state(now_) == Breaker::State::kHalfOpen);
            breaker_.record(probe, false, now_);
        }
        CPPUNIT_ASSERT(breaker_.state(now_) == Breaker::State::kClosed);
        run(0, 19);
        CPPUNIT_ASSERT(breaker_.state(now_) == Breaker::State::kClosed);
    }
    void oneBadProbeOpensItForLonger() {
        openAndWait();
        breaker_.record(*breaker_.admit(now_), true, now_);
        CPPUNIT_ASSERT(breaker_.state(now_) == Breaker::State::kOpen);
        CPPUNIT_ASSERT(breaker_.retryAfter(now_) > std::chrono::milliseconds{7'500});
        for (int i = 0; i < 20; ++i) {
            now_ += breaker_.retryAfter(now_);
            breaker_.record(*breaker_.admit(now_), true, now_);
            CPPUNIT_ASSERT(breaker_.retryAfter(now_) <= std::chrono::seconds{30});
        }
    }
    void callsOfAnotherStateDontCount() {
        const auto early = *breaker_.admit(now_);
        openAndWait();
        breaker_.record(early, true, now_);
        CPPUNIT_ASSERT(breaker_.state(now_) == Breaker::State::kHalfOpen);
    }
    void releasedProbeMakesRoom() {
        openAndWait();
        for (int i = 0; i < 3; ++i) {
            breaker_.release(*breaker_.admit(now_));
        }
        CPPUNIT_ASSERT(breaker_.admit(now_));
    }

private:
    void run(int good, int bad) {
        for (int i = 0; i < good + bad; ++i) {
            if (const auto leave = breaker_.admit(now_)) {
                breaker_.record(*leave, i >= good, now_);
            }
        }
    }
    void openAndWait() {
        run(0, 20);
        CPPUNIT_ASSERT(breaker_.state(now_) == Breaker::State::kOpen);
        now_ += breaker_.retryAfter(now_);
    }

    Breaker::TimePoint now_{std::chrono::hours{1}};
    Breaker breaker_{{}, [] { return 0.5; }};
};

class BalancerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(BalancerTest);
    CPPUNIT_TEST(nobodyIsNobody);
    CPPUNIT_TEST(theIdlerOfTwoIsChosen);
    CPPUNIT_TEST(fiveFailuresInARowEject);
    CPPUNIT_TEST(successEndsTheRow);
    CPPUNIT_TEST(neverMoreThanHalfIsLeftOut);
    CPPUNIT_TEST(secondEjectionLastsTwiceAsLong);
    CPPUNIT_TEST(anotherInstanceIsTriedAfterAFailure);
    CPPUNIT_TEST_SUITE_END();

public:
    void nobodyIsNobody() { CPPUNIT_ASSERT(!balancer_.pick({}, now_)); }
    void theIdlerOfTwoIsChosen() {
        const std::vector<std::string> two{"a", "b"};
        int in_flight_at_a = 0;
        for (int i = 0; i < 10; ++i) {
            in_flight_at_a += *balancer_.pick(two, now_) == "a" ? 1 : 0;
        }
        CPPUNIT_ASSERT_EQUAL(5, in_flight_at_a);
        for (int i = 0; i < 5; ++i) {
            balancer_.done("a", false, now_);
        }
        for (int i = 0; i < 5; ++i) {
            CPPUNIT_ASSERT_EQUAL(std::string{"a"}, *balancer_.pick(two, now_));
        }
    }
    void fiveFailuresInARowEject() {
        fail("a", 5);
        CPPUNIT_ASSERT(balancer_.ejected("a", now_));
        for (int i = 0; i < 10; ++i) {
            CPPUNIT_ASSERT(*balancer_.pick(three_, now_) != "a");
        }
        now_ += std::chrono::seconds{30};
        CPPUNIT_ASSERT(!balancer_.ejected("a", now_));
    }
    void successEndsTheRow() {
        fail("a", 4);
        balancer_.pick(only("a"), now_);
        balancer_.done("a", false, now_);
        fail("a", 4);
        CPPUNIT_ASSERT(!balancer_.ejected("a", now_));
    }
    void neverMoreThanHalfIsLeftOut() {
        for (const auto* address : {"a", "b", "c"}) {
            fail(address, 5);
        }
        std::set<std::string> chosen;
        for (int i = 0; i < 10; ++i) {
            chosen.insert(*balancer_.pick(three_, now_));
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, chosen.size());
        CPPUNIT_ASSERT(balancer_.pick(only("a"), now_));
    }
    void secondEjectionLastsTwiceAsLong() {
        fail("a", 5);
        now_ += std::chrono::seconds{31};
        fail("a", 5);
        now_ += std::chrono::seconds{59};
        CPPUNIT_ASSERT(balancer_.ejected("a", now_));
        now_ += std::chrono::seconds{2};
        CPPUNIT_ASSERT(!balancer_.ejected("a", now_));
    }
    void anotherInstanceIsTriedAfterAFailure() {
        const std::vector<std::string> two{"a", "b"};
        for (int i = 0; i < 5; ++i) {
            CPPUNIT_ASSERT_EQUAL(std::string{"b"}, *balancer_.pick(two, now_, "a"));
        }
        CPPUNIT_ASSERT_EQUAL(std::string{"a"}, *balancer_.pick(only("a"), now_, "a"));
    }

private:
    static std::vector<std::string> only(const char* address) { return {address}; }
    void fail(const char* address, int times) {
        balancer_.pick(three_, now_);  // makes all of them known
        for (int i = 0; i < times; ++i) {
            balancer_.done(address, true, now_);
        }
    }

    const std::vector<std::string> three_{"a", "b", "c"};
    Balancer::TimePoint now_{std::chrono::hours{1}};
    int draws_ = 0;
    Balancer balancer_{{}, [this] { return (draws_++ % 10) / 10.0; }};
};

class RetryBudgetTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RetryBudgetTest);
    CPPUNIT_TEST(threeAreAlwaysAllowed);
    CPPUNIT_TEST(aFifthOfTheActiveIsAllowed);
    CPPUNIT_TEST(backOffDoublesAndIsJittered);
    CPPUNIT_TEST_SUITE_END();

public:
    void threeAreAlwaysAllowed() {
        CPPUNIT_ASSERT(take(3));
        CPPUNIT_ASSERT(!budget_.tryRetry());
        budget_.endRetry();
        CPPUNIT_ASSERT(budget_.tryRetry());
    }
    void aFifthOfTheActiveIsAllowed() {
        for (int i = 0; i < 100; ++i) {
            budget_.begin();
        }
        CPPUNIT_ASSERT(take(20));
        CPPUNIT_ASSERT(!budget_.tryRetry());
    }
    void backOffDoublesAndIsJittered() {
        using std::chrono::milliseconds;
        CPPUNIT_ASSERT(backOff(milliseconds{50}, 1, 0.0) == milliseconds{0});
        CPPUNIT_ASSERT(backOff(milliseconds{50}, 1, 0.5) == milliseconds{25});
        CPPUNIT_ASSERT(backOff(milliseconds{50}, 2, 0.5) == milliseconds{50});
        CPPUNIT_ASSERT(backOff(milliseconds{50}, 3, 0.99) < milliseconds{200});
    }

private:
    bool take(int count) {
        bool all = true;
        for (int i = 0; i < count; ++i) {
            all = budget_.tryRetry() && all;
        }
        return all;
    }
    RetryBudget budget_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(BreakerTest);
CPPUNIT_TEST_SUITE_REGISTRATION(BalancerTest);
CPPUNIT_TEST_SUITE_REGISTRATION(RetryBudgetTest);

}  // namespace stoa::host::outbound
