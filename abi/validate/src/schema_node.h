/// A compiled schema: a graph of nodes, owned by one arena, so that recursive schemas need no owning cycle.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <json/value.h>
#include <re2/re2.h>

#include <stoa/validate/schema.h>

namespace stoa::validate {

/// The types of JSON Schema as bits; kNumber includes integers.
enum Types : unsigned {
    kNull = 1,
    kBoolean = 2,
    kInteger = 4,
    kNumber = 8,
    kString = 16,
    kArray = 32,
    kObject = 64,
};

/// Where in a value a check is: a list on the stack, written out only for a violation.
struct Place {
    const Place* parent = nullptr;
    std::string_view name = {};
    std::uint64_t index = 0;
    bool is_index = false;

    std::string pointer() const;
};

/// One run of a check: what was found and how much work is left, shared by all alternatives of oneOf and anyOf.
struct Check {
    std::vector<Violation>& found;
    std::size_t& steps_left;

    void fail(const Place& place, std::string why);
    bool full() const { return found.size() >= 20; }
};

struct Schema::Node {
    unsigned types = 0;  ///< 0: no `type`
    const Node* ref = nullptr;
    std::vector<const Node*> all_of, any_of, one_of;
    std::vector<Json::Value> values;  ///< of enum or const; empty: any

    std::map<std::string, const Node*, std::less<>> properties;
    std::vector<std::string> required;
    bool closed = false;  ///< additionalProperties: false
    const Node* additional = nullptr;
    std::optional<std::uint64_t> min_properties, max_properties;

    const Node* items = nullptr;
    std::optional<std::uint64_t> min_items, max_items;
    bool unique = false;

    std::optional<std::uint64_t> min_length, max_length;
    std::shared_ptr<const re2::RE2> pattern;
    std::string format;

    // long double holds every int64 exactly on the machines that we build for.
    std::optional<long double> minimum, maximum, above, below;
    std::int64_t multiple_of = 0;

    std::optional<Json::Value> fallback;  ///< `default`

    void check(const Json::Value& value, const Place& place, int depth, Check& run) const;
    void fillIn(Json::Value& value, int depth) const;

private:
    bool checkType(const Json::Value& value, const Place& place, Check& run) const;
    void checkAlternatives(const Json::Value& value, const Place& place, int depth, Check& run) const;
    void checkValues(const Json::Value& value, const Place& place, Check& run) const;
    void checkString(std::string_view text, const Place& place, Check& run) const;
    void checkNumber(const Json::Value& value, const Place& place, Check& run) const;
    void checkArray(const Json::Value& value, const Place& place, int depth, Check& run) const;
    void checkObject(const Json::Value& value, const Place& place, int depth, Check& run) const;
};

/// JSON equality: numbers by value, so 5 as Int equals 5 as UInt.
bool sameValue(const Json::Value& a, const Json::Value& b);

/// A property name or an array index as a part of a JSON pointer (RFC 6901).
std::string pointerPart(std::string_view name);

}  // namespace stoa::validate
