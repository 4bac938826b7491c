/// Tables of the log file.
#pragma once

#include <cstdint>

#include "host/events/embedded/sqlite.h"

namespace stoa::host::events::embedded {

/// A record's row id: the partition in the upper bits, the offset in the lower, so that a partition is one range.
inline constexpr int kOffsetBits = 40;
inline std::int64_t rowId(std::int64_t partition, std::int64_t offset) { return partition << kOffsetBits | offset; }
inline std::int64_t offsetOf(std::int64_t row) { return row & ((std::int64_t{1} << kOffsetBits) - 1); }

/// Makes the tables where they are missing, and forgets members of the time before a reboot: their leases are on the
/// machine's monotonic clock. Throws STOA_INVALID for a file of another format.
void prepareFile(Connection& connection);

/// Microseconds of the monotonic clock, the same for all processes of the machine.
std::int64_t monotonicMicros();
/// Microseconds since the epoch.
std::int64_t wallMicros();

}  // namespace stoa::host::events::embedded
