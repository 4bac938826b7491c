// What the judge promises can only be counted: canaries of equal versions that it withdraws, and of worse ones that it
// does not. Every run is drawn from a fixed seed.

#include <cppunit/extensions/HelperMacros.h>

#include <fmt/format.h>

#include <cmath>
#include <random>
#include <vector>

#include "host/upgrade/judge.h"

namespace stoa::host::upgrade {
namespace {

constexpr int kRuns = 1000;
constexpr int kRunsOfWorse = 300;
constexpr int kLooks = 60;  // one a second

/// Latencies by drawing one of 65,536 kept ones: a run has thousands of requests, and there are thousands of runs.
class LatencyTable {
public:
    /// Lognormal, 5 ms in the middle; a part `tail` of them takes `times` as long.
    explicit LatencyTable(double sigma, double factor = 1, double tail = 0, double times = 1) : buckets_(1 << 16) {
        std::mt19937_64 random(7);
        std::lognormal_distribution<double> latency(std::log(5000 * factor), sigma);
        std::bernoulli_distribution slow(tail);
        for (std::size_t& bucket : buckets_) {
            bucket = latencyBucket(static_cast<std::uint64_t>(latency(random) * (slow(random) ? times : 1)));
        }
    }
    std::size_t draw(std::uint64_t random) const { return buckets_[random & 0xffff]; }

private:
    std::vector<std::size_t> buckets_;
};

struct Version {
    double errors;
    const LatencyTable& latency;
};

struct Traffic {
    int requests_per_second = 100;
    double share = 0.1;
};

/// Draws one request and counts it for one of the two.
void serve(std::mt19937_64& random, const Traffic& traffic, const Version& old_version, const Version& new_version,
           Sample& old_one, Sample& new_one) {
    const std::uint64_t draw = random();
    const bool to_new = static_cast<double>(draw >> 32) < traffic.share * 0x1p32;
    Sample& sample = to_new ? new_one : old_one;
    const Version& version = to_new ? new_version : old_version;
    ++sample.requests;
    sample.errors += static_cast<double>((draw >> 16) & 0xffff) < version.errors * 0x1p16 ? 1 : 0;
    ++sample.latency.counts[version.latency.draw(draw)];
}

struct Outcome {
    Decision decision;
    int seconds;
};

Outcome simulate(std::uint64_t seed, const Traffic& traffic, const Version& old_version, const Version& new_version) {
    std::mt19937_64 random(seed);
    Judge judge({});
    Sample old_one;
    Sample new_one;
    for (int second = 1;; ++second) {
        for (int i = 0; i < traffic.requests_per_second; ++i) {
            serve(random, traffic, old_version, new_version, old_one, new_one);
        }
        const Decision decision = judge.look(std::chrono::seconds(second), old_one, new_one).decision;
        if (decision != Decision::kContinue) {
            CPPUNIT_ASSERT(second <= kLooks);
            return {decision, second};
        }
    }
}

struct Count {
    int withdrawn = 0;
    int promoted = 0;
    double seconds = 0;  ///< to a withdrawal, on average
};

Count count(const Traffic& traffic, const Version& old_version, const Version& new_version, int runs) {
    Count counted;
    for (int run = 0; run < runs; ++run) {
        const Outcome outcome = simulate(1000 + static_cast<std::uint64_t>(run), traffic, old_version, new_version);
        counted.withdrawn += outcome.decision == Decision::kWithdraw ? 1 : 0;
        counted.promoted += outcome.decision == Decision::kPromote ? 1 : 0;
        counted.seconds += outcome.decision == Decision::kWithdraw ? outcome.seconds : 0;
    }
    counted.seconds /= std::max(counted.withdrawn, 1);
    return counted;
}

class JudgeSimulationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(JudgeSimulationTest);
    CPPUNIT_TEST(oneOfAHundredEqualVersionsIsWithdrawnAtMost);
    CPPUNIT_TEST(whoLooksEverySecondWithoutCareIsAlarmedTooOften);
    CPPUNIT_TEST(versionsThatFailMoreAreWithdrawn);
    CPPUNIT_TEST(versionsThatAreSlowerAreWithdrawn);
    CPPUNIT_TEST_SUITE_END();

    void assertFewAlarms(const std::string& what, const Traffic& traffic, const Version& version) {
        const Count counted = count(traffic, version, version, kRuns);
        CPPUNIT_ASSERT_MESSAGE(fmt::format("{}: {} of {} withdrawn", what, counted.withdrawn, kRuns),
                               counted.withdrawn <= kRuns / 100);
        CPPUNIT_ASSERT_EQUAL(kRuns, counted.withdrawn + counted.promoted);
    }

    void assertFound(const std::string& what, const Version& old_version, const Version& new_version, double within,
                     double part = 0.99) {
        const Count counted = count({}, old_version, new_version, kRunsOfWorse);
        CPPUNIT_ASSERT_MESSAGE(fmt::format("{}: {} of {} withdrawn, after {:.1f} s", what, counted.withdrawn,
                                           kRunsOfWorse, counted.seconds),
                               counted.withdrawn >= kRunsOfWorse * part && counted.seconds <= within);
    }

public:
    void oneOfAHundredEqualVersionsIsWithdrawnAtMost() {
        for (const double sigma : {0.5, 1.0}) {
            const LatencyTable latency(sigma);
            for (const double errors : {0.0, 0.001, 0.01, 0.05}) {
                assertFewAlarms(fmt::format("errors {}, sigma {}", errors, sigma), {}, {errors, latency});
            }
        }
        const LatencyTable outliers(0.5, 1, 0.01, 50);
        assertFewAlarms("one of a hundred takes fifty times as long", {}, {0.01, outliers});
        assertFewAlarms("half of the traffic", {100, 0.5}, {0.01, outliers});
        assertFewAlarms("much traffic", {400, 0.1}, {0.05, outliers});
    }

    /// Why the judge spends its alarms, and that these runs would show it if it did not.
    void whoLooksEverySecondWithoutCareIsAlarmedTooOften() {
        const LatencyTable latency(1);
        const Version version{0.05, latency};
        int by_errors = 0;
        int by_ratio = 0;
        for (int run = 0; run < kRuns; ++run) {
            std::mt19937_64 random(1000 + static_cast<std::uint64_t>(run));
            Sample old_one;
            Sample new_one;
            bool failing = false;
            bool slower = false;
            for (int request = 1; request <= 60 * 100; ++request) {
                serve(random, {}, version, version, old_one, new_one);
                if (request % 100 != 0) {
                    continue;
                }
                failing = failing || (new_one.errors >= 5 && fisherWorse(new_one.errors, new_one.requests,
                                                                         old_one.errors, old_one.requests) < 0.01);
                slower = slower || (new_one.requests >= 200 &&
                                    new_one.latency.percentile(0.99) > 1.5 * old_one.latency.percentile(0.99));
            }
            by_errors += failing ? 1 : 0;
            by_ratio += slower ? 1 : 0;
        }
        CPPUNIT_ASSERT(by_errors > kRuns / 50);
        CPPUNIT_ASSERT(by_ratio > kRuns / 50);
    }

    void versionsThatFailMoreAreWithdrawn() {
        const LatencyTable latency(1);
        assertFound("0 to 5 %", {0, latency}, {0.05, latency}, 20);
        assertFound("1 to 10 %", {0.01, latency}, {0.1, latency}, 20);
        assertFound("0.1 to 5 %", {0.001, latency}, {0.05, latency}, 20);
        assertFound("all", {0.01, latency}, {1, latency}, 2);
    }

    void versionsThatAreSlowerAreWithdrawn() {
        const LatencyTable usual(0.5);
        const LatencyTable spread(1);
        assertFound("everything takes twice as long", {0.001, usual}, {0.001, LatencyTable(0.5, 2)}, 30);
        assertFound("the same, spread wide", {0.001, spread}, {0.001, LatencyTable(1, 2)}, 40, 0.9);
        assertFound("one of twenty takes four times as long", {0.001, usual}, {0.001, LatencyTable(0.5, 1, 0.05, 4)},
                    40, 0.85);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(JudgeSimulationTest);

}  // namespace
}  // namespace stoa::host::upgrade
