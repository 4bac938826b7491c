#include "host/events/cloud_event.h"

#include <charconv>
#include <utility>

#include <stoa/error.h>
#include <stoa/json.h>
#include <stoa/time.h>

namespace stoa::host::events {
namespace {

constexpr std::string_view kSpecVersion = "1.0";
/// What a value that is not text becomes where only text can be kept.
constexpr std::string_view kHexMark = "hex:";

std::string hex(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text{kHexMark};
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

tl::expected<std::string, std::string> required(const Record& record, std::string_view name) {
    const std::string_view value = header(record, name);
    if (value.empty()) {
        return tl::unexpected("not a CloudEvent: the header " + std::string{name} + " is missing");
    }
    if (asText(value) != value) {
        return tl::unexpected("not a CloudEvent: the header " + std::string{name} + " is not UTF-8");
    }
    return std::string{value};
}

}  // namespace

stoa_event IncomingEvent::view() const {
    stoa_event event{};
    event.struct_size = sizeof event;
    event.topic = stoa::view(topic);
    event.key = stoa::view(key);
    event.data = stoa::view(data);
    event.aggregate_version = aggregate_version;
    event.aggregate_type = stoa::view(aggregate_type);
    event.id = stoa::view(id);
    event.source = stoa::view(source);
    event.time_us = time_us;
    event.correlation_id = stoa::view(correlation_id);
    return event;
}

Record toRecord(const OutgoingEvent& event) {
    Record record{event.topic, event.key, event.data, {}};
    const auto add = [&](std::string name, std::string value) {
        if (!value.empty()) {
            record.headers.emplace_back(std::move(name), std::move(value));
        }
    };
    add("ce_specversion", std::string{kSpecVersion});
    add("ce_id", event.id);
    add("ce_source", event.source);
    add("ce_type", event.topic);
    add("ce_subject", event.key);
    add("ce_time", formatTime(fromMicros(event.time_us)));
    add("content-type", "application/json");
    add("ce_aggregatetype", event.aggregate_type);
    add("ce_aggregateversion", std::to_string(event.aggregate_version));
    add("ce_correlationid", event.correlation_id);
    add("ce_traceparent", event.traceparent);
    return record;
}

tl::expected<IncomingEvent, std::string> readCloudEvent(const Delivery& delivery) {
    const Record& record = delivery.record;
    IncomingEvent event;
    for (const auto& [name, field] :
         {std::pair{"ce_specversion", static_cast<std::string*>(nullptr)}, std::pair{"ce_id", &event.id},
          std::pair{"ce_source", &event.source}, std::pair{"ce_type", &event.topic}}) {
        auto value = required(record, name);
        if (!value) {
            return tl::unexpected(std::move(value.error()));
        }
        if (field != nullptr) {
            *field = std::move(*value);
        } else if (*value != kSpecVersion) {
            return tl::unexpected("CloudEvents " + *value + " where 1.0 was expected");
        }
    }
    if (event.id.size() > kMaxIdBytes || record.key.size() > kMaxKeyBytes || asText(record.key) != record.key) {
        return tl::unexpected(
            std::string{"the id is longer than 256 bytes, or the key is longer than 512 or not UTF-8"});
    }
    event.topic = record.topic;
    event.key = record.key;
    event.data = record.value;
    event.aggregate_type = asText(header(record, "ce_aggregatetype"));
    event.correlation_id = asText(header(record, "ce_correlationid"));
    event.traceparent = asText(header(record, "ce_traceparent"));
    const std::string_view version = header(record, "ce_aggregateversion");
    if (!version.empty() &&
        std::from_chars(version.data(), version.data() + version.size(), event.aggregate_version).ptr !=
            version.data() + version.size()) {
        return tl::unexpected(std::string{"the header ce_aggregateversion is not an integer"});
    }
    const auto time = parseTime(header(record, "ce_time"));
    event.time_us = time ? toMicros(*time) : delivery.time_us;
    event.partition = delivery.partition;
    event.offset = delivery.offset;
    return event;
}

std::string_view header(const Record& record, std::string_view name) {
    for (const auto& [key, value] : record.headers) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::string asText(std::string_view bytes) {
    // Both a broken UTF-8 sequence and a NUL, which PostgreSQL does not take, come back from JSON as something else.
    if (bytes.find('\0') == std::string_view::npos) {
        const auto same = parseJson(writeJson(Json::Value{bytes.data(), bytes.data() + bytes.size()}));
        if (same && same->asString() == bytes) {
            return std::string{bytes};
        }
    }
    return hex(bytes);
}

std::string packHeaders(const Record& record) {
    Json::Value packed{Json::arrayValue};
    for (const auto& [name, value] : record.headers) {
        Json::Value pair{Json::arrayValue};
        pair.append(asText(name));
        pair.append(asText(value));
        packed.append(std::move(pair));
    }
    return writeJson(packed);
}

void unpackHeaders(std::string_view packed, Record& record) {
    const auto pairs = parseJson(packed);
    if (!pairs || !pairs->isArray()) {
        throw Error(STOA_INTERNAL, "the headers of a stored event are damaged");
    }
    for (const Json::Value& pair : *pairs) {
        record.headers.emplace_back(pair[0].asString(), pair[1].asString());
    }
}

}  // namespace stoa::host::events
