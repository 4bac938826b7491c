#include "host/plugin/route_table.h"

#include <map>

namespace stoa::host::plugin {

/// A trie over path segments.
struct RouteTable::Node {
    struct Method {
        std::string name;
        const validate::Route* route;
        std::uint32_t index;
        std::vector<std::string_view> names;  // of the parameters, in the order of the path
    };
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    std::unique_ptr<Node> tail;
    std::vector<Method> methods;

    const Method* method(std::string_view wanted) const {
        for (const Method& each : methods) {
            if (each.name == wanted || each.name == "*") {
                return &each;
            }
        }
        return nullptr;
    }
};

namespace {

/// Takes the first segment off `rest` ("/a/b" → "a", rest "/b").
std::string_view takeSegment(std::string_view& rest) {
    rest.remove_prefix(1);
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
    return segment;
}

bool isParameter(std::string_view segment) { return segment.size() > 2 && segment.front() == '{'; }

}  // namespace

RouteTable::RouteTable(const std::vector<validate::Route>& routes) : root_(std::make_unique<Node>()) {
    for (std::uint32_t i = 0; i < routes.size(); ++i) {
        add(routes[i], i);
    }
}

RouteTable::~RouteTable() = default;

void RouteTable::add(const validate::Route& route, std::uint32_t index) {
    Node* node = root_.get();
    std::vector<std::string_view> names;
    for (std::string_view rest = route.path; !rest.empty();) {
        const std::string_view segment = takeSegment(rest);
        std::unique_ptr<Node>* next = nullptr;
        if (!isParameter(segment)) {
            next = &node->literals[std::string(segment)];
        } else if (segment.ends_with("*}")) {
            next = &node->tail;
            names.push_back(segment.substr(1, segment.size() - 3));
        } else {
            next = &node->parameter;
            names.push_back(segment.substr(1, segment.size() - 2));
        }
        if (!*next) {
            *next = std::make_unique<Node>();
        }
        node = next->get();
    }
    node->methods.push_back({route.method, &route, index, std::move(names)});
}

const RouteTable::Node* RouteTable::walk(const Node& node, std::string_view rest,
                                         std::vector<std::string_view>& values) {
    if (rest.empty()) {
        return node.methods.empty() ? nullptr : &node;
    }
    std::string_view after = rest;
    const std::string_view segment = takeSegment(after);
    if (const auto literal = node.literals.find(segment); literal != node.literals.end()) {
        if (const Node* found = walk(*literal->second, after, values)) {
            return found;
        }
    }
    if (node.parameter && !segment.empty()) {
        values.push_back(segment);
        if (const Node* found = walk(*node.parameter, after, values)) {
            return found;
        }
        values.pop_back();
    }
    if (node.tail) {
        values.push_back(rest.substr(1));
        return node.tail.get();
    }
    return nullptr;
}

RouteTable::Match RouteTable::find(std::string_view method, std::string_view path) const {
    Match match;
    std::vector<std::string_view> values;
    const Node* node = path.starts_with('/') ? walk(*root_, path, values) : nullptr;
    if (!node) {
        return match;
    }
    const Node::Method* found = node->method(method);
    if (!found && method == "HEAD") {
        found = node->method("GET");
    }
    if (!found) {
        for (const Node::Method& each : node->methods) {
            match.allow += (match.allow.empty() ? "" : ", ") + each.name + (each.name == "GET" ? ", HEAD" : "");
        }
        return match;
    }
    match.route = found->route;
    match.index = found->index;
    for (std::size_t i = 0; i < values.size(); ++i) {
        match.parameters.emplace_back(found->names[i], values[i]);
    }
    return match;
}

}  // namespace stoa::host::plugin
