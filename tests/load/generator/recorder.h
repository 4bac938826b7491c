/// Keeps what became of each request: a line each in a log file, and figures for the end.
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "tests/load/generator/plan.h"

namespace stoa::load {

/// What became of one request. Times are of CLOCK_MONOTONIC, in microseconds.
struct Outcome {
    std::uint64_t number = 0;
    const Kind* kind = nullptr;
    std::int64_t due_us = 0;      ///< when it was to be sent
    std::int64_t latency_us = 0;  ///< from then until the whole answer was here
    int status = 0;               ///< kCut or kLost when there was no whole answer
    bool again = false;           ///< sent a second time with its key
    std::string key, id;
};

constexpr int kCut = 0;    ///< the connection ended before the answer did
constexpr int kLost = -1;  ///< no answer in time

class Recorder {
public:
    explicit Recorder(const std::string& file);
    void add(const Outcome& outcome);
    /// Bytes that answer nothing, or an answer to a repeated request that names another id.
    void addDuplicate(const std::string& what);
    void addReconnect() { ++reconnects_; }
    std::uint64_t failed() const { return failed_; }
    std::uint64_t duplicated() const { return duplicated_; }
    /// The figures as one JSON object.
    std::string summary();

private:
    std::ofstream log_;
    std::map<std::string, std::vector<std::uint32_t>> latencies_;  ///< by kind; of good answers
    std::uint64_t requests_ = 0, failed_ = 0, lost_ = 0, duplicated_ = 0, reconnects_ = 0;
};

}  // namespace stoa::load
