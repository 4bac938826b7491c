// Checks values against compiled schemas.

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "schema_node.h"

namespace stoa::validate {
namespace {

// Deeper than any value that parseJson lets in, with room for $ref and allOf on each level.
constexpr int kMaxDepth = 400;
// Alternatives of alternatives can cost exponentially; no honest body needs as many steps.
constexpr std::size_t kMaxSteps = 1'000'000;
constexpr std::size_t kMaxNameInPointer = 120;

std::string_view textOf(const Json::Value& value) {
    const char* begin = nullptr;
    const char* end = nullptr;
    return value.getString(&begin, &end) ? std::string_view(begin, static_cast<std::size_t>(end - begin))
                                         : std::string_view{};
}

bool isContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::uint64_t codePoints(std::string_view text) {
    return static_cast<std::uint64_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !isContinuation(c); }));
}

bool isInteger(const Json::Value& value) {
    return value.type() == Json::intValue || (value.type() == Json::uintValue && value.isInt64());
}

unsigned typesOf(const Json::Value& value) {
    switch (value.type()) {
        case Json::nullValue:
            return kNull;
        case Json::booleanValue:
            return kBoolean;
        case Json::intValue:
            return kInteger | kNumber;
        case Json::uintValue:
            return isInteger(value) ? kInteger | kNumber : kNumber;
        case Json::realValue:
            return kNumber;
        case Json::stringValue:
            return kString;
        case Json::arrayValue:
            return kArray;
        case Json::objectValue:
            return kObject;
    }
    return 0;
}

std::string typeNames(unsigned types) {
    static constexpr std::pair<unsigned, const char*> kNames[] = {
        {kString, "a string"}, {kInteger, "an integer (no fraction, no exponent)"},
        {kNumber, "a number"}, {kBoolean, "a boolean"},
        {kArray, "an array"},  {kObject, "an object"},
        {kNull, "null"}};
    std::string text;
    for (const auto& [bit, name] : kNames) {
        if ((types & bit) != 0) {
            text += text.empty() ? name : std::string(" or ") + name;
        }
    }
    return text;
}

long double numberOf(const Json::Value& value) {
    if (value.type() == Json::intValue) {
        return static_cast<long double>(value.asInt64());
    }
    if (value.type() == Json::uintValue) {
        return static_cast<long double>(value.asUInt64());
    }
    return static_cast<long double>(value.asDouble());
}

std::string show(long double number) {
    if (number == static_cast<long double>(static_cast<std::int64_t>(number))) {
        return fmt::format("{}", static_cast<std::int64_t>(number));
    }
    return fmt::format("{}", static_cast<double>(number));
}

bool less(const Json::Value* a, const Json::Value* b) { return *a < *b; }

}  // namespace

std::string pointerPart(std::string_view name) {
    std::string part = "/";
    if (name.size() > kMaxNameInPointer) {
        name = name.substr(0, kMaxNameInPointer);
        while (!name.empty() && isContinuation(name.back())) {
            name.remove_suffix(1);
        }
        name.remove_suffix(name.empty() ? 0 : 1);
    }
    for (const char c : name) {
        if (c == '~') {
            part += "~0";
        } else if (c == '/') {
            part += "~1";
        } else {
            part += c;
        }
    }
    return part;
}

std::string Place::pointer() const {
    std::vector<const Place*> parts;
    for (const Place* part = this; part->parent != nullptr; part = part->parent) {
        parts.push_back(part);
    }
    std::string text;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        text += (*part)->is_index ? fmt::format("/{}", (*part)->index) : pointerPart((*part)->name);
    }
    return text;
}

void Check::fail(const Place& place, std::string why) {
    // Writing a violation down costs far more than a step.
    steps_left -= std::min<std::size_t>(steps_left, 10);
    if (!full()) {
        found.push_back({place.pointer(), std::move(why)});
    }
}

bool sameValue(const Json::Value& a, const Json::Value& b) {
    if (a.isNumeric() && !a.isBool() && b.isNumeric() && !b.isBool()) {
        return numberOf(a) == numberOf(b);
    }
    if (a.type() != b.type()) {
        return false;
    }
    if (!a.isArray() && !a.isObject()) {
        return a == b;
    }
    if (a.size() != b.size()) {
        return false;
    }
    for (auto left = a.begin(), right = b.begin(); left != a.end(); ++left, ++right) {
        if ((a.isObject() && left.name() != right.name()) || !sameValue(*left, *right)) {
            return false;
        }
    }
    return true;
}

void Schema::Node::check(const Json::Value& value, const Place& place, int depth, Check& run) const {
    if (run.full()) {
        return;
    }
    if (depth > kMaxDepth || run.steps_left == 0) {
        run.fail(place, "is too deep or too complex to be checked; send a simpler value");
        return;
    }
    --run.steps_left;
    if (ref != nullptr) {
        ref->check(value, place, depth + 1, run);
        return;
    }
    if (!checkType(value, place, run)) {
        return;
    }
    checkValues(value, place, run);
    if (value.isString()) {
        checkString(textOf(value), place, run);
    } else if (value.isArray()) {
        checkArray(value, place, depth, run);
    } else if (value.isObject()) {
        checkObject(value, place, depth, run);
    } else if (value.isNumeric() && !value.isBool()) {
        checkNumber(value, place, run);
    }
    checkAlternatives(value, place, depth, run);
}

bool Schema::Node::checkType(const Json::Value& value, const Place& place, Check& run) const {
    if (types == 0 || (types & typesOf(value)) != 0) {
        return true;
    }
    run.fail(place, "must be " + typeNames(types));
    return false;
}

void Schema::Node::checkValues(const Json::Value& value, const Place& place, Check& run) const {
    if (values.empty() ||
        std::any_of(values.begin(), values.end(), [&](const Json::Value& one) { return sameValue(one, value); })) {
        return;
    }
    std::string allowed;
    for (const Json::Value& one : values) {
        allowed += (allowed.empty() ? "" : ", ") + (one.isString() ? one.asString() : one.toStyledString());
        while (!allowed.empty() && allowed.back() == '\n') {
            allowed.pop_back();
        }
    }
    run.fail(place, (values.size() == 1 ? "must be " : "must be one of ") + allowed);
}

void Schema::Node::checkString(std::string_view text, const Place& place, Check& run) const {
    // Length first: nothing else looks at a string that is too long.
    if (max_length && (text.size() / 4 > *max_length || codePoints(text) > *max_length)) {
        run.fail(place, fmt::format("must have at most {} characters", *max_length));
        return;
    }
    if (min_length && codePoints(text) < *min_length) {
        run.fail(place, fmt::format("must have at least {} character{}", *min_length, *min_length == 1 ? "" : "s"));
        return;
    }
    if (!format.empty() && !isFormat(format, text)) {
        run.fail(place, fmt::format("must be a {}", format));
    }
    if (pattern && !re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern)) {
        run.fail(place, fmt::format("must match {}", pattern->pattern()));
    }
}

void Schema::Node::checkNumber(const Json::Value& value, const Place& place, Check& run) const {
    const long double number = numberOf(value);
    if (minimum && number < *minimum) {
        run.fail(place, "must be at least " + show(*minimum));
    }
    if (maximum && number > *maximum) {
        run.fail(place, "must be at most " + show(*maximum));
    }
    if (above && number <= *above) {
        run.fail(place, "must be greater than " + show(*above));
    }
    if (below && number >= *below) {
        run.fail(place, "must be less than " + show(*below));
    }
    if (multiple_of > 0 && isInteger(value) && value.asInt64() % multiple_of != 0) {
        run.fail(place, fmt::format("must be a multiple of {}", multiple_of));
    }
}

void Schema::Node::checkArray(const Json::Value& value, const Place& place, int depth, Check& run) const {
    if (max_items && value.size() > *max_items) {
        run.fail(place, fmt::format("must have at most {} items", *max_items));
        return;
    }
    if (min_items && value.size() < *min_items) {
        run.fail(place, fmt::format("must have at least {} item{}", *min_items, *min_items == 1 ? "" : "s"));
    }
    if (items != nullptr) {
        for (Json::ArrayIndex i = 0; i < value.size() && !run.full(); ++i) {
            items->check(value[i], {.parent = &place, .index = i, .is_index = true}, depth + 1, run);
        }
    }
    if (unique) {
        std::vector<const Json::Value*> sorted;
        for (const Json::Value& item : value) {
            sorted.push_back(&item);
        }
        std::sort(sorted.begin(), sorted.end(), less);
        const auto same = [](const Json::Value* a, const Json::Value* b) { return *a == *b; };
        if (std::adjacent_find(sorted.begin(), sorted.end(), same) != sorted.end()) {
            run.fail(place, "must not hold the same item twice");
        }
    }
}

void Schema::Node::checkObject(const Json::Value& value, const Place& place, int depth, Check& run) const {
    if (max_properties && value.size() > *max_properties) {
        run.fail(place, fmt::format("must have at most {} members", *max_properties));
        return;
    }
    if (min_properties && value.size() < *min_properties) {
        run.fail(place, fmt::format("must have at least {} members", *min_properties));
    }
    for (const std::string& name : required) {
        if (value.find(name.data(), name.data() + name.size()) == nullptr) {
            run.fail({.parent = &place, .name = name}, "is missing");
        }
    }
    for (auto member = value.begin(); member != value.end() && !run.full(); ++member) {
        const char* end = nullptr;
        const char* begin = member.memberName(&end);
        const std::string_view name(begin, static_cast<std::size_t>(end - begin));
        const Place inner{.parent = &place, .name = name};
        if (const auto known = properties.find(name); known != properties.end()) {
            known->second->check(*member, inner, depth + 1, run);
        } else if (closed) {
            run.fail(inner, "is not known here");
        } else if (additional != nullptr) {
            additional->check(*member, inner, depth + 1, run);
        }
    }
}

void Schema::Node::checkAlternatives(const Json::Value& value, const Place& place, int depth, Check& run) const {
    for (const Node* node : all_of) {
        node->check(value, place, depth + 1, run);
    }
    for (const auto* list : {&any_of, &one_of}) {
        if (list->empty()) {
            continue;
        }
        std::size_t matches = 0;
        std::vector<Violation> nearest;
        for (const Node* node : *list) {
            std::vector<Violation> found;
            Check attempt{found, run.steps_left};
            node->check(value, place, depth + 1, attempt);
            if (found.empty()) {
                ++matches;
            } else if (nearest.empty() || found.size() < nearest.size()) {
                nearest = std::move(found);
            }
        }
        if (matches == 0) {
            // Alternatives within alternatives must not make a sentence that grows with the depth of the value.
            const Violation& hint = nearest.front();
            const bool brief = hint.why.size() < 100;
            run.fail(place, fmt::format("fits none of {} alternatives{}", list->size(),
                                        brief ? fmt::format("; the nearest says: {} {}", hint.pointer, hint.why) : ""));
        } else if (matches > 1 && list == &one_of) {
            run.fail(place, "fits more than one of the alternatives");
        }
    }
}

void Schema::Node::fillIn(Json::Value& value, int depth) const {
    if (depth > kMaxDepth) {
        return;
    }
    if (ref != nullptr) {
        ref->fillIn(value, depth + 1);
        return;
    }
    for (const Node* node : all_of) {
        node->fillIn(value, depth + 1);
    }
    if (value.isObject()) {
        for (const auto& [name, node] : properties) {
            if (value.isMember(name)) {
                node->fillIn(value[name], depth + 1);
                continue;
            }
            const Node* target = node;
            for (int hops = 0; target->ref != nullptr && hops < kMaxDepth; ++hops) {
                target = target->ref;
            }
            if (target->fallback) {
                value[name] = *target->fallback;
                node->fillIn(value[name], depth + 1);
            }
        }
    } else if (value.isArray() && items != nullptr) {
        for (Json::Value& item : value) {
            items->fillIn(item, depth + 1);
        }
    }
}

std::vector<Violation> Schema::check(const Json::Value& value) const {
    std::vector<Violation> found;
    if (root_) {
        std::size_t steps = kMaxSteps;
        Check run{found, steps};
        root_->check(value, Place{}, 0, run);
    }
    return found;
}

Json::Value Schema::withDefaults(Json::Value value) const {
    if (root_) {
        root_->fillIn(value, 0);
    }
    return value;
}

}  // namespace stoa::validate
