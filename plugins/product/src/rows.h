/// The rows of an import, cut out of a stream of bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <json/value.h>
#include <tl/expected.hpp>

namespace product {

/// A record with the number of the line where it begins, from 1. `text` is cut off after kMaxRecord bytes.
struct Record {
    std::int64_t line;
    std::string text;
    bool too_long;
};

/// Cuts lines; with `quotes`, a line break inside of "…" belongs to the record (RFC 4180).
class Splitter {
public:
    static constexpr std::size_t kMaxRecord = 64 * 1024;

    explicit Splitter(bool quotes) : quotes_(quotes) {}
    void feed(std::string_view bytes);
    /// The end of the stream: what is left is a record.
    void finish();
    /// The next record that is complete; blank ones are left out.
    std::optional<Record> next();

private:
    void end();

    bool quotes_;
    bool quoted_ = false;
    std::int64_t line_ = 1;
    Record open_{1, {}, false};
    std::deque<Record> complete_;
};

/// Fields of a CSV record (RFC 4180).
tl::expected<std::vector<std::string>, std::string> csvFields(std::string_view record);

/// A CSV record under `header`, with the members of createProduct.
tl::expected<Json::Value, std::string> csvRow(const std::vector<std::string>& header, std::string_view record);

/// Why the header can't be used; empty when it can.
std::string wrongHeader(const std::vector<std::string>& header);

}  // namespace product
