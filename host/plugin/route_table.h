/// The routes of one generation: which one serves a method and path.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <stoa/validate/manifest.h>

namespace stoa::host::plugin {

/// Immutable; any thread. A literal segment wins over a parameter, a parameter over a tail ("{rest*}").
class RouteTable {
public:
    struct Match {
        const validate::Route* route = nullptr;  ///< nullptr: see `allow`
        std::uint32_t index = 0;                 ///< in the manifest
        std::vector<std::pair<std::string_view, std::string_view>>
            parameters;     ///< name, raw value; views into template and path
        std::string allow;  ///< methods of the path, when the path exists with others: for 405
    };

    /// `routes` must outlive the table.
    explicit RouteTable(const std::vector<validate::Route>& routes);
    ~RouteTable();

    /// HEAD finds the GET route.
    Match find(std::string_view method, std::string_view path) const;

private:
    struct Node;
    void add(const validate::Route& route, std::uint32_t index);
    static const Node* walk(const Node& node, std::string_view rest, std::vector<std::string_view>& values);

    std::unique_ptr<Node> root_;
};

}  // namespace stoa::host::plugin
