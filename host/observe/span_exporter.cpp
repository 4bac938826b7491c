#include "host/observe/span_exporter.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <vector>

#include <fmt/format.h>

#include <stoa/error.h>

#include "host/observe/json_text.h"
#include "host/observe/log.h"
#include "host/observe/metrics.h"

namespace stoa::host::observe {
namespace {

constexpr std::size_t kBatch = 512;
constexpr std::chrono::seconds kPeriod{1};
constexpr std::string_view kFilePrefix = "file:";

void appendAttribute(std::string& out, std::string_view name, std::string_view value) {
    out += "{\"key\":";
    appendJsonString(out, name);
    out += ",\"value\":{\"stringValue\":";
    appendJsonString(out, value);
    out += "}}";
}

void appendSpan(std::string& out, const SpanRecord& span) {
    out += fmt::format("{{\"traceId\":\"{}\",\"spanId\":\"{}\",", span.trace_id, span.span_id);
    if (!span.parent_id.empty()) {
        out += fmt::format("\"parentSpanId\":\"{}\",", span.parent_id);
    }
    out += "\"name\":";
    appendJsonString(out, span.name);
    out += fmt::format(",\"kind\":{},\"startTimeUnixNano\":\"{}\",\"endTimeUnixNano\":\"{}\",\"attributes\":[",
                       static_cast<int>(span.kind), span.start_ns, span.end_ns);
    bool first = true;
    for (const auto& [name, value] : span.attributes) {
        out += first ? "" : ",";
        first = false;
        appendAttribute(out, name, value);
    }
    out += "],\"status\":{";
    if (span.failed) {
        out += "\"code\":2,\"message\":";
        appendJsonString(out, span.failure);
    }
    out += "}}";
}

int openFile(const std::string& path) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (file < 0) {
        throw Error(STOA_INVALID,
                    fmt::format("trace.target file:{}: {}; give a file in a folder that this user may write", path,
                                std::generic_category().message(errno)));
    }
    return file;
}

bool writeWhole(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written <= 0) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

std::string otlpJson(std::span<const SpanRecord> spans, const std::string& host_id, const std::string& version) {
    std::string out = "{\"resourceSpans\":[{\"resource\":{\"attributes\":[";
    appendAttribute(out, "service.name", "stoa");
    out += ',';
    appendAttribute(out, "service.instance.id", host_id);
    out += "]},\"scopeSpans\":[{\"scope\":{\"name\":\"stoa.host\",\"version\":";
    appendJsonString(out, version);
    out += "},\"spans\":[";
    bool first = true;
    for (const SpanRecord& span : spans) {
        out += first ? "" : ",";
        first = false;
        appendSpan(out, span);
    }
    out += "]}]}]}";
    return out;
}

SpanExporter::SpanExporter(TraceOptions options, TraceSend send, Metrics* metrics)
    : options_(std::move(options)), send_(std::move(send)) {
    if (options_.target.starts_with(kFilePrefix)) {
        file_ = openFile(options_.target.substr(kFilePrefix.size()));
    } else if (!options_.target.starts_with("http://") && !options_.target.starts_with("https://")) {
        throw Error(STOA_INVALID, fmt::format("trace.target \"{}\": expected file:<path> or an http(s) address of an "
                                              "OTLP collector, as http://127.0.0.1:4318/v1/traces",
                                              options_.target));
    } else if (!send_) {
        throw Error(STOA_INVALID, "trace.target is an address, but this program can't send spans: use file:<path>");
    }
    if (metrics != nullptr) {
        exported_ = metrics->counter("stoa_trace_spans_exported_total", "Spans that the exporter handed over.");
        dropped_ = metrics->counter("stoa_trace_spans_dropped_total",
                                    "Spans lost because the queue was full or the collector refused them.");
    }
    thread_ = std::thread([this] { run(); });
}

SpanExporter::~SpanExporter() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    thread_.join();
    if (file_ >= 0) {
        ::close(file_);
    }
}

void SpanExporter::add(SpanRecord span) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() >= options_.queue) {
            if (dropped_) {
                dropped_->add();
            }
            return;
        }
        queue_.push_back(std::move(span));
        wake = queue_.size() == kBatch;
    }
    if (wake) {
        wake_.notify_one();
    }
}

void SpanExporter::flush() {
    std::unique_lock lock(mutex_);
    flush_ = true;
    wake_.notify_all();
    idle_.wait(lock, [this] { return queue_.empty() && in_flight_ == 0; });
}

void SpanExporter::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait_for(lock, kPeriod, [this] { return stop_ || flush_ || queue_.size() >= kBatch; });
        while (!queue_.empty()) {
            std::deque<SpanRecord> batch;
            batch.swap(queue_);
            in_flight_ = batch.size();
            lock.unlock();
            const bool delivered = deliver(batch);
            if (const auto& counter = delivered ? exported_ : dropped_) {
                counter->add(static_cast<double>(batch.size()));
            }
            lock.lock();
            in_flight_ = 0;
        }
        flush_ = false;
        idle_.notify_all();
        if (stop_) {
            return;
        }
    }
}

bool SpanExporter::deliver(const std::deque<SpanRecord>& batch) {
    bool all = true;
    std::vector<SpanRecord> part;
    for (std::size_t at = 0; at < batch.size(); at += kBatch) {
        const auto begin = batch.begin() + static_cast<std::ptrdiff_t>(at);
        part.assign(begin, begin + static_cast<std::ptrdiff_t>(std::min(kBatch, batch.size() - at)));
        try {
            std::string body = otlpJson(part, options_.host_id, options_.version);
            all = (file_ >= 0 ? writeWhole(file_, body + '\n') : send_(options_.target, body)) && all;
        } catch (const std::exception& failure) {
            warn("spans could not be exported", {{"reason", failure.what()}});
            all = false;
        }
    }
    return all;
}

}  // namespace stoa::host::observe
