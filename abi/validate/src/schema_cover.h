/// Whether every value that one schema allows is allowed by another.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <stoa/validate/schema.h>

#include "schema_node.h"

namespace stoa::validate {

/// A value that `sent` allows and `taken` does not.
struct Difference {
    /// "field", "member", "type", "null", "enum", "bounds", "length", "pattern", "format", "items", "alternatives",
    /// "ambiguous"
    std::string kind;
    std::string pointer;  ///< into the schema, through its references
    std::string reason;
};

class SchemaCover {
public:
    enum class Mode {
        kAccepts,     ///< sent: by callers of the old version; taken: by the new one
        kConfigures,  ///< the same, after defaults were filled in
        kReads        ///< sent: by the new version; taken: by readers of the old one, who ignore what they don't know
    };

    /// At most 50 differences.
    static std::vector<Difference> compare(const Schema& sent, const Schema& taken, Mode mode);

private:
    using Node = Schema::Node;
    using Nodes = std::vector<const Node*>;

    /// What is sent: values that fit all of `nodes` and none of `none`, and have a type of the mask.
    struct Side {
        Nodes nodes;  ///< no references and no allOf: those are unfolded
        Nodes none;
        std::set<const Nodes*> chosen;  ///< lists of alternatives of which one is among the nodes already
        unsigned types = ~0U;

        bool operator<(const Side& other) const {
            return std::tie(nodes, none, types, chosen) < std::tie(other.nodes, other.none, other.types, other.chosen);
        }
    };
    /// What is sent as one member of an object.
    struct Member {
        bool possible = true;
        bool described = false;  ///< by a schema; otherwise anything may stand there
        Side side;
    };
    struct Bound {
        long double value;
        bool exclusive;
    };

    explicit SchemaCover(Mode mode) : mode_(mode) {}

    static void unfold(const Node* node, Side& side);
    static Side sideOf(const Node* node);
    static Side with(Side side, const Node* node);
    static unsigned typesOf(const Node& node);
    static std::optional<std::vector<Json::Value>> finite(const Side& side);
    static Member memberOf(const Side& side, const std::string& name);
    static bool isOpen(const Side& side);
    static std::set<std::string> namesOf(const Side& side);
    static bool isRequired(const Side& side, const std::string& name);
    static std::optional<Bound> lowest(const Nodes& nodes, bool whole);
    static std::optional<Bound> highest(const Nodes& nodes, bool whole);
    static bool disjoint(const Side& one, const Side& other);

    bool covers(const Side& sent, const Node* taken, const std::string& pointer);
    bool coversNow(const Side& sent, const Node& taken, const std::string& pointer);
    bool coversValues(const std::vector<Json::Value>& values, const Node& taken, const std::string& pointer);
    bool coversOneOf(const Side& sent, const Nodes& alternatives, bool exclusive, const std::string& pointer);
    void checkAmbiguity(const Side& sent, const Nodes& alternatives, const Node* chosen, const std::string& pointer);
    bool coversTypes(const Side& sent, const Node& taken, const std::string& pointer);
    bool coversStrings(const Side& sent, const Node& taken, const std::string& pointer);
    bool coversNumbers(const Side& sent, const Node& taken, const std::string& pointer);
    bool coversArrays(const Side& sent, const Node& taken, const std::string& pointer);
    bool coversObjects(const Side& sent, const Node& taken, const std::string& pointer);
    bool coversRequired(const Side& sent, const Node& taken, const std::string& pointer);
    bool coversOthers(const Side& sent, const Node& taken, const std::string& pointer);
    bool coversCount(const char* kind, const char* what, std::pair<std::uint64_t, std::uint64_t> sent,
                     std::optional<std::uint64_t> least, std::optional<std::uint64_t> most, const std::string& pointer);
    bool silently(const Side& sent, const Node* taken);

    /// Always false, so that it can be returned.
    bool differ(const char* kind, const std::string& pointer, const std::string& reason);
    /// "was A, is B", whichever of the two is the old one.
    std::string change(const std::string& sent, const std::string& taken) const;

    const Mode mode_;
    std::vector<Difference> found_;
    bool silent_ = false;
    int steps_left_ = 200'000;
    int depth_ = 0;
    std::set<std::pair<Side, const Node*>> assumed_;  // under way: a schema that contains itself
};

}  // namespace stoa::validate
