#include "host/observe/capabilities.h"

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/abi/clock.h>
#include <stoa/abi/draft/memory.h>
#include <stoa/abi/draft/trace.h>
#include <stoa/abi/log.h>
#include <stoa/abi/metrics.h>

#include <stoa/error.h>
#include <stoa/json.h>

#include "host/base/work.h"
#include "host/memory/block.h"
#include "host/observe/log.h"
#include "host/observe/memory_series.h"
#include "host/observe/metrics.h"
#include "host/observe/test_files.h"
#include "host/observe/trace.h"

namespace stoa::host::observe {
namespace {

template <class Table>
const Table* tableOf(const plugin::Binding& binding) {
    return static_cast<const Table*>(binding.table());
}

class CapabilitiesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CapabilitiesTest);
    CPPUNIT_TEST(aPluginsLineNamesItsServiceAndNoOther);
    CPPUNIT_TEST(aPluginsSeriesCarryItsNameAndGoWithTheGeneration);
    CPPUNIT_TEST(theThousandAndFirstSeriesIsRefused);
    CPPUNIT_TEST(spansOfAPluginLieInsideTheHosts);
    CPPUNIT_TEST(aSpanOutsideOfAnyWorkIsRefused);
    CPPUNIT_TEST(theClockFollowsTheHosts);
    CPPUNIT_TEST(memoryIsCountedAndExposed);
    CPPUNIT_TEST(memorySeriesGoWithTheGeneration);
    CPPUNIT_TEST(memoryOverTheLimitIsRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        environment_.service = "order";
        environment_.version = "1.2.0";
        environment_.generation = 7;
    }
    void tearDown() override { configureLog({}); }

    void aPluginsLineNamesItsServiceAndNoOther() {
        configureLog({Level::kInfo, folder_.file("log"), "host-1", false});
        const auto binding = logCapability()->bind(environment_);
        const auto* log = tableOf<stoa_log>(*binding);
        const stoa_pair fields[] = {{view("service"), view("payment")}, {view("order_id"), view("o-1")}};
        log->write(log, STOA_LOG_WARN, view("careful"), fields, 2);
        log->write(log, STOA_LOG_DEBUG, view("not seen"), nullptr, 0);
        log->write(log, 99, view("loud"), nullptr, 0);
        CPPUNIT_ASSERT_EQUAL(0u, log->enabled(log, STOA_LOG_DEBUG));
        CPPUNIT_ASSERT_EQUAL(1u, log->enabled(log, STOA_LOG_INFO));
        const auto lines = linesOf(folder_.file("log"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, lines.size());
        const Json::Value line = parseJson(lines[0]).value();
        CPPUNIT_ASSERT_EQUAL(std::string("order"), line["service"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("o-1"), line["order_id"].asString());
        CPPUNIT_ASSERT_EQUAL(7, line["generation"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("error"), parseJson(lines[1]).value()["level"].asString());
    }

    void aPluginsSeriesCarryItsNameAndGoWithTheGeneration() {
        Metrics host;
        auto binding = metricsCapability(host)->bind(environment_);
        const auto* metrics = tableOf<stoa_metrics>(*binding);
        const stoa_pair labels[] = {{view("outcome"), view("paid")}, {view("service"), view("payment")}};
        stoa_series* series = nullptr;
        stoa_series* again = nullptr;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, (metrics->series(metrics, STOA_COUNTER, view("orders_total"),
                                                                    view("Orders."), labels, 2, &series)));
        metrics->series(metrics, STOA_COUNTER, view("orders_total"), view("Orders."), labels, 2, &again);
        CPPUNIT_ASSERT(series == again);
        metrics->record(series, 2);
        CPPUNIT_ASSERT(host.expose().find("orders_total{outcome=\"paid\",service=\"order\",version=\"1.2.0\"} 2") !=
                       std::string::npos);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID},
                             (metrics->series(metrics, STOA_GAUGE, view("orders_total"), view(""), labels, 2, &again)));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, static_cast<stoa_status>(metrics->series(
                                                            metrics, 9, view("x"), view(""), nullptr, 0, &again)));
        CPPUNIT_ASSERT(!lastError().empty());
        binding.reset();
        CPPUNIT_ASSERT(host.expose().find("orders_total") == std::string::npos);
    }

    void theThousandAndFirstSeriesIsRefused() {
        Metrics host;
        const auto binding = metricsCapability(host)->bind(environment_);
        const auto* metrics = tableOf<stoa_metrics>(*binding);
        stoa_series* series = nullptr;
        const auto add = [&](int i) {
            const std::string value = std::to_string(i);
            const stoa_pair label{view("n"), view(value)};
            return metrics->series(metrics, STOA_GAUGE, view("g"), view("G."), &label, 1, &series);
        };
        for (int i = 0; i < 1000; ++i) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, (add(i)));
        }
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_EXHAUSTED}, (add(1000)));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, (add(999)));
    }

    void spansOfAPluginLieInsideTheHosts() {
        Tracer tracer({"file:" + folder_.file("traces"), 1.0, 100, "host-1", "0.1.0"});
        const auto binding = traceCapability(tracer)->bind(environment_);
        const auto* trace = tableOf<stoa_trace>(*binding);
        Work work;
        work.correlation_id = "c-1";
        const WorkScope scope(work);
        Span server(tracer, work, "server", SpanKind::kServer);
        stoa_span* span = nullptr;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, (trace->begin(trace, view("mine"), &span)));
        CPPUNIT_ASSERT(work.span_id != server.id());
        trace->attribute(span, view("lines"), view("3"));
        trace->end(span, STOA_CONFLICT);
        CPPUNIT_ASSERT_EQUAL(server.id(), work.span_id);
        CPPUNIT_ASSERT_EQUAL(std::string("c-1"), std::string(text(trace->correlation_id(trace))));
        CPPUNIT_ASSERT_EQUAL(work.trace_id, std::string(text(trace->trace_id(trace))));
        tracer.flush();
        const std::string line = linesOf(folder_.file("traces")).at(0);
        CPPUNIT_ASSERT(line.find("\"parentSpanId\":\"" + server.id()) != std::string::npos);
        CPPUNIT_ASSERT(line.find("conflict") != std::string::npos);
    }

    void aSpanOutsideOfAnyWorkIsRefused() {
        Tracer tracer({});
        const auto binding = traceCapability(tracer)->bind(environment_);
        const auto* trace = tableOf<stoa_trace>(*binding);
        stoa_span* span = nullptr;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, (trace->begin(trace, view("mine"), &span)));
        CPPUNIT_ASSERT_EQUAL(std::size_t{0}, trace->trace_id(trace).size);
    }

    void theClockFollowsTheHosts() {
        Clock clock;
        const auto binding = clockCapability(clock)->bind(environment_);
        const auto* table = tableOf<stoa_clock>(*binding);
        const std::int64_t before = table->now_us(table);
        const std::int64_t steady = table->monotonic_us(table);
        clock.shift(std::chrono::hours{24});
        CPPUNIT_ASSERT(table->now_us(table) - before >= 86'400'000'000);
        CPPUNIT_ASSERT(table->monotonic_us(table) - steady < 86'400'000'000);
    }

    void memoryIsCountedAndExposed() {
        Metrics host;
        const auto series = memorySeries(host);
        const auto binding = memoryCapability()->bind(environment_);
        const auto* memory = tableOf<stoa_memory>(*binding);
        void* block = memory->allocate(memory, 1000, 16);
        void* page = memory->allocate(memory, 100, 4096);
        CPPUNIT_ASSERT(block != nullptr && page != nullptr);
        CPPUNIT_ASSERT_EQUAL(std::uintptr_t{0}, reinterpret_cast<std::uintptr_t>(page) % 4096);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1100}, memory->in_use(memory));
        CPPUNIT_ASSERT(host.expose().find("generation=\"7\",service=\"order\",version=\"1.2.0\"} 1100") !=
                       std::string::npos);
        memory->release(memory, block, 1000, 16);
        memory->release(memory, page, 100, 4096);
        memory->release(memory, nullptr, 5, 16);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, memory->in_use(memory));
        CPPUNIT_ASSERT(memory->allocate(memory, SIZE_MAX, 16) == nullptr);
    }

    void memorySeriesGoWithTheGeneration() {
        Metrics host;
        const auto series = memorySeries(host);
        auto binding = memoryCapability()->bind(environment_);
        const auto* memory = tableOf<stoa_memory>(*binding);
        void* leaked = memory->allocate(memory, 500, 16);
        CPPUNIT_ASSERT(host.expose().find("stoa_plugin_memory_left_bytes 0") != std::string::npos);
        binding.reset();
        const std::string after = host.expose();
        CPPUNIT_ASSERT(after.find("stoa_plugin_memory_bytes") == std::string::npos);
        CPPUNIT_ASSERT(after.find("stoa_plugin_memory_left_bytes 500") != std::string::npos);
        memory::release(leaked);
        CPPUNIT_ASSERT(host.expose().find("stoa_plugin_memory_left_bytes 0") != std::string::npos);
    }

    void memoryOverTheLimitIsRefused() {
        environment_.config["memory_limit"] = 1000;
        const auto binding = memoryCapability()->bind(environment_);
        const auto* memory = tableOf<stoa_memory>(*binding);
        void* block = memory->allocate(memory, 800, 16);
        CPPUNIT_ASSERT(block != nullptr);
        CPPUNIT_ASSERT(memory->allocate(memory, 300, 16) == nullptr);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{800}, memory->in_use(memory));
        memory->release(memory, block, 800, 16);
    }

private:
    TestFolder folder_;
    plugin::Environment environment_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CapabilitiesTest);

}  // namespace
}  // namespace stoa::host::observe
