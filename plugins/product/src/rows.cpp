#include "rows.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <stoa/json.h>

namespace product {

namespace {

constexpr std::array<std::string_view, 6> kColumns = {"sku", "name", "description", "category", "amount", "currency"};
constexpr std::array<std::string_view, 4> kNeeded = {"sku", "name", "amount", "currency"};

}  // namespace

void Splitter::feed(std::string_view bytes) {
    for (const char c : bytes) {
        if (c == '\n') {
            ++line_;
            if (!quoted_) {
                end();
                continue;
            }
        }
        if (quotes_ && c == '"') {
            quoted_ = !quoted_;
        }
        if (open_.text.size() < kMaxRecord) {
            open_.text += c;
        } else {
            open_.too_long = true;
        }
    }
}

void Splitter::finish() { end(); }

void Splitter::end() {
    if (!open_.text.empty() && open_.text.back() == '\r') {
        open_.text.pop_back();
    }
    if (open_.text.find_first_not_of(" \t") != std::string::npos) {
        complete_.push_back(std::move(open_));
    }
    open_ = {line_, {}, false};
    quoted_ = false;
}

std::optional<Record> Splitter::next() {
    if (complete_.empty()) {
        return std::nullopt;
    }
    Record record = std::move(complete_.front());
    complete_.pop_front();
    return record;
}

tl::expected<std::vector<std::string>, std::string> csvFields(std::string_view record) {
    std::vector<std::string> fields(1);
    for (std::size_t i = 0; i < record.size(); ++i) {
        if (record[i] == ',') {
            fields.emplace_back();
        } else if (record[i] != '"') {
            fields.back() += record[i];
        } else if (!fields.back().empty()) {
            return tl::unexpected(std::string("a quote inside a field that is not quoted"));
        } else {
            for (++i;; ++i) {
                if (i >= record.size()) {
                    return tl::unexpected(std::string("a quoted field is not closed"));
                }
                if (record[i] == '"' && (i + 1 >= record.size() || record[i + 1] != '"')) {
                    break;
                }
                i += record[i] == '"' ? 1 : 0;
                fields.back() += record[i];
            }
            if (i + 1 < record.size() && record[i + 1] != ',') {
                return tl::unexpected(std::string("a comma is missing after a quoted field"));
            }
        }
    }
    return fields;
}

std::string wrongHeader(const std::vector<std::string>& header) {
    for (const std::string& column : header) {
        if (std::find(kColumns.begin(), kColumns.end(), column) == kColumns.end()) {
            return "the header has a column " + column +
                   "; known are sku, name, description, category, amount, currency";
        }
        if (std::count(header.begin(), header.end(), column) > 1) {
            return "the header has the column " + column + " twice";
        }
    }
    for (const std::string_view column : kNeeded) {
        if (std::find(header.begin(), header.end(), column) == header.end()) {
            return "the header lacks the column " + std::string(column);
        }
    }
    return {};
}

tl::expected<Json::Value, std::string> csvRow(const std::vector<std::string>& header, std::string_view record) {
    if (!stoa::isText(record)) {
        return tl::unexpected(std::string("not UTF-8"));
    }
    const auto fields = csvFields(record);
    if (!fields) {
        return tl::unexpected(fields.error());
    }
    if (fields->size() != header.size()) {
        return tl::unexpected("has " + std::to_string(fields->size()) + " fields, the header has " +
                              std::to_string(header.size()));
    }
    Json::Value row{Json::objectValue};
    for (std::size_t i = 0; i < header.size(); ++i) {
        const std::string& field = (*fields)[i];
        if (header[i] == "currency") {
            row["price"]["currency"] = field;
        } else if (header[i] == "amount") {
            std::int64_t amount = 0;
            const char* end = field.data() + field.size();
            const auto [rest, error] = std::from_chars(field.data(), end, amount);
            if (error != std::errc{} || rest != end) {
                return tl::unexpected(std::string("amount must be an integer in minor units"));
            }
            row["price"]["amount"] = static_cast<Json::Int64>(amount);
        } else {
            row[header[i]] = field;
        }
    }
    return row;
}

}  // namespace product
