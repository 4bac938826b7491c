/// Traces: W3C Trace Context ids, and spans that a background thread exports as OTLP/JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/work.h"

namespace stoa::host::observe {

class Metrics;
class SpanExporter;

/// Who the parent of a span is, as `traceparent` carries it.
struct TraceParent {
    std::string trace_id;  ///< 32 lower-case hex digits, not all zero
    std::string span_id;   ///< 16 lower-case hex digits, not all zero
    bool sampled = true;
};

/// The header's value (https://www.w3.org/TR/trace-context/, section 3.2); nothing when it is malformed. A version
/// later than 00 is read as far as 00 goes.
std::optional<TraceParent> parseTraceparent(std::string_view header);
/// "00-<trace>-<span>-01"; empty when the ids are.
std::string formatTraceparent(std::string_view trace_id, std::string_view span_id, bool sampled);
std::string newTraceId();
std::string newSpanId();

/// OTLP's numbers.
enum class SpanKind { kInternal = 1, kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5 };

/// One finished span.
struct SpanRecord {
    std::string trace_id;
    std::string span_id;
    std::string parent_id;  ///< empty: the root of its trace
    std::string name;
    SpanKind kind = SpanKind::kInternal;
    std::int64_t start_ns = 0;  ///< since the epoch
    std::int64_t end_ns = 0;
    bool failed = false;
    std::string failure;  ///< with `failed`: a sentence, no personal data
    std::vector<std::pair<std::string, std::string>> attributes;
};

struct TraceOptions {
    std::string target;  ///< "": none; "file:<path>": a JSON line per batch; "http://…" or "https://…": OTLP/HTTP
    double ratio = 1.0;  ///< share of the traces begun here that is recorded; a caller's decision is kept
    std::size_t queue = 4096;  ///< spans that wait for the exporter; beyond: dropped and counted
    std::string host_id;
    std::string version;  ///< of the host
};

/// Posts an OTLP/JSON body; true when the collector took it. Called on the exporter's thread only.
using TraceSend = std::function<bool(const std::string& url, const std::string& body)>;

/// One per host; any thread. Recording costs a lock and a move; without a target spans are not recorded at all.
class Tracer {
public:
    /// Throws stoa::Error (STOA_INVALID) for a bad target. `send` is needed for an http target only. `metrics` may be
    /// null; must outlive the tracer.
    explicit Tracer(TraceOptions options, TraceSend send = {}, Metrics* metrics = nullptr);
    /// Exports what is queued, then ends its thread.
    ~Tracer();

    /// Gives `work` its trace: the caller's, or a new one with the sampling decision taken here. Its span_id becomes
    /// the caller's span (or empty), so that the first Span of the work is its child.
    void begin(Work& work, const std::optional<TraceParent>& caller) const;
    /// Whether anybody would see a span of this work: to save the cost of its attributes.
    bool recording(const Work& work) const { return exporting_ && work.sampled; }
    void record(SpanRecord span);
    /// Waits until what was recorded before is exported or given up; for tests and the end of a drain.
    void flush();

private:
    std::unique_ptr<SpanExporter> exporter_;
    double ratio_;
    bool exporting_;
};

/// A stretch of a work's time. While it lives `work.span_id` is its id, so that log lines, calls and inner spans belong
/// to it; ends in reverse order, on whatever thread owns the work by then.
///
///     Span span(tracer, work, "GET /api/v1/orders/{id}", SpanKind::kServer);
///     span.attribute("http.response.status_code", "200");
class Span {
public:
    Span(Tracer& tracer, Work& work, std::string name, SpanKind kind);
    ~Span() { end(); }
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;

    const std::string& id() const { return record_.span_id; }
    bool recording() const { return recording_; }
    void attribute(std::string_view name, std::string_view value);
    void fail(std::string_view why);
    /// Once; the destructor does it otherwise.
    void end();

private:
    Tracer& tracer_;
    Work& work_;
    SpanRecord record_;
    bool recording_;
    bool ended_ = false;
};

}  // namespace stoa::host::observe
