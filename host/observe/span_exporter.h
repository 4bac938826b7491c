/// Takes finished spans off the threads that work, and writes them as OTLP/JSON in the background.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "host/observe/trace.h"

namespace stoa::host::observe {

class Counter;

/// The body of an OTLP ExportTraceServiceRequest as JSON (opentelemetry-proto, JSON Protobuf encoding: ids in hex,
/// enums as numbers, 64-bit integers as strings).
std::string otlpJson(std::span<const SpanRecord> spans, const std::string& host_id, const std::string& version);

/// Any thread. A batch goes out each second, or as soon as 512 wait; one that fails is given up and counted: traces are
/// never worth memory or a slow shop.
class SpanExporter {
public:
    SpanExporter(TraceOptions options, TraceSend send, Metrics* metrics);
    ~SpanExporter();

    void add(SpanRecord span);
    void flush();

private:
    void run();
    bool deliver(const std::deque<SpanRecord>& batch);

    TraceOptions options_;
    TraceSend send_;
    int file_ = -1;
    std::shared_ptr<Counter> exported_;
    std::shared_ptr<Counter> dropped_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable idle_;
    std::deque<SpanRecord> queue_;
    std::size_t in_flight_ = 0;
    bool flush_ = false;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace stoa::host::observe
