/// A directory, prepared for being asked: instances of a service, and who serves a path. Immutable.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "registry/registry.h"

namespace stoa::host::outbound {

class DirectoryIndex {
public:
    explicit DirectoryIndex(std::shared_ptr<const registry::Directory> directory);

    const registry::Directory* directory() const { return directory_.get(); }
    /// Addresses of the hosts that run it, each once.
    const std::vector<std::string>& instances(const std::string& service) const;
    std::vector<std::string> services() const;

    struct Found {
        bool found = false;
        bool path_known = false;  ///< with other methods, of those that anybody from outside may use
        std::string_view service, auth, route, allow;  ///< live as long as the index
    };
    /// Who serves it. Literal segments go before parameters, those before tails. Routes of `except` (the gateway that
    /// asks) don't count.
    Found find(std::string_view method, std::string_view path, std::string_view except = {}) const;

private:
    struct Entry {
        std::string method;
        std::string service;
        std::string auth;
    };
    /// All that is served under one template, by one service.
    struct Template {
        std::string route;
        std::string service;
        std::string allow;
        std::vector<Entry> entries;
    };
    struct Node {
        std::map<std::string, std::unique_ptr<Node>, std::less<>> literal;
        std::unique_ptr<Node> parameter;
        std::vector<Template> here;
        std::vector<Template> tail;  ///< "{rest*}"
    };
    void add(const std::string& service, const registry::Route& route);
    static bool choose(const std::vector<Template>& templates, std::string_view method, std::string_view except,
                       Found& found);
    static bool walk(const Node& node, std::string_view rest, std::string_view method, std::string_view except,
                     Found& found);

    std::shared_ptr<const registry::Directory> directory_;
    std::map<std::string, std::vector<std::string>> instances_;
    Node root_;
};

}  // namespace stoa::host::outbound
