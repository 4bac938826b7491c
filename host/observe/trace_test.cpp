#include "host/observe/trace.h"

#include <cppunit/extensions/HelperMacros.h>

#include <condition_variable>
#include <mutex>

#include <stoa/error.h>
#include <stoa/json.h>

#include "host/observe/metrics.h"
#include "host/observe/test_files.h"

namespace stoa::host::observe {
namespace {

constexpr auto kHeader = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class TraceTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TraceTest);
    CPPUNIT_TEST(traceparentIsReadAndWritten);
    CPPUNIT_TEST(malformedTraceparentsAreRefused);
    CPPUNIT_TEST(newIdsAreHexAndDiffer);
    CPPUNIT_TEST(spansNestAndGoToTheFile);
    CPPUNIT_TEST(theCallersSamplingDecisionIsKept);
    CPPUNIT_TEST(ratioZeroRecordsNothingButIdsAreThere);
    CPPUNIT_TEST(aFailedSpanHasTheErrorStatus);
    CPPUNIT_TEST(aCollectorThatRefusesIsCountedAndDoesNotHoldUp);
    CPPUNIT_TEST(aFullQueueDropsAndCounts);
    CPPUNIT_TEST(whatIsQueuedIsExportedAtTheEnd);
    CPPUNIT_TEST(badTargetsAreRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    TraceOptions toFile() const { return {"file:" + file_, 1.0, 4096, "host-1", "0.1.0"}; }

    /// All spans of the file by name.
    std::map<std::string, Json::Value> spans() const {
        std::map<std::string, Json::Value> found;
        for (const auto& line : linesOf(file_)) {
            const auto body = parseJson(line);
            CPPUNIT_ASSERT_MESSAGE(line, body.has_value());
            for (const auto& span : (*body)["resourceSpans"][0]["scopeSpans"][0]["spans"]) {
                found[span["name"].asString()] = span;
            }
        }
        return found;
    }

    void traceparentIsReadAndWritten() {
        const auto parent = parseTraceparent(kHeader);
        CPPUNIT_ASSERT(parent.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("0af7651916cd43dd8448eb211c80319c"), parent->trace_id);
        CPPUNIT_ASSERT_EQUAL(std::string("b7ad6b7169203331"), parent->span_id);
        CPPUNIT_ASSERT(parent->sampled);
        CPPUNIT_ASSERT_EQUAL(std::string(kHeader), formatTraceparent(parent->trace_id, parent->span_id, true));
        CPPUNIT_ASSERT_EQUAL(std::string(), formatTraceparent("", "b7ad6b7169203331", true));
        CPPUNIT_ASSERT(!parseTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02")->sampled);
        CPPUNIT_ASSERT(parseTraceparent("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later").has_value());
    }

    void malformedTraceparentsAreRefused() {
        for (const char* bad : {"", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
                                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                                "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
                                "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
            CPPUNIT_ASSERT_MESSAGE(bad, !parseTraceparent(bad).has_value());
        }
    }

    void newIdsAreHexAndDiffer() {
        CPPUNIT_ASSERT_EQUAL(std::size_t{32}, newTraceId().size());
        CPPUNIT_ASSERT(newTraceId() != newTraceId());
        CPPUNIT_ASSERT(parseTraceparent(formatTraceparent(newTraceId(), newSpanId(), true)).has_value());
    }

    void spansNestAndGoToTheFile() {
        Tracer tracer(toFile());
        Work work;
        work.service = "order";
        tracer.begin(work, parseTraceparent(kHeader));
        {
            Span server(tracer, work, "GET /orders/{id}", SpanKind::kServer);
            server.attribute("http.response.status_code", "200");
            CPPUNIT_ASSERT_EQUAL(server.id(), work.span_id);
            Span inner(tracer, work, "price \"check\"", SpanKind::kInternal);
            CPPUNIT_ASSERT_EQUAL(inner.id(), work.span_id);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("b7ad6b7169203331"), work.span_id);
        tracer.flush();
        auto found = spans();
        const Json::Value server = found["GET /orders/{id}"];
        const Json::Value inner = found["price \"check\""];
        CPPUNIT_ASSERT_EQUAL(std::string("0af7651916cd43dd8448eb211c80319c"), server["traceId"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("b7ad6b7169203331"), server["parentSpanId"].asString());
        CPPUNIT_ASSERT_EQUAL(2, server["kind"].asInt());
        CPPUNIT_ASSERT_EQUAL(server["spanId"].asString(), inner["parentSpanId"].asString());
        CPPUNIT_ASSERT(std::stoll(server["endTimeUnixNano"].asString()) >=
                       std::stoll(inner["startTimeUnixNano"].asString()));
        CPPUNIT_ASSERT(writeJson(server["attributes"]).find("http.response.status_code") != std::string::npos);
    }

    void theCallersSamplingDecisionIsKept() {
        Tracer tracer(toFile());
        Work work;
        tracer.begin(work, parseTraceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"));
        { Span span(tracer, work, "unseen", SpanKind::kServer); }
        tracer.flush();
        CPPUNIT_ASSERT(spans().empty());
    }

    void ratioZeroRecordsNothingButIdsAreThere() {
        TraceOptions options = toFile();
        options.ratio = 0;
        Tracer tracer(options);
        Work work;
        tracer.begin(work, std::nullopt);
        {
            Span span(tracer, work, "unseen", SpanKind::kServer);
            CPPUNIT_ASSERT_EQUAL(std::size_t{32}, work.trace_id.size());
            CPPUNIT_ASSERT_EQUAL(std::size_t{16}, work.span_id.size());
            CPPUNIT_ASSERT(!span.recording());
        }
        tracer.flush();
        CPPUNIT_ASSERT(spans().empty());
    }

    void aFailedSpanHasTheErrorStatus() {
        Tracer tracer(toFile());
        Work work;
        {
            Span span(tracer, work, "bad", SpanKind::kClient);
            span.fail("unavailable");
        }
        tracer.flush();
        const Json::Value bad = spans()["bad"];
        CPPUNIT_ASSERT_EQUAL(2, bad["status"]["code"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("unavailable"), bad["status"]["message"].asString());
        CPPUNIT_ASSERT(!bad.isMember("parentSpanId"));
    }

    void aCollectorThatRefusesIsCountedAndDoesNotHoldUp() {
        Metrics metrics;
        TraceOptions options = toFile();
        options.target = "http://127.0.0.1:1/v1/traces";
        std::string url;
        Tracer tracer(
            options,
            [&](const std::string& to, const std::string&) {
                url = to;
                return false;
            },
            &metrics);
        Work work;
        { Span span(tracer, work, "lost", SpanKind::kServer); }
        tracer.flush();
        CPPUNIT_ASSERT_EQUAL(options.target, url);
        CPPUNIT_ASSERT(metrics.expose().find("stoa_trace_spans_dropped_total 1\n") != std::string::npos);
    }

    void aFullQueueDropsAndCounts() {
        Metrics metrics;
        TraceOptions options = toFile();
        options.target = "http://collector/v1/traces";
        options.queue = 3;
        std::mutex mutex;
        std::condition_variable changed;
        bool sending = false;
        bool go = false;
        const auto blocked = [&](const std::string&, const std::string&) {
            std::unique_lock lock(mutex);
            sending = true;
            changed.notify_all();
            changed.wait(lock, [&] { return go; });
            return true;
        };
        Tracer tracer(options, blocked, &metrics);
        tracer.record({});
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return sending; });
        }
        for (int i = 0; i < 5; ++i) {
            tracer.record({});
        }
        CPPUNIT_ASSERT(metrics.expose().find("stoa_trace_spans_dropped_total 2\n") != std::string::npos);
        {
            const std::lock_guard lock(mutex);
            go = true;
        }
        changed.notify_all();
        tracer.flush();
        CPPUNIT_ASSERT(metrics.expose().find("stoa_trace_spans_exported_total 4\n") != std::string::npos);
    }

    void whatIsQueuedIsExportedAtTheEnd() {
        {
            Tracer tracer(toFile());
            Work work;
            Span span(tracer, work, "last", SpanKind::kServer);
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, spans().size());
    }

    void badTargetsAreRefused() {
        CPPUNIT_ASSERT_THROW(Tracer({"traces.jsonl", 1.0, 10, "", ""}), Error);
        CPPUNIT_ASSERT_THROW(Tracer({"http://collector/", 1.0, 10, "", ""}), Error);
        CPPUNIT_ASSERT_THROW(Tracer({"file:" + folder_.file("none/x"), 1.0, 10, "", ""}), Error);
    }

private:
    TestFolder folder_;
    std::string file_ = folder_.file("traces");
};

CPPUNIT_TEST_SUITE_REGISTRATION(TraceTest);

}  // namespace
}  // namespace stoa::host::observe
