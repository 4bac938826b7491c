#include "host/events/embedded/record_rows.h"

#include <utility>

#include "host/events/embedded/schema.h"

namespace stoa::host::events::embedded {
namespace {

void put(std::string& out, std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    for (int shift = 0; shift < 32; shift += 8) {
        out += static_cast<char>(size >> shift & 0xff);
    }
    out += text;
}

std::string_view get(std::string_view& in) {
    if (in.size() < 4) {
        throw Error(STOA_INTERNAL, "event log: the headers of a record are damaged; restore the file from a backup");
    }
    std::uint32_t size = 0;
    for (int i = 0; i < 4; ++i) {
        size |= static_cast<std::uint32_t>(static_cast<unsigned char>(in[static_cast<std::size_t>(i)])) << 8 * i;
    }
    in.remove_prefix(4);
    const std::string_view text = in.substr(0, size);
    in.remove_prefix(text.size());
    return text;
}

}  // namespace

std::size_t recordBytes(const Record& record) {
    std::size_t bytes = record.key.size() + record.value.size();
    for (const auto& [name, value] : record.headers) {
        bytes += name.size() + value.size();
    }
    return bytes;
}

std::string encodeHeaders(const Record& record) {
    std::string encoded;
    for (const auto& [name, value] : record.headers) {
        put(encoded, name);
        put(encoded, value);
    }
    return encoded;
}

void decodeHeaders(std::string_view encoded, Record& record) {
    while (!encoded.empty()) {
        const std::string_view name = get(encoded);
        record.headers.emplace_back(name, get(encoded));
    }
}

void readRecords(Connection& connection, const std::string& topic, const Partition& partition, std::int64_t from,
                 std::size_t limit, const std::function<bool(Delivery&&)>& take) {
    Statement rows = connection.prepare(
        "SELECT id, time_us, key, value, headers FROM records WHERE id>=? AND id<? ORDER BY id LIMIT ?");
    rows.bind(rowId(partition.id, from)).bind(rowId(partition.id + 1, 0)).bind(static_cast<std::int64_t>(limit));
    while (rows.step()) {
        Delivery delivery;
        delivery.record.topic = topic;
        delivery.record.key = rows.bytes(2);
        delivery.record.value = rows.bytes(3);
        decodeHeaders(rows.bytes(4), delivery.record);
        delivery.partition = partition.number;
        delivery.offset = offsetOf(rows.integer(0));
        delivery.time_us = rows.integer(1);
        if (!take(std::move(delivery))) {
            return;
        }
    }
}

}  // namespace stoa::host::events::embedded
