/// Sends the requests of a plan over its connections and records what becomes of each.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/load/generator/connection.h"
#include "tests/load/generator/plan.h"
#include "tests/load/generator/recorder.h"

namespace stoa::load {

/// One thread. With a rate, request n is due at start + n / rate whatever the server does, and its latency counts from
/// then: a server that stops for a second makes a second's requests late, not one. Without a rate each connection sends
/// its next request when it has been answered.
class Generator {
public:
    Generator(Plan plan, Recorder& recorder);
    ~Generator();
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    /// Until the plan's time is over or SIGTERM or SIGINT comes, then until all that is under way was answered.
    void run();

private:
    void watch(Connection& connection, std::uint32_t index);
    void waitForEvents();
    void armTimer(std::int64_t at_us) const;
    void addDue(std::int64_t now);
    void sendWaiting(std::int64_t now);
    void giveUpLate(std::int64_t now);
    void handle(std::uint32_t index);
    void conclude(Connection& connection);
    Outcome next(std::int64_t due_us);
    const Kind& nextKind();
    std::string correlationOf(const Outcome& request) const;
    std::string textOf(const Outcome& request) const;

    Plan plan_;
    Recorder& recorder_;
    int epoll_ = -1, timer_ = -1, signals_ = -1;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::deque<std::uint32_t> free_;  ///< the one that was free longest is last used: all of them stay in use
    std::deque<Outcome> waiting_;     ///< due, and no connection was free
    std::vector<int> credit_;         ///< by kind
    std::uint64_t numbers_ = 0;
    std::int64_t start_us_ = 0, end_us_ = 0, timeout_us_ = 0;
    std::uint64_t due_ = 0;  ///< requests that the rate has asked for
    std::size_t under_way_ = 0;
    bool stopping_ = false;
};

}  // namespace stoa::load
