/// The bulk import: rows from a stream into the database, a hundred to a transaction.
#pragma once

#include <string>
#include <vector>

#include <stoa/plugin.h>

#include "domain.h"
#include "rows.h"

namespace product {

class Import {
public:
    enum class Format { kCsv, kJsonLines };

    /// `by` goes into the price history.
    Import(stoa::Host& host, std::string currency, std::string by)
        : host_(host), currency_(std::move(currency)), by_(std::move(by)) {}

    /// Reads to the end and returns the report. What was committed before a stream breaks off stays; sending the same
    /// rows again changes nothing that is as it should be.
    Json::Value run(stoa::Request& request, Format format);

private:
    /// A row that can be used, and the id that its product gets if it is new.
    struct Accepted {
        std::string id;
        Draft draft;
    };
    struct Counts {
        std::int64_t created = 0, updated = 0, unchanged = 0;
    };

    void take(const Record& record);
    tl::expected<Json::Value, std::string> parse(const Record& record) const;
    void reject(std::int64_t line, const std::string& sku, const std::string& why);
    void flush();
    void write(stoa::Transaction& tx, const Accepted& row, Counts& counts) const;

    stoa::Host& host_;
    std::string currency_;
    std::string by_;
    Format format_ = Format::kCsv;
    std::vector<std::string> header_;  // of CSV, once it was read
    std::vector<Accepted> batch_;
    Counts counts_;
    std::int64_t rejected_ = 0;
    Json::Value rows_{Json::arrayValue};
};

}  // namespace product
