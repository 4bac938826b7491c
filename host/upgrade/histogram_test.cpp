#include "host/upgrade/histogram.h"

#include <cppunit/extensions/HelperMacros.h>

#include <cmath>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace stoa::host::upgrade {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

class HistogramTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HistogramTest);
    CPPUNIT_TEST(bucketsFollowEachOtherWithoutGaps);
    CPPUNIT_TEST(percentilesAreWithinFivePercent);
    CPPUNIT_TEST(theRankIsTheNearest);
    CPPUNIT_TEST(whatIsOutOfRangeIsCountedAtTheEnds);
    CPPUNIT_TEST(aDifferenceIsWhatCameSince);
    CPPUNIT_TEST(noRecordIsLostBetweenThreads);
    CPPUNIT_TEST_SUITE_END();

    std::unique_ptr<LatencyHistogram> histogram_ = std::make_unique<LatencyHistogram>();

public:
    void bucketsFollowEachOtherWithoutGaps() {
        for (std::size_t i = 0; i < kLatencyBuckets; ++i) {
            CPPUNIT_ASSERT_EQUAL(i, latencyBucket(latencyFloor(i)));
            CPPUNIT_ASSERT_EQUAL(i, latencyBucket(latencyFloor(i + 1) - 1));
        }
    }

    void percentilesAreWithinFivePercent() {
        for (std::uint64_t us = 1; us < 3'000'000'000; us += us / 7 + 1) {
            Latencies one;
            one.counts[latencyBucket(us)] = 1;
            CPPUNIT_ASSERT_DOUBLES_EQUAL(static_cast<double>(us), one.percentile(0.5), 0.032 * static_cast<double>(us));
        }
        std::mt19937_64 random(1);
        std::lognormal_distribution<double> latency(std::log(5000), 1);
        std::vector<double> all;
        for (int i = 0; i < 20'000; ++i) {
            all.push_back(std::floor(latency(random)));
            histogram_->record(microseconds(static_cast<std::int64_t>(all.back())));
        }
        std::sort(all.begin(), all.end());
        const Latencies seen = histogram_->snapshot();
        for (const double part : {0.01, 0.5, 0.9, 0.99, 0.999}) {
            const double exact = all[static_cast<std::size_t>(std::ceil(part * 20'000)) - 1];
            CPPUNIT_ASSERT_DOUBLES_EQUAL(exact, seen.percentile(part), 0.05 * exact);
        }
    }

    void theRankIsTheNearest() {
        CPPUNIT_ASSERT_EQUAL(0.0, Latencies{}.percentile(0.99));
        for (int us = 1; us <= 10; ++us) {
            histogram_->record(microseconds(us));
        }
        const Latencies ten = histogram_->snapshot();
        CPPUNIT_ASSERT_EQUAL(1.0, ten.percentile(0));
        CPPUNIT_ASSERT_EQUAL(1.0, ten.percentile(0.1));
        CPPUNIT_ASSERT_EQUAL(2.0, ten.percentile(0.11));
        CPPUNIT_ASSERT_EQUAL(5.0, ten.percentile(0.5));
        CPPUNIT_ASSERT_EQUAL(10.0, ten.percentile(0.99));
        CPPUNIT_ASSERT_EQUAL(10.0, ten.percentile(1));
    }

    void whatIsOutOfRangeIsCountedAtTheEnds() {
        histogram_->record(microseconds(-5));
        histogram_->record(std::chrono::nanoseconds(999));
        histogram_->record(hours(100));
        const Latencies seen = histogram_->snapshot();
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, seen.counts.front());
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, seen.counts.back());
    }

    void aDifferenceIsWhatCameSince() {
        histogram_->record(microseconds(100));
        const Latencies start = histogram_->snapshot();
        histogram_->record(microseconds(7));
        histogram_->record(microseconds(7));
        const Latencies since = histogram_->snapshot() - start;
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{2}, since.total());
        CPPUNIT_ASSERT_EQUAL(7.0, since.percentile(1));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{3}, (since + start).total());
    }

    void noRecordIsLostBetweenThreads() {
        constexpr int kEach = 50'000;
        std::vector<std::thread> threads;
        threads.reserve(4);
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([this, i] {
                for (int k = 0; k < kEach; ++k) {
                    histogram_->record(microseconds(k % 100 + i));
                }
            });
        }
        std::uint64_t before = 0;
        for (int i = 0; i < 100; ++i) {
            const std::uint64_t now = histogram_->snapshot().total();
            CPPUNIT_ASSERT(now >= before);
            before = now;
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{4 * kEach}, histogram_->snapshot().total());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(HistogramTest);

}  // namespace
}  // namespace stoa::host::upgrade
