/// Events on the wire: CloudEvents 1.0, Kafka binding, binary mode (attributes are headers, the value is the data).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <stoa/abi/events.h>
#include <tl/expected.hpp>

#include "host/events/event_log.h"

namespace stoa::host::events {

/// Longest id and key of an event: they stand in indexes of the consumers' databases.
inline constexpr std::size_t kMaxIdBytes = 256;
inline constexpr std::size_t kMaxKeyBytes = 512;

/// An event that is published.
struct OutgoingEvent {
    std::string id;  ///< unique
    std::string topic;
    std::string key;   ///< id of the aggregate
    std::string data;  ///< JSON
    std::string aggregate_type;
    std::int64_t aggregate_version = 0;
    std::string source;  ///< publishing service
    std::int64_t time_us = 0;
    std::string correlation_id;
    std::string traceparent;
};

/// An event that came.
struct IncomingEvent : OutgoingEvent {
    int partition = 0;
    std::int64_t offset = 0;

    /// For the ABI; its views live as long as this.
    stoa_event view() const;
};

Record toRecord(const OutgoingEvent& event);

/// The error says which attribute is missing or malformed.
tl::expected<IncomingEvent, std::string> readCloudEvent(const Delivery& delivery);

/// The first header of that name, or empty.
std::string_view header(const Record& record, std::string_view name);

/// The bytes when they are UTF-8 without NUL, which every database keeps as they are; otherwise "hex:" and their
/// digits.
std::string asText(std::string_view bytes);

/// Headers as one JSON text (an array of pairs), for a column; and back. Names and values as asText() gives them.
std::string packHeaders(const Record& record);
void unpackHeaders(std::string_view packed, Record& record);

}  // namespace stoa::host::events
