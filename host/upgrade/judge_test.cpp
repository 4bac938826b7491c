#include "host/upgrade/judge.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace stoa::host::upgrade {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kMiB = 1 << 20;

/// `requests` of which each took `us`.
Sample sample(std::uint64_t requests, std::uint64_t errors, std::uint64_t us = 2000) {
    Sample made;
    made.requests = requests;
    made.errors = errors;
    made.latency.counts[latencyBucket(us)] = requests;
    return made;
}

bool contains(const Verdict& verdict, const std::string& text) { return verdict.why.find(text) != std::string::npos; }

class JudgeTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(JudgeTest);
    CPPUNIT_TEST(fishersTestIsExact);
    CPPUNIT_TEST(fiveErrorsInARowAreEnough);
    CPPUNIT_TEST(fourErrorsAreNot);
    CPPUNIT_TEST(errorsThatTheOldOneHasTooAreNoReason);
    CPPUNIT_TEST(laterLooksAskForMore);
    CPPUNIT_TEST(itIsLookedAgainOnlyWhenTheRequestsHaveGrown);
    CPPUNIT_TEST(aSlowerOneIsWithdrawnFromTwoHundredRequestsOn);
    CPPUNIT_TEST(aLittleSlowerIsNoReason);
    CPPUNIT_TEST(aFewOutliersAreNoReason);
    CPPUNIT_TEST(memoryThatGrowsIsWithdrawn);
    CPPUNIT_TEST(memoryMayGrowSlowlyOrBeLeftOut);
    CPPUNIT_TEST(aGoodOneIsPromotedAtTheEndOfItsWindow);
    CPPUNIT_TEST(tooFewRequestsExtendTheWindowAndThenRefuse);
    CPPUNIT_TEST(withoutAnOldOneToCompareItIsThin);
    CPPUNIT_TEST_SUITE_END();

    Decision decide(seconds at, const Sample& old_one, const Sample& new_one) {
        return Judge({}).look(at, old_one, new_one).decision;
    }

public:
    void fishersTestIsExact() {
        CPPUNIT_ASSERT_DOUBLES_EQUAL(17.0 / 70, fisherWorse(3, 4, 1, 4), 1e-12);  // the lady tasting tea
        CPPUNIT_ASSERT_DOUBLES_EQUAL(1.0 / 70, fisherWorse(4, 4, 0, 4), 1e-12);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(1 / 2118760.0, fisherWorse(5, 5, 0, 45), 1e-15);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(0.1, fisherWorse(1, 100, 0, 900), 1e-9);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(0.1, fisherWorse(1, 100'000, 0, 900'000), 1e-6);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(1.0, fisherWorse(1, 100, 90, 100), 1e-9);
        CPPUNIT_ASSERT_EQUAL(1.0, fisherWorse(0, 100, 5, 100));
        CPPUNIT_ASSERT_EQUAL(1.0, fisherWorse(5, 5, 0, 0));
        CPPUNIT_ASSERT_DOUBLES_EQUAL(1.0, fisherWorse(40'000, 100'000, 60'000, 100'000), 1e-9);
        CPPUNIT_ASSERT(fisherWorse(60'000, 100'000, 40'000, 100'000) < 1e-300);
    }

    void fiveErrorsInARowAreEnough() {
        const Verdict verdict = Judge({}).look(seconds(1), sample(45, 0), sample(5, 5));
        CPPUNIT_ASSERT(verdict.decision == Decision::kWithdraw);
        CPPUNIT_ASSERT(contains(verdict, "errors 5 of 5 requests (100.00 %) against 0 of 45"));
        CPPUNIT_ASSERT(contains(verdict, "p = 4.7e-07"));
    }

    void fourErrorsAreNot() {
        CPPUNIT_ASSERT(decide(seconds(1), sample(4500, 0), sample(5, 4)) == Decision::kContinue);
    }

    void errorsThatTheOldOneHasTooAreNoReason() {
        CPPUNIT_ASSERT(decide(seconds(1), sample(900, 450), sample(100, 55)) == Decision::kContinue);
        CPPUNIT_ASSERT(decide(seconds(1), sample(900, 450), sample(100, 80)) == Decision::kWithdraw);
    }

    void laterLooksAskForMore() {
        // p = 0.0014: the first look takes it, the sixth does not.
        CPPUNIT_ASSERT(decide(seconds(1), sample(900, 9), sample(100, 6)) == Decision::kWithdraw);
        Judge judge({});
        for (const std::uint64_t requests : {8u, 12u, 20u, 32u, 64u}) {
            judge.look(seconds(1), sample(requests * 9, 0), sample(requests, 0));
        }
        CPPUNIT_ASSERT(judge.look(seconds(2), sample(900, 9), sample(100, 6)).decision == Decision::kContinue);
    }

    void itIsLookedAgainOnlyWhenTheRequestsHaveGrown() {
        Judge judge({});
        judge.look(seconds(1), sample(90, 0), sample(10, 0));
        CPPUNIT_ASSERT(judge.look(seconds(2), sample(126, 0), sample(14, 14)).decision == Decision::kContinue);
        CPPUNIT_ASSERT(judge.look(seconds(3), sample(135, 0), sample(15, 15)).decision == Decision::kWithdraw);
    }

    void aSlowerOneIsWithdrawnFromTwoHundredRequestsOn() {
        const Verdict verdict = Judge({}).look(seconds(9), sample(1800, 0, 2000), sample(200, 0, 4000));
        CPPUNIT_ASSERT(verdict.decision == Decision::kWithdraw);
        CPPUNIT_ASSERT(contains(verdict, "it is slower"));
        CPPUNIT_ASSERT(contains(verdict, "p99 4.0 ms against 2.0 ms"));
        CPPUNIT_ASSERT(decide(seconds(9), sample(1800, 0, 2000), sample(199, 0, 4000)) == Decision::kContinue);
        CPPUNIT_ASSERT(decide(seconds(9), sample(199, 0, 2000), sample(200, 0, 4000)) == Decision::kContinue);
    }

    void aLittleSlowerIsNoReason() {
        CPPUNIT_ASSERT(decide(seconds(9), sample(18'000, 0, 2000), sample(2000, 0, 2900)) == Decision::kContinue);
    }

    void aFewOutliersAreNoReason() {
        Sample new_one = sample(198, 0);
        new_one.requests = 200;
        new_one.latency.counts[latencyBucket(900'000)] = 2;
        Sample old_one = sample(1790, 0);
        old_one.requests = 1800;
        old_one.latency.counts[latencyBucket(800'000)] = 10;
        CPPUNIT_ASSERT(new_one.latency.percentile(0.99) < 3000);
        new_one.latency.counts[latencyBucket(900'000)] = 3;
        CPPUNIT_ASSERT(new_one.latency.percentile(0.99) > 800'000);
        CPPUNIT_ASSERT(decide(seconds(9), old_one, new_one) == Decision::kContinue);
    }

    void memoryThatGrowsIsWithdrawn() {
        Judge judge({});
        Sample new_one = sample(10, 0);
        for (int second = 0; second < 60; ++second) {
            new_one.memory_bytes = second * 50 * kMiB;
            const Verdict verdict = judge.look(seconds(second), sample(90, 0), new_one);
            if (second < 2) {
                CPPUNIT_ASSERT(verdict.decision == Decision::kContinue);
                continue;
            }
            CPPUNIT_ASSERT(verdict.decision == Decision::kWithdraw);
            CPPUNIT_ASSERT(contains(verdict, "grew by 100.0 MiB in 2.0 s to 100.0 MiB; 64.0 MiB in 5 s are allowed"));
            return;
        }
    }

    void memoryMayGrowSlowlyOrBeLeftOut() {
        JudgeSettings off;
        off.memory_growth = 0;
        Judge slow({});
        Judge unwatched(off);
        for (int second = 0; second < 50; ++second) {
            Sample new_one = sample(10, 0);
            new_one.memory_bytes = second * 12 * kMiB;  // 60 MiB in five seconds
            CPPUNIT_ASSERT(slow.look(seconds(second), sample(90, 0), new_one).decision == Decision::kContinue);
            new_one.memory_bytes = second * 50 * kMiB;
            CPPUNIT_ASSERT(unwatched.look(seconds(second), sample(90, 0), new_one).decision == Decision::kContinue);
        }
    }

    void aGoodOneIsPromotedAtTheEndOfItsWindow() {
        Judge judge({});
        CPPUNIT_ASSERT(judge.look(milliseconds(59'999), sample(900, 1), sample(100, 0)).decision ==
                       Decision::kContinue);
        const Verdict verdict = judge.look(seconds(60), sample(900, 1), sample(100, 0));
        CPPUNIT_ASSERT(verdict.decision == Decision::kPromote);
        CPPUNIT_ASSERT(contains(verdict, "errors 0 of 100 requests (0.00 %) against 1 of 900 (0.11 %)"));
    }

    void tooFewRequestsExtendTheWindowAndThenRefuse() {
        Judge judge({});
        CPPUNIT_ASSERT(judge.look(seconds(60), sample(400, 0), sample(49, 0)).decision == Decision::kExtend);
        CPPUNIT_ASSERT(judge.look(seconds(179), sample(400, 0), sample(49, 0)).decision == Decision::kExtend);
        CPPUNIT_ASSERT(judge.look(seconds(179), sample(400, 0), sample(50, 0)).decision == Decision::kPromote);
        const Verdict verdict = judge.look(seconds(180), sample(400, 0), sample(49, 0));
        CPPUNIT_ASSERT(verdict.decision == Decision::kThin);
        CPPUNIT_ASSERT(contains(verdict, "50 of each are needed"));
        JudgeSettings settings;
        settings.accept_thin = true;
        Judge lenient(settings);
        CPPUNIT_ASSERT(lenient.look(seconds(60), sample(400, 0), sample(49, 0)).decision == Decision::kExtend);
        CPPUNIT_ASSERT(lenient.look(seconds(180), sample(400, 0), sample(49, 0)).decision == Decision::kPromote);
    }

    void withoutAnOldOneToCompareItIsThin() {
        CPPUNIT_ASSERT(decide(seconds(60), sample(0, 0), sample(1000, 900)) == Decision::kExtend);
        CPPUNIT_ASSERT(decide(seconds(180), sample(0, 0), sample(1000, 900)) == Decision::kThin);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(JudgeTest);

}  // namespace
}  // namespace stoa::host::upgrade
