#include "host/observe/trace.h"

#include <chrono>
#include <random>

#include "host/observe/metrics.h"
#include "host/observe/span_exporter.h"

namespace stoa::host::observe {
namespace {

constexpr char kHex[] = "0123456789abcdef";

std::mt19937_64& random() {
    // Ids must be unlikely to collide, not unguessable.
    thread_local std::mt19937_64 generator = [] {
        std::random_device device;
        std::seed_seq seed{device(), device(), device(), device()};
        return std::mt19937_64(seed);
    }();
    return generator;
}

std::string hexWord() {
    std::uint64_t word = 0;
    while (word == 0) {
        word = random()();
    }
    std::string text(16, '0');
    for (char& digit : text) {
        digit = kHex[word >> 60];
        word <<= 4;
    }
    return text;
}

bool isId(std::string_view text) {
    return text.find_first_not_of(kHex) == std::string_view::npos &&
           text.find_first_not_of('0') != std::string_view::npos;
}

int hexDigit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::int64_t nowNanoseconds() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

std::optional<TraceParent> parseTraceparent(std::string_view header) {
    // 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
    constexpr std::size_t kSize = 55;
    if (header.size() < kSize || header[2] != '-' || header[35] != '-' || header[52] != '-') {
        return std::nullopt;
    }
    const std::string_view version = header.substr(0, 2);
    const std::string_view trace = header.substr(3, 32);
    const std::string_view span = header.substr(36, 16);
    const std::string_view flags = header.substr(53, 2);
    const auto hex = [](std::string_view text) { return text.find_first_not_of(kHex) == std::string_view::npos; };
    if (!hex(version) || version == "ff" || !isId(trace) || !isId(span) || !hex(flags)) {
        return std::nullopt;
    }
    if (header.size() > kSize && (version == "00" || header[kSize] != '-')) {
        return std::nullopt;
    }
    return TraceParent{std::string(trace), std::string(span), (hexDigit(flags[1]) & 1) != 0};
}

std::string formatTraceparent(std::string_view trace_id, std::string_view span_id, bool sampled) {
    if (trace_id.empty() || span_id.empty()) {
        return {};
    }
    std::string header = "00-";
    header.append(trace_id).append("-").append(span_id).append(sampled ? "-01" : "-00");
    return header;
}

std::string newTraceId() { return hexWord() + hexWord(); }

std::string newSpanId() { return hexWord(); }

Tracer::Tracer(TraceOptions options, TraceSend send, Metrics* metrics)
    : ratio_(options.ratio), exporting_(!options.target.empty()) {
    if (exporting_) {
        exporter_ = std::make_unique<SpanExporter>(std::move(options), std::move(send), metrics);
    }
}

Tracer::~Tracer() = default;

void Tracer::begin(Work& work, const std::optional<TraceParent>& caller) const {
    if (caller) {
        work.trace_id = caller->trace_id;
        work.span_id = caller->span_id;
        work.sampled = caller->sampled;
        return;
    }
    work.trace_id = newTraceId();
    work.span_id.clear();
    work.sampled = exporting_ && std::generate_canonical<double, 53>(random()) < ratio_;
}

void Tracer::record(SpanRecord span) {
    if (exporter_) {
        exporter_->add(std::move(span));
    }
}

void Tracer::flush() {
    if (exporter_) {
        exporter_->flush();
    }
}

Span::Span(Tracer& tracer, Work& work, std::string name, SpanKind kind)
    : tracer_(tracer), work_(work), recording_(tracer.recording(work)) {
    if (work.trace_id.empty()) {
        tracer.begin(work, std::nullopt);
        recording_ = tracer.recording(work);
    }
    record_.span_id = newSpanId();
    record_.parent_id = std::exchange(work.span_id, record_.span_id);
    if (recording_) {
        record_.trace_id = work.trace_id;
        record_.name = std::move(name);
        record_.kind = kind;
        record_.start_ns = nowNanoseconds();
        attribute("stoa.service", work.service);
        attribute("stoa.version", work.version);
        attribute("stoa.route", work.route);
        attribute("stoa.correlation_id", work.correlation_id);
    }
}

void Span::attribute(std::string_view name, std::string_view value) {
    if (recording_ && !value.empty()) {
        record_.attributes.emplace_back(name, value);
    }
}

void Span::fail(std::string_view why) {
    if (recording_) {
        record_.failed = true;
        record_.failure = why;
    }
}

void Span::end() {
    if (std::exchange(ended_, true)) {
        return;
    }
    work_.span_id = record_.parent_id;
    if (recording_) {
        record_.end_ns = nowNanoseconds();
        tracer_.record(std::move(record_));
    }
}

}  // namespace stoa::host::observe
