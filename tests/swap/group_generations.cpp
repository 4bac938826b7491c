// group_generations KAFKA PREFIX: the generation of each consumer group whose name begins with PREFIX, as JSON. The
// broker counts it up with every rebalance; no API tells it, but the broker's own topic keeps it
// (Kafka: GroupMetadataKey.json, GroupMetadataValue.json).

#include <cstdint>
#include <exception>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <json/value.h>
#include <json/writer.h>

#include <stoa/error.h>

#include "host/events/event_log.h"

namespace events = stoa::host::events;

namespace {

constexpr const char* kTopic = "__consumer_offsets";
constexpr std::int16_t kGroupKey = 2;
constexpr std::int16_t kLastPlainValue = 3;
constexpr std::size_t kChunk = 10'000;
constexpr int kTries = 3;  // of each partition: a busy broker lets a reader wait

/// Kafka's encoding: big-endian integers, strings with a 16-bit length.
class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    std::int32_t integer(std::size_t size) {
        std::uint32_t value = 0;
        for (const char byte : take(size)) {
            value = value << 8 | static_cast<unsigned char>(byte);
        }
        return size == 2 ? static_cast<std::int16_t>(value) : static_cast<std::int32_t>(value);
    }
    std::string text() { return std::string(take(static_cast<std::size_t>(integer(2)))); }
    /// A length plus one, of one byte: what flexible versions put before a short text.
    std::string compactText() {
        const auto size = static_cast<unsigned char>(take(1)[0]);
        return std::string(take(size > 0 ? size - 1u : 0u));
    }

private:
    std::string_view take(std::size_t size) {
        if (size > bytes_.size()) {
            throw std::runtime_error("a record of __consumer_offsets is shorter than its fields");
        }
        const std::string_view part = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return part;
    }

    std::string_view bytes_;
};

void note(const events::Record& record, const std::string& prefix, std::map<std::string, std::int32_t>& found) {
    Reader key(record.key);
    if (record.key.empty() || key.integer(2) != kGroupKey) {
        return;
    }
    const std::string group = key.text();
    if (!group.starts_with(prefix)) {
        return;
    }
    if (record.value.empty()) {
        found.erase(group);
        return;
    }
    Reader value(record.value);
    value.integer(2) <= kLastPlainValue ? value.text() : value.compactText();  // the type of protocol
    found[group] = value.integer(4);
}

/// Nothing: there is no such partition.
std::optional<std::vector<events::Delivery>> chunkOf(events::EventLog& log, int partition, std::int64_t from) {
    for (int tries = kTries;;) {
        try {
            return log.browse(kTopic, partition, from, kChunk);
        } catch (const stoa::Error& error) {
            if (error.status() == STOA_NOT_FOUND) {
                return std::nullopt;
            }
            if (--tries == 0) {
                throw;
            }
        }
    }
}

/// False: there is no such partition.
bool readPartition(events::EventLog& log, int partition, const std::string& prefix,
                   std::map<std::string, std::int32_t>& found) {
    std::int64_t from = 0;
    while (const auto some = chunkOf(log, partition, from)) {
        for (const events::Delivery& delivery : *some) {
            note(delivery.record, prefix, found);
            from = delivery.offset + 1;
        }
        if (some->size() < kChunk) {
            return true;
        }
    }
    return false;
}

void run(const std::string& kafka, const std::string& prefix) {
    const auto log = events::openEventLog("kafka://" + kafka, "", "group-generations");
    std::map<std::string, std::int32_t> found;
    for (int partition = 0; readPartition(*log, partition, prefix, found); ++partition) {
    }
    Json::Value result(Json::objectValue);
    for (const auto& [group, generation] : found) {
        result[group] = generation;
    }
    Json::StreamWriterBuilder writer;
    writer["indentation"] = "";
    std::cout << Json::writeString(writer, result) << '\n';
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) {
        std::cerr << "usage: group_generations HOST:PORT PREFIX\n";
        return 2;
    }
    try {
        run(words[1], words[2]);
        return 0;
    } catch (const std::exception& failure) {
        std::cerr << "group_generations: " << failure.what() << '\n';
        return 1;
    }
}
