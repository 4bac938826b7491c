#include "host/events/dead_letter.h"

#include <charconv>
#include <string_view>

#include "host/events/cloud_event.h"

namespace stoa::host::events {
namespace {

constexpr std::string_view kPrefix = "dlq_";
constexpr const char* kTopic = "dlq_topic";
constexpr const char* kPartition = "dlq_partition";
constexpr const char* kOffset = "dlq_offset";
constexpr const char* kService = "dlq_service";
constexpr const char* kReason = "dlq_reason";
constexpr const char* kAttempts = "dlq_attempts";
constexpr const char* kEventId = "dlq_event_id";

std::int64_t number(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

std::string deadLetterTopic(const std::string& topic, const std::string& service) { return topic + ".dlq." + service; }

Record deadLetterRecord(const ParkedRow& row, const std::string& service, const std::string& reason) {
    Record record = row.delivery.record;
    record.topic = deadLetterTopic(row.topic, service);
    record.headers.emplace_back(kTopic, row.topic);
    record.headers.emplace_back(kPartition, std::to_string(row.delivery.partition));
    record.headers.emplace_back(kOffset, std::to_string(row.delivery.offset));
    record.headers.emplace_back(kService, service);
    record.headers.emplace_back(kReason, asText(reason));
    record.headers.emplace_back(kAttempts, std::to_string(row.attempts + 1));
    record.headers.emplace_back(kEventId, row.event_id);
    return record;
}

DeadLetter readDeadLetter(const Delivery& delivery) {
    const Record& record = delivery.record;
    DeadLetter letter;
    letter.topic = header(record, kTopic);
    letter.partition = delivery.partition;
    letter.offset = delivery.offset;
    letter.event_id = header(record, kEventId);
    letter.key = record.key;
    letter.reason = header(record, kReason);
    letter.attempts = number(header(record, kAttempts));
    letter.time_us = delivery.time_us;
    letter.data = record.value;
    letter.headers = record.headers;
    return letter;
}

Delivery originalOf(const Delivery& dead_letter) {
    Delivery original = dead_letter;
    const Record& record = dead_letter.record;
    original.record.topic = header(record, kTopic);
    original.partition = static_cast<int>(number(header(record, kPartition)));
    original.offset = number(header(record, kOffset));
    std::erase_if(original.record.headers, [](const auto& pair) { return pair.first.starts_with(kPrefix); });
    return original;
}

}  // namespace stoa::host::events
