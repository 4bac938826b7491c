// The comparison of schemas, keyword by keyword: types, strings, numbers, arrays and objects without alternatives.

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "schema_cover.h"

namespace stoa::validate {
namespace {

constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();

std::string typeNames(unsigned types) {
    static constexpr std::pair<unsigned, const char*> kNames[] = {
        {kNumber, "number"}, {kInteger, "integer"}, {kString, "string"}, {kBoolean, "boolean"},
        {kArray, "array"},   {kObject, "object"},   {kNull, "null"}};
    std::string text;
    for (const auto& [type, name] : kNames) {
        if ((types & type) != 0 && !(type == kInteger && (types & kNumber) != 0)) {
            text += (text.empty() ? "" : " or ") + std::string(name);
        }
    }
    return text;
}

std::string lengthText(std::uint64_t least, std::uint64_t most) {
    return most == kEndless ? fmt::format("{} or more", least) : fmt::format("{} to {}", least, most);
}

std::string quoted(const std::string& text) { return text.empty() ? "none" : "\"" + text + "\""; }

/// Texts of a format have these lengths, whatever minLength and maxLength say.
std::pair<std::uint64_t, std::uint64_t> lengthOf(const std::string& format) {
    if (format == "uuid") {
        return {36, 36};
    }
    if (format == "date") {
        return {10, 10};
    }
    return {0, format == "email" ? 254 : kEndless};
}

}  // namespace

bool SchemaCover::coversTypes(const Side& sent, const Node& taken, const std::string& pointer) {
    const unsigned allowed = typesOf(taken);
    const unsigned lost = sent.types & ~allowed;
    if (lost == 0) {
        return true;
    }
    const std::string words = change(typeNames(sent.types), typeNames(allowed));
    return differ(lost == kNull ? "null" : "type", pointer, words);
}

bool SchemaCover::coversCount(const char* kind, const char* what, std::pair<std::uint64_t, std::uint64_t> sent,
                              std::optional<std::uint64_t> least, std::optional<std::uint64_t> most,
                              const std::string& pointer) {
    if (sent.first >= least.value_or(0) && sent.second <= most.value_or(kEndless)) {
        return true;
    }
    return differ(kind, pointer,
                  fmt::format("{} {}", what,
                              change(lengthText(sent.first, sent.second),
                                     lengthText(least.value_or(0), most.value_or(kEndless)))));
}

bool SchemaCover::coversStrings(const Side& sent, const Node& taken, const std::string& pointer) {
    if ((sent.types & kString) == 0 || (typesOf(taken) & kString) == 0) {
        return true;
    }
    std::pair<std::uint64_t, std::uint64_t> length{0, kEndless};
    std::set<std::string> patterns;
    std::set<std::string> formats;
    for (const Node* node : sent.nodes) {
        const auto [least, most] = lengthOf(node->format);
        length.first = std::max({length.first, node->min_length.value_or(0), least});
        length.second = std::min({length.second, node->max_length.value_or(kEndless), most});
        formats.insert(node->format);
        patterns.insert(node->pattern ? node->pattern->pattern() : "");
    }
    bool all = coversCount("length", "the length", length, taken.min_length, taken.max_length, pointer);
    const auto longest = [](const std::set<std::string>& texts) { return texts.empty() ? "" : *texts.rbegin(); };
    if (taken.pattern && patterns.count(taken.pattern->pattern()) == 0) {
        all = differ("pattern", pointer,
                     "the pattern " + change(quoted(longest(patterns)), quoted(taken.pattern->pattern())));
    }
    if (!taken.format.empty() && formats.count(taken.format) == 0) {
        all = differ("format", pointer, "the format " + change(quoted(longest(formats)), quoted(taken.format)));
    }
    return all;
}

std::optional<SchemaCover::Bound> SchemaCover::lowest(const Nodes& nodes, bool whole) {
    std::optional<Bound> lowest;
    const auto take = [&](long double value, bool exclusive) {
        const Bound bound =
            whole ? Bound{exclusive ? std::floor(value) + 1 : std::ceil(value), false} : Bound{value, exclusive};
        if (!lowest || bound.value > lowest->value || (bound.value == lowest->value && bound.exclusive)) {
            lowest = bound;
        }
    };
    for (const Node* node : nodes) {
        if (node->minimum) {
            take(*node->minimum, false);
        }
        if (node->above) {
            take(*node->above, true);
        }
    }
    return lowest;
}

std::optional<SchemaCover::Bound> SchemaCover::highest(const Nodes& nodes, bool whole) {
    std::optional<Bound> highest;
    const auto take = [&](long double value, bool exclusive) {
        const Bound bound =
            whole ? Bound{exclusive ? std::ceil(value) - 1 : std::floor(value), false} : Bound{value, exclusive};
        if (!highest || bound.value < highest->value || (bound.value == highest->value && bound.exclusive)) {
            highest = bound;
        }
    };
    for (const Node* node : nodes) {
        if (node->maximum) {
            take(*node->maximum, false);
        }
        if (node->below) {
            take(*node->below, true);
        }
    }
    return highest;
}

bool SchemaCover::coversNumbers(const Side& sent, const Node& taken, const std::string& pointer) {
    if ((sent.types & (kInteger | kNumber)) == 0 || (typesOf(taken) & (kInteger | kNumber)) == 0) {
        return true;
    }
    const bool whole = (sent.types & kNumber) == 0;
    const auto text = [](const std::optional<Bound>& bound, const char* from) {
        return bound ? fmt::format("{} {}{}", from, static_cast<double>(bound->value),
                                   bound->exclusive ? " exclusive" : "")
                     : std::string("unbounded");
    };
    bool all = true;
    const auto low = lowest(sent.nodes, whole);
    const auto low_taken = lowest({&taken}, whole);
    if (low_taken && (!low || low->value < low_taken->value ||
                      (low->value == low_taken->value && low_taken->exclusive && !low->exclusive))) {
        all = differ("bounds", pointer, "the least value " + change(text(low, "from"), text(low_taken, "from")));
    }
    const auto high = highest(sent.nodes, whole);
    const auto high_taken = highest({&taken}, whole);
    if (high_taken && (!high || high->value > high_taken->value ||
                       (high->value == high_taken->value && high_taken->exclusive && !high->exclusive))) {
        all = differ("bounds", pointer, "the greatest value " + change(text(high, "to"), text(high_taken, "to")));
    }
    const bool multiple = std::any_of(sent.nodes.begin(), sent.nodes.end(), [&](const Node* node) {
        return taken.multiple_of != 0 && node->multiple_of != 0 && node->multiple_of % taken.multiple_of == 0;
    });
    if (taken.multiple_of > 1 && !multiple) {
        all = differ("bounds", pointer, change("any step", fmt::format("a multiple of {}", taken.multiple_of)));
    }
    return all;
}

bool SchemaCover::coversArrays(const Side& sent, const Node& taken, const std::string& pointer) {
    if ((sent.types & kArray) == 0 || (typesOf(taken) & kArray) == 0) {
        return true;
    }
    std::pair<std::uint64_t, std::uint64_t> count{0, kEndless};
    bool unique = false;
    Side items;
    for (const Node* node : sent.nodes) {
        count.first = std::max(count.first, node->min_items.value_or(0));
        count.second = std::min(count.second, node->max_items.value_or(kEndless));
        unique = unique || node->unique;
        if (node->items != nullptr) {
            unfold(node->items, items);
        }
    }
    bool all = coversCount("items", "the number of items", count, taken.min_items, taken.max_items, pointer);
    if (taken.unique && !unique && count.second > 1) {
        all = differ("items", pointer, "items " + change("any", "all different"));
    }
    if (taken.items != nullptr && count.second > 0) {
        all = covers(items, taken.items, pointer + "/items") && all;
    }
    return all;
}

SchemaCover::Member SchemaCover::memberOf(const Side& side, const std::string& name) {
    Member member;
    for (const Node* node : side.nodes) {
        const auto listed = node->properties.find(name);
        const Node* schema = listed != node->properties.end() ? listed->second : node->additional;
        if (schema != nullptr) {
            unfold(schema, member.side);
            member.described = true;
        } else if (node->closed) {
            member.possible = false;
        }
    }
    member.possible = member.possible && member.side.types != 0;
    return member;
}

bool SchemaCover::isOpen(const Side& side) {
    return std::none_of(side.nodes.begin(), side.nodes.end(), [](const Node* node) { return node->closed; });
}

std::set<std::string> SchemaCover::namesOf(const Side& side) {
    std::set<std::string> names;
    for (const Node* node : side.nodes) {
        for (const auto& [name, schema] : node->properties) {
            names.insert(name);
        }
    }
    return names;
}

bool SchemaCover::isRequired(const Side& side, const std::string& name) {
    return std::any_of(side.nodes.begin(), side.nodes.end(), [&](const Node* node) {
        return std::find(node->required.begin(), node->required.end(), name) != node->required.end();
    });
}

bool SchemaCover::coversRequired(const Side& sent, const Node& taken, const std::string& pointer) {
    bool all = true;
    for (const std::string& name : taken.required) {
        const auto listed = taken.properties.find(name);
        const Node* schema = listed != taken.properties.end() ? listed->second : nullptr;
        while (schema != nullptr && schema->ref != nullptr) {
            schema = schema->ref;
        }
        const bool filled_in = mode_ == Mode::kConfigures && schema != nullptr && schema->fallback.has_value();
        if (isRequired(sent, name) || filled_in) {
            continue;
        }
        const Member member = memberOf(sent, name);
        const char* reason = mode_ != Mode::kReads                 ? "is required now"
                             : member.possible && member.described ? "was always there, and may be absent now"
                                                                   : "was always there, and is gone";
        all = differ("field", pointer + "/properties" + pointerPart(name), reason);
    }
    return all;
}

/// Members that `taken` does not list.
bool SchemaCover::coversOthers(const Side& sent, const Node& taken, const std::string& pointer) {
    bool all = true;
    const bool closed = taken.closed && mode_ != Mode::kReads;
    for (const std::string& name : namesOf(sent)) {
        const Member member = memberOf(sent, name);
        if (!member.possible || taken.properties.count(name) != 0) {
            continue;
        }
        const std::string place = pointer + "/properties" + pointerPart(name);
        if (closed) {
            all = differ("member", place, "was accepted, and is refused now");
        } else if (taken.additional != nullptr) {
            all = covers(member.side, taken.additional, place) && all;
        }
    }
    if ((!closed && taken.additional == nullptr) || !isOpen(sent)) {
        return all;
    }
    Side rest;
    for (const Node* node : sent.nodes) {
        if (node->additional != nullptr) {
            unfold(node->additional, rest);
        }
    }
    const std::string place = pointer + "/additionalProperties";
    if (closed) {
        return differ("member", place, "members beyond those listed were accepted, and are refused now");
    }
    if (rest.nodes.empty()) {
        return differ("member", place, "members beyond those listed " + change("anything", "of one schema"));
    }
    return covers(rest, taken.additional, place) && all;
}

bool SchemaCover::coversObjects(const Side& sent, const Node& taken, const std::string& pointer) {
    if ((sent.types & kObject) == 0 || (typesOf(taken) & kObject) == 0) {
        return true;
    }
    bool all = coversRequired(sent, taken, pointer);
    for (const auto& [name, schema] : taken.properties) {
        const Member member = memberOf(sent, name);
        // What nobody described is nothing that anybody relies on.
        if (member.possible && member.described) {
            all = covers(member.side, schema, pointer + "/properties" + pointerPart(name)) && all;
        }
    }
    all = coversOthers(sent, taken, pointer) && all;
    std::pair<std::uint64_t, std::uint64_t> count{0, kEndless};
    std::set<std::string> required;
    for (const Node* node : sent.nodes) {
        required.insert(node->required.begin(), node->required.end());
        count.first = std::max<std::uint64_t>({count.first, node->min_properties.value_or(0), required.size()});
        count.second = std::min(count.second, node->max_properties.value_or(kEndless));
        count.second = node->closed ? std::min<std::uint64_t>(count.second, node->properties.size()) : count.second;
    }
    return coversCount("items", "the number of members", count, taken.min_properties, taken.max_properties, pointer) &&
           all;
}

}  // namespace stoa::validate
