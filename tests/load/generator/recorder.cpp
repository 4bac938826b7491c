#include "tests/load/generator/recorder.h"

#include <algorithm>
#include <iostream>
#include <limits>
#include <stdexcept>

#include <json/value.h>
#include <json/writer.h>

namespace stoa::load {
namespace {

/// The nearest-rank quantile; the values are sorted.
Json::Value quantile(const std::vector<std::uint32_t>& sorted, double q) {
    const auto rank = static_cast<std::size_t>(q * static_cast<double>(sorted.size()));
    return sorted[std::min(rank, sorted.size() - 1)];
}

}  // namespace

Recorder::Recorder(const std::string& file) : log_(file) {
    if (!log_) {
        throw std::runtime_error("can't write " + file);
    }
    log_ << "number\tkind\tdue_us\tlatency_us\tstatus\tkey\tid\n";
}

void Recorder::add(const Outcome& outcome) {
    const std::string kind = outcome.kind->name + (outcome.again ? "-again" : "");
    log_ << outcome.number << '\t' << kind << '\t' << outcome.due_us << '\t' << outcome.latency_us << '\t'
         << outcome.status << '\t' << outcome.key << '\t' << outcome.id << '\n';
    ++requests_;
    lost_ += outcome.status == kLost ? 1 : 0;
    if (!outcome.kind->expected.contains(outcome.status)) {
        ++failed_;
        std::cerr << "failed: request " << outcome.number << " (" << kind << "), status " << outcome.status << " after "
                  << outcome.latency_us << " us\n";
        return;
    }
    const auto limit = static_cast<std::int64_t>(std::numeric_limits<std::uint32_t>::max());
    latencies_[kind].push_back(static_cast<std::uint32_t>(std::min(outcome.latency_us, limit)));
}

void Recorder::addDuplicate(const std::string& what) {
    ++duplicated_;
    std::cerr << "duplicated: " << what << '\n';
}

std::string Recorder::summary() {
    log_.flush();
    Json::Value result;
    result["requests"] = Json::UInt64{requests_};
    result["failed"] = Json::UInt64{failed_};
    result["lost"] = Json::UInt64{lost_};
    result["duplicated"] = Json::UInt64{duplicated_};
    result["reconnects"] = Json::UInt64{reconnects_};
    for (auto& [kind, values] : latencies_) {
        std::sort(values.begin(), values.end());
        Json::Value& row = result["kinds"][kind];
        row["answered"] = Json::UInt64{values.size()};
        row["p50_us"] = quantile(values, 0.5);
        row["p99_us"] = quantile(values, 0.99);
        row["p999_us"] = quantile(values, 0.999);
        row["max_us"] = values.back();
    }
    Json::StreamWriterBuilder writer;
    writer["indentation"] = "";
    return Json::writeString(writer, result);
}

}  // namespace stoa::load
