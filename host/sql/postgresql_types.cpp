#include "host/sql/postgresql_types.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>

namespace stoa::host::sql {
namespace {

// From the server's src/include/catalog/pg_type.dat; part of the wire protocol.
constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr Oid kOid = 26;
constexpr Oid kFloat4 = 700;
constexpr Oid kFloat8 = 701;
constexpr Oid kNumeric = 1700;

template <class Number>
Number parse(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw Error(STOA_INVALID, fmt::format("the number {} does not fit: cast it in the statement", text));
    }
    return number;
}

Value parseBytes(const char* text) {
    std::size_t size = 0;
    const std::unique_ptr<unsigned char, decltype(&PQfreemem)> data{
        PQunescapeBytea(reinterpret_cast<const unsigned char*>(text), &size), &PQfreemem};
    return Bytes{std::string{reinterpret_cast<const char*>(data.get()), size}};
}

}  // namespace

Oid typeOf(const Value& value) {
    struct Types {
        Oid operator()(std::monostate) const { return 0; }
        Oid operator()(std::int64_t) const { return kInt8; }
        Oid operator()(double) const { return kFloat8; }
        Oid operator()(const std::string&) const { return kText; }
        Oid operator()(const Bytes&) const { return kBytea; }
        Oid operator()(bool) const { return kBool; }
    };
    return std::visit(Types{}, value);
}

Value readColumn(const PGresult* result, int row, int column) {
    if (PQgetisnull(result, row, column)) {
        return std::monostate{};
    }
    const char* const data = PQgetvalue(result, row, column);
    const std::string_view text{data, static_cast<std::size_t>(PQgetlength(result, row, column))};
    switch (PQftype(result, column)) {
        case kInt8:
        case kInt4:
        case kInt2:
        case kOid:
            return parse<std::int64_t>(text);
        case kNumeric:
            if (text.find_first_of(".NI") == std::string_view::npos) {
                return parse<std::int64_t>(text);
            }
            return parse<double>(text);
        case kFloat8:
        case kFloat4:
            return parse<double>(text);
        case kBool:
            return text == "t";
        case kBytea:
            return parseBytes(data);
        default:
            return std::string{text};
    }
}

stoa_status statusOf(std::string_view sqlstate) {
    const auto kind = sqlstate.substr(0, 2);
    if (sqlstate == "23505") {
        return STOA_DUPLICATE;
    }
    if (sqlstate == "08P01") {  // a wrong number of parameters
        return STOA_INVALID;
    }
    if (kind == "23" || sqlstate == "40001" || sqlstate == "40P01") {
        return STOA_CONFLICT;
    }
    if (sqlstate == "57014") {
        return STOA_DEADLINE;
    }
    if (kind == "08" || sqlstate.substr(0, 3) == "57P" || kind == "58") {
        return STOA_UNAVAILABLE;
    }
    if (kind == "53" || sqlstate == "55P03") {  // no room left; lock_timeout
        return STOA_EXHAUSTED;
    }
    return kind == "XX" ? STOA_INTERNAL : STOA_INVALID;
}

}  // namespace stoa::host::sql
