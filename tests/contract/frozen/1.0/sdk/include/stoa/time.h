/// Points in time: microseconds since the epoch, UTC; RFC 3339 on the wire.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stoa {

using Time = std::chrono::sys_time<std::chrono::microseconds>;
using std::chrono::microseconds;

/// "2026-11-23T01:48:14.123456Z"; the fraction is left out when it is zero (RFC 3339, always Z).
std::string formatTime(Time time);
/// Strict RFC 3339 date-time of at most 40 characters; offsets are applied; leap second 60 is refused.
std::optional<Time> parseTime(std::string_view text);
/// Strict full-date ("2026-11-23").
bool isDate(std::string_view text);

inline std::int64_t toMicros(Time time) { return time.time_since_epoch().count(); }
inline Time fromMicros(std::int64_t micros) { return Time{microseconds{micros}}; }

}  // namespace stoa
