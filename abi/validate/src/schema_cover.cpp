// The comparison of schemas: alternatives and finite sets of values; what is left is compared keyword by keyword.

#include "schema_cover.h"

#include <algorithm>

#include <fmt/format.h>

#include <stoa/json.h>

namespace stoa::validate {
namespace {

constexpr std::size_t kMostDifferences = 50;
constexpr int kDeepest = 300;
constexpr unsigned kAllTypes = kNull | kBoolean | kInteger | kNumber | kString | kArray | kObject;

}  // namespace

std::vector<Difference> SchemaCover::compare(const Schema& sent, const Schema& taken, Mode mode) {
    SchemaCover cover(mode);
    if (taken.root_ != nullptr) {
        cover.covers(sent.root_ != nullptr ? sideOf(sent.root_.get()) : Side{}, taken.root_.get(), "");
    }
    return std::move(cover.found_);
}

bool SchemaCover::differ(const char* kind, const std::string& pointer, const std::string& reason) {
    const bool known = std::any_of(found_.begin(), found_.end(), [&](const Difference& one) {
        return one.kind == kind && one.pointer == pointer && one.reason == reason;
    });
    if (!silent_ && !known && found_.size() < kMostDifferences) {
        found_.push_back({kind, pointer, reason});
    }
    return false;
}

std::string SchemaCover::change(const std::string& sent, const std::string& taken) const {
    const bool reads = mode_ == Mode::kReads;
    return fmt::format("was {}, is {}", reads ? taken : sent, reads ? sent : taken);
}

void SchemaCover::unfold(const Node* node, Side& side) {
    while (node->ref != nullptr) {
        node = node->ref;
    }
    if (std::find(side.nodes.begin(), side.nodes.end(), node) == side.nodes.end()) {
        side.nodes.push_back(node);
        side.types &= typesOf(*node);
        for (const Node* part : node->all_of) {
            unfold(part, side);
        }
    }
}

SchemaCover::Side SchemaCover::sideOf(const Node* node) { return with({}, node); }

SchemaCover::Side SchemaCover::with(Side side, const Node* node) {
    unfold(node, side);
    return side;
}

unsigned SchemaCover::typesOf(const Node& node) {
    if (node.types == 0) {
        return kAllTypes;
    }
    return (node.types & kNumber) != 0 ? node.types | kInteger : node.types;
}

std::optional<std::vector<Json::Value>> SchemaCover::finite(const Side& side) {
    std::vector<Json::Value> values;
    const auto listed =
        std::find_if(side.nodes.begin(), side.nodes.end(), [](const Node* node) { return !node->values.empty(); });
    if (listed != side.nodes.end()) {
        values = (*listed)->values;
    } else if ((side.types & ~static_cast<unsigned>(kNull | kBoolean)) == 0) {
        values = {Json::Value(), Json::Value(true), Json::Value(false)};
    } else {
        return std::nullopt;
    }
    const auto fits = [](const Node* node, const Json::Value& value) {
        std::vector<Violation> found;
        std::size_t steps = 10'000;
        Check run{found, steps};
        node->check(value, Place{}, 0, run);
        return found.empty();
    };
    const auto typed = [&](const Json::Value& value) {
        const unsigned type = value.isNull()                                                      ? kNull
                              : value.isBool()                                                    ? kBoolean
                              : value.isString()                                                  ? kString
                              : value.isArray()                                                   ? kArray
                              : value.isObject()                                                  ? kObject
                              : value.type() == Json::intValue || value.type() == Json::uintValue ? kInteger | kNumber
                                                                                                  : kNumber;
        return (type & side.types) != 0;
    };
    values.erase(std::remove_if(values.begin(), values.end(),
                                [&](const Json::Value& value) {
                                    return !typed(value) ||
                                           std::any_of(side.nodes.begin(), side.nodes.end(),
                                                       [&](const Node* node) { return !fits(node, value); });
                                }),
                 values.end());
    return values;
}

bool SchemaCover::covers(const Side& sent, const Node* taken, const std::string& pointer) {
    while (taken->ref != nullptr) {
        taken = taken->ref;
    }
    if (--steps_left_ < 0 || depth_ > kDeepest) {
        return differ("alternatives", pointer, "the schemas are too large to be compared");
    }
    const auto key = std::make_pair(sent, taken);
    if (!assumed_.insert(key).second) {
        return true;  // the same question, further out: if it holds there, it holds here
    }
    ++depth_;
    const bool result = coversNow(sent, *taken, pointer);
    --depth_;
    assumed_.erase(key);
    return result;
}

bool SchemaCover::coversNow(const Side& sent, const Node& taken, const std::string& pointer) {
    if (sent.types == 0) {
        return true;  // there is no such value
    }
    if (const auto values = finite(sent)) {
        if (!values->empty() && (sent.types & typesOf(taken)) == 0) {
            return coversTypes(sent, taken, pointer);
        }
        return coversValues(*values, taken, pointer);
    }
    for (const Node* node : sent.nodes) {
        for (const Nodes* list : {&node->any_of, &node->one_of}) {
            if (!list->empty() && sent.chosen.count(list) == 0) {
                bool all = true;
                for (const Node* alternative : *list) {
                    Side chosen = with(sent, alternative);
                    chosen.chosen.insert(list);
                    if (list == &node->one_of) {
                        std::copy_if(list->begin(), list->end(), std::back_inserter(chosen.none),
                                     [&](const Node* other) { return other != alternative; });
                    }
                    all = covers(chosen, &taken, pointer) && all;
                }
                return all;
            }
        }
    }
    bool all = true;
    for (const Node* part : taken.all_of) {
        all = covers(sent, part, pointer) && all;
    }
    if (!taken.any_of.empty()) {
        all = coversOneOf(sent, taken.any_of, false, pointer) && all;
    }
    if (!taken.one_of.empty()) {
        all = coversOneOf(sent, taken.one_of, true, pointer) && all;
    }
    if (!taken.values.empty()) {
        return differ("enum", pointer, change("any value of its type", "one of a list"));
    }
    all = coversTypes(sent, taken, pointer) && all;
    all = coversStrings(sent, taken, pointer) && all;
    all = coversNumbers(sent, taken, pointer) && all;
    all = coversArrays(sent, taken, pointer) && all;
    return coversObjects(sent, taken, pointer) && all;
}

bool SchemaCover::coversValues(const std::vector<Json::Value>& values, const Node& taken, const std::string& pointer) {
    bool all = true;
    for (const Json::Value& value : values) {
        std::vector<Violation> found;
        std::size_t steps = 100'000;
        Check run{found, steps};
        taken.check(value, Place{}, 0, run);
        if (found.empty()) {
            continue;
        }
        const std::string text = writeJson(value);
        const char* kind = value.isNull() && (typesOf(taken) & kNull) == 0 ? "null" : "enum";
        all =
            differ(kind, pointer,
                   fmt::format("{} {}: {}", text,
                               mode_ == Mode::kReads ? "is new to readers" : "is not accepted any more", found[0].why));
    }
    return all;
}

bool SchemaCover::coversOneOf(const Side& sent, const Nodes& alternatives, bool exclusive, const std::string& pointer) {
    bool all = true;
    for (unsigned type = kNull; type <= kObject; type *= 2) {
        // A number is an integer or it is none: both bits together.
        const bool number = type == kNumber || (type == kInteger && (sent.types & kNumber) != 0);
        Side part = sent;
        part.types &= number ? kNumber | kInteger : type;
        if (part.types == 0 || (type == kInteger && number)) {
            continue;
        }
        const auto chosen = std::find_if(alternatives.begin(), alternatives.end(),
                                         [&](const Node* alternative) { return silently(part, alternative); });
        if (chosen != alternatives.end()) {
            if (exclusive) {
                checkAmbiguity(part, alternatives, *chosen, pointer);
            }
            continue;
        }
        all = false;
        Nodes near;
        std::copy_if(alternatives.begin(), alternatives.end(), std::back_inserter(near),
                     [&](const Node* alternative) { return !disjoint(part, sideOf(alternative)); });
        if (near.size() == 1) {
            covers(part, near[0], pointer);
        } else {
            differ("alternatives", pointer,
                   mode_ == Mode::kReads ? "a new alternative is none of those that readers know"
                                         : "no alternative is left that takes all of what one took before");
        }
    }
    return all;
}

void SchemaCover::checkAmbiguity(const Side& sent, const Nodes& alternatives, const Node* chosen,
                                 const std::string& pointer) {
    for (const Node* other : alternatives) {
        if (other == chosen || disjoint(sent, sideOf(other)) ||
            std::any_of(sent.none.begin(), sent.none.end(),
                        [&](const Node* excluded) { return silently(sideOf(other), excluded); })) {
            continue;
        }
        differ("ambiguous", pointer, "a value may fit two alternatives of oneOf, and then fits none");
        return;
    }
}

bool SchemaCover::silently(const Side& sent, const Node* taken) {
    const bool before = std::exchange(silent_, true);
    const bool result = covers(sent, taken, "");
    silent_ = before;
    return result;
}

bool SchemaCover::disjoint(const Side& one, const Side& other) {
    const unsigned types = one.types & other.types;
    if (types == 0) {
        return true;
    }
    const auto separate = [](const Side& a, const Side& b) {
        const auto first = finite(a);
        const auto second = finite(b);
        return first && second && std::none_of(first->begin(), first->end(), [&](const Json::Value& value) {
                   return std::any_of(second->begin(), second->end(),
                                      [&](const Json::Value& match) { return sameValue(value, match); });
               });
    };
    if (separate(one, other)) {
        return true;
    }
    if (types != kObject) {
        return false;
    }
    std::set<std::string> names = namesOf(one);
    names.merge(namesOf(other));
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        const bool first = isRequired(one, name);
        const bool second = isRequired(other, name);
        const Member a = memberOf(one, name);
        const Member b = memberOf(other, name);
        return (first && !b.possible) || (second && !a.possible) ||
               (first && second && a.described && b.described &&
                ((a.side.types & b.side.types) == 0 || separate(a.side, b.side)));
    });
}

}  // namespace stoa::validate
