/// Events and timers as handlers see them.
#pragma once

#include <cstdint>
#include <string>

#include <json/value.h>

#include <stoa/time.h>

namespace stoa {

/// An event that came. Its inbox row lies in the handler's transaction: whatever the handler writes happens once.
struct Event {
    std::string topic;
    std::string key;           ///< id of the aggregate
    std::string id;            ///< the same on every delivery
    std::string source;        ///< publishing service
    std::int64_t version = 0;  ///< of the aggregate
    Time time;
    Json::Value data;
};

/// A timer that is due.
struct Firing {
    std::uint32_t attempt = 1;
    std::string key;
    std::string payload;
    Time due;
};

}  // namespace stoa
