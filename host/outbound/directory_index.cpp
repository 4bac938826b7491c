#include "host/outbound/directory_index.h"

#include <algorithm>

namespace stoa::host::outbound {
namespace {

bool isTail(std::string_view segment) { return segment.starts_with('{') && segment.ends_with("*}"); }
bool isParameter(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

/// The first segment of "a/b/c" and the rest, "b/c".
std::pair<std::string_view, std::string_view> split(std::string_view path) {
    const auto slash = path.find('/');
    return slash == std::string_view::npos ? std::pair{path, std::string_view{}}
                                           : std::pair{path.substr(0, slash), path.substr(slash + 1)};
}

std::string_view withoutSlash(std::string_view path) { return path.starts_with('/') ? path.substr(1) : path; }

std::string joined(const std::vector<std::string>& marks) {
    std::string text;
    for (const auto& mark : marks) {
        text += (text.empty() ? "" : " ") + mark;
    }
    return text;
}

}  // namespace

DirectoryIndex::DirectoryIndex(std::shared_ptr<const registry::Directory> directory)
    : directory_(std::move(directory)) {
    for (const auto& host : directory_->hosts) {
        for (const auto& service : host.services) {
            auto& addresses = instances_[service.name];
            if (std::find(addresses.begin(), addresses.end(), host.address) == addresses.end()) {
                addresses.push_back(host.address);
            }
            for (const auto& route : service.routes) {
                add(service.name, route);
            }
        }
    }
}

const std::vector<std::string>& DirectoryIndex::instances(const std::string& service) const {
    static const std::vector<std::string> kNone;
    const auto found = instances_.find(service);
    return found == instances_.end() ? kNone : found->second;
}

std::vector<std::string> DirectoryIndex::services() const {
    std::vector<std::string> names;
    for (const auto& [name, addresses] : instances_) {
        names.push_back(name);
    }
    return names;
}

void DirectoryIndex::add(const std::string& service, const registry::Route& route) {
    Node* node = &root_;
    std::string_view rest = withoutSlash(route.path);
    std::vector<Template>* templates = nullptr;
    while (!templates) {
        if (rest.empty()) {
            templates = &node->here;
            break;
        }
        const auto [segment, more] = split(rest);
        rest = more;
        if (isTail(segment)) {
            templates = &node->tail;
            break;
        }
        auto& next = isParameter(segment) ? node->parameter : node->literal[std::string{segment}];
        if (!next) {
            next = std::make_unique<Node>();
        }
        node = next.get();
    }
    auto found = std::find_if(templates->begin(), templates->end(),
                              [&](const Template& known) { return known.service == service; });
    if (found == templates->end()) {
        templates->push_back({route.path, service, {}, {}});
        found = templates->end() - 1;
    }
    const bool known = std::any_of(found->entries.begin(), found->entries.end(),
                                   [&](const Entry& entry) { return entry.method == route.method; });
    if (known) {
        return;  // another host runs the same service
    }
    found->entries.push_back({route.method, service, joined(route.auth)});
    const bool only_services = route.auth == std::vector<std::string>{"service"};
    if (!only_services) {
        found->allow += (found->allow.empty() ? "" : ", ") + route.method;
    }
}

DirectoryIndex::Found DirectoryIndex::find(std::string_view method, std::string_view path,
                                           std::string_view except) const {
    Found found;
    walk(root_, withoutSlash(path), method, except, found);
    return found;
}

/// True when method and path are served. A path that is known with other methods only leaves its `allow` behind.
bool DirectoryIndex::walk(const Node& node, std::string_view rest, std::string_view method, std::string_view except,
                          Found& found) {
    if (rest.empty()) {
        return choose(node.here, method, except, found);
    }
    const auto [segment, more] = split(rest);
    const auto literal = node.literal.find(segment);
    if (literal != node.literal.end() && walk(*literal->second, more, method, except, found)) {
        return true;
    }
    if (node.parameter && walk(*node.parameter, more, method, except, found)) {
        return true;
    }
    return choose(node.tail, method, except, found);
}

bool DirectoryIndex::choose(const std::vector<Template>& templates, std::string_view method, std::string_view except,
                            Found& found) {
    for (const auto& candidate : templates) {
        if (candidate.service == except) {
            continue;
        }
        for (const auto& entry : candidate.entries) {
            if (entry.method == method || entry.method == "*" || (method == "HEAD" && entry.method == "GET")) {
                found = {true, true, candidate.service, entry.auth, candidate.route, candidate.allow};
                return true;
            }
        }
        if (!found.path_known && !candidate.allow.empty()) {
            found = {false, true, candidate.service, {}, candidate.route, candidate.allow};
        }
    }
    return false;
}

}  // namespace stoa::host::outbound
