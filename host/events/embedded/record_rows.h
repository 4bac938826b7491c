/// Records as rows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "host/events/embedded/log_file.h"
#include "host/events/event_log.h"

namespace stoa::host::events::embedded {

/// Largest record, as Kafka's brokers and librdkafka have it by default: what passes here passes there.
inline constexpr std::size_t kMaxRecordBytes = 1'000'000;
std::size_t recordBytes(const Record& record);

/// Length-prefixed names and values.
std::string encodeHeaders(const Record& record);
void decodeHeaders(std::string_view encoded, Record& record);

/// Calls `take` for the records of a partition from offset `from` on, while it returns true, at most `limit`.
void readRecords(Connection& connection, const std::string& topic, const Partition& partition, std::int64_t from,
                 std::size_t limit, const std::function<bool(Delivery&&)>& take);

}  // namespace stoa::host::events::embedded
