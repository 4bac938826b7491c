#include "host/observe/metrics.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cmath>
#include <thread>
#include <vector>

#include <stoa/error.h>

namespace stoa::host::observe {
namespace {

class MetricsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MetricsTest);
    CPPUNIT_TEST(seriesAppearInTheText);
    CPPUNIT_TEST(theSameNameAndLabelsAreOneSeries);
    CPPUNIT_TEST(aSeriesGoesWithItsLastHolder);
    CPPUNIT_TEST(histogramsHaveOpenTelemetrysBuckets);
    CPPUNIT_TEST(badNamesAndOtherKindsAreRefused);
    CPPUNIT_TEST(whatIsNotANumberDoesNotSpoilACounter);
    CPPUNIT_TEST(refreshRunsBeforeEachExpositionUntilItsHandleGoes);
    CPPUNIT_TEST(seriesMayComeAndGoWhileTheTextIsMade);
    CPPUNIT_TEST_SUITE_END();

public:
    bool shows(const std::string& text) const { return metrics_.expose().find(text) != std::string::npos; }

    void seriesAppearInTheText() {
        const auto requests = metrics_.counter("requests_total", "Requests.", {{"service", "or\"der\n"}});
        requests->add();
        requests->add(2);
        const auto depth = metrics_.gauge("depth", "Depth.");
        depth->set(5);
        depth->add(-2);
        CPPUNIT_ASSERT(shows("# HELP requests_total Requests.\n# TYPE requests_total counter\n"));
        CPPUNIT_ASSERT(shows("requests_total{service=\"or\\\"der\\n\"} 3\n"));
        CPPUNIT_ASSERT(shows("# TYPE depth gauge\ndepth 3\n"));
    }

    void theSameNameAndLabelsAreOneSeries() {
        const auto one = metrics_.counter("a_total", "A.", {{"x", "1"}});
        const auto same = metrics_.counter("a_total", "A.", {{"x", "1"}});
        const auto other = metrics_.counter("a_total", "A.", {{"x", "2"}});
        CPPUNIT_ASSERT(one == same);
        CPPUNIT_ASSERT(one != other);
    }

    void aSeriesGoesWithItsLastHolder() {
        auto one = metrics_.counter("a_total", "A.", {{"x", "1"}});
        const auto stays = metrics_.counter("a_total", "A.", {{"x", "2"}});
        one->add(41);
        CPPUNIT_ASSERT(shows("a_total{x=\"1\"} 41"));
        one.reset();
        CPPUNIT_ASSERT(!shows("x=\"1\""));
        CPPUNIT_ASSERT(shows("a_total{x=\"2\"} 0"));
    }

    void histogramsHaveOpenTelemetrysBuckets() {
        const auto duration = metrics_.histogram("d_seconds", "D.");
        duration->observe(0.06);
        duration->observe(std::nan(""));
        CPPUNIT_ASSERT(shows("d_seconds_bucket{le=\"0.05\"} 0"));
        CPPUNIT_ASSERT(shows("d_seconds_bucket{le=\"0.075\"} 1"));
        CPPUNIT_ASSERT(shows("d_seconds_bucket{le=\"10\"} 1"));
        CPPUNIT_ASSERT(shows("d_seconds_count 1"));
    }

    void badNamesAndOtherKindsAreRefused() {
        const auto counter = metrics_.counter("a_total", "A.");
        CPPUNIT_ASSERT_THROW(metrics_.gauge("a_total", "A."), Error);
        CPPUNIT_ASSERT_THROW(metrics_.counter("a-b", "A."), Error);
        CPPUNIT_ASSERT_THROW(metrics_.counter("", "A."), Error);
        CPPUNIT_ASSERT_THROW(metrics_.histogram("h", "H.", {{"le", "1"}}), Error);
        CPPUNIT_ASSERT_THROW(metrics_.counter("c", "C.", {{"bad name", "1"}}), Error);
    }

    void whatIsNotANumberDoesNotSpoilACounter() {
        const auto counter = metrics_.counter("a_total", "A.");
        counter->add(std::nan(""));
        counter->add(-4);
        counter->add(1);
        CPPUNIT_ASSERT(shows("a_total 1\n"));
    }

    void refreshRunsBeforeEachExpositionUntilItsHandleGoes() {
        const auto gauge = metrics_.gauge("g", "G.");
        int runs = 0;
        auto handle = metrics_.beforeExpose([&] { gauge->set(++runs); });
        CPPUNIT_ASSERT(shows("g 1\n"));
        CPPUNIT_ASSERT(shows("g 2\n"));
        handle.reset();
        CPPUNIT_ASSERT(shows("g 2\n"));
    }

    void seriesMayComeAndGoWhileTheTextIsMade() {
        std::atomic<bool> stop{false};
        std::vector<std::thread> threads;
        threads.reserve(2);
        for (int i = 0; i < 2; ++i) {
            threads.emplace_back([&] {
                while (!stop) {
                    metrics_.counter("a_total", "A.", {{"x", "1"}})->add();
                }
            });
        }
        for (int i = 0; i < 200; ++i) {
            metrics_.expose();
        }
        stop = true;
        for (auto& thread : threads) {
            thread.join();
        }
        CPPUNIT_ASSERT(!shows("a_total"));
    }

private:
    Metrics metrics_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MetricsTest);

}  // namespace
}  // namespace stoa::host::observe
