/// Changes that another host asked for, while they run and for a while afterwards: what is told, and how it ended.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <json/value.h>

#include "host/app/upgrade_options.h"

namespace stoa::host::app {

/// Each runs on a thread of its own, one per service at a time. Any thread.
class Operations {
public:
    using Work = std::function<Json::Value(const Step& step)>;

    static constexpr std::size_t kMostRunning = 8;
    static constexpr std::size_t kMostKept = 32;    ///< of those that have ended; the oldest go first
    static constexpr std::size_t kMostLines = 512;  ///< of each; what is told beyond is not kept

    ~Operations() { close(); }

    /// Throws stoa::Error STOA_CONFLICT when one of this service runs, STOA_EXHAUSTED when too many run or the host
    /// stops.
    void start(const std::string& id, const std::string& service, Work work);
    /// {"state":"running"|"done"|"failed","lines":[…],"next":N,"result":{…},"error":{"status":…,"message":…}} with the
    /// lines from `after` on; null when it is not known (any more).
    Json::Value show(const std::string& id, const std::string& service, std::size_t after) const;
    /// Starts nothing more and waits for what runs.
    void close();

private:
    struct Operation {
        std::string id;
        std::string service;
        Json::Value lines{Json::arrayValue};
        std::string state = "running";
        Json::Value result;
        Json::Value error;
        std::jthread thread;
    };

    void run(Operation& operation, const Work& work);
    void end(Operation& operation, const char* state, Json::Value result, Json::Value error);
    /// Takes out what has ended and is too old. With mutex_ held; to be destroyed (joined) without it.
    std::list<Operation> takeOld();

    mutable std::mutex mutex_;
    std::list<Operation> operations_;  ///< oldest first
    bool closed_ = false;
};

}  // namespace stoa::host::app
