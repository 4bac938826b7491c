/// What the connections of one server share. Internal: includes Boost.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "host/http/loop.h"
#include "host/http/request_parser.h"
#include "host/http/server.h"

namespace stoa::host::http {

class Connection;

/// Counters that one loop's thread writes and anybody reads.
class LoopCount {
public:
    void add(std::int64_t by) { value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_release); }
    std::int64_t get() const { return value_.load(std::memory_order_acquire); }

private:
    std::atomic<std::int64_t> value_{0};
};

/// One loop's share; a cache line of its own, so that loops don't slow each other.
struct alignas(64) LoopShare {
    LoopCount total;
    LoopCount requests;
    LoopCount refused;
    LoopCount active;                             ///< requests whose head was read and whose answer was not yet written
    std::unordered_set<Connection*> connections;  ///< loop's thread only
};

struct ServerCore {
    ServerCore(ServerOptions given, Handler& behind, std::size_t loops)
        : options(std::move(given)), handler(behind), shares(loops) {
        limits.header_bytes = options.max_header_bytes;
        limits.target_bytes = options.max_target_bytes;
    }

    const ServerOptions options;
    Handler& handler;
    HeadLimits limits;
    std::vector<LoopShare> shares;  ///< in the order of Io::loops
    std::atomic<std::int64_t> open{0};
    std::atomic<bool> draining{false};  ///< every answer says Connection: close
    std::atomic<bool> stopped{false};   ///< the server is going: no new connection

    std::int64_t active() const {
        std::int64_t sum = 0;
        for (const auto& share : shares) {
            sum += share.active.get();
        }
        return sum;
    }
    /// Called when something that drain() waits for may have happened.
    void changed() {
        if (draining.load(std::memory_order_relaxed)) {
            const std::lock_guard lock{mutex};
            condition.notify_all();
        }
    }
    std::mutex mutex;
    std::condition_variable condition;
};

}  // namespace stoa::host::http
