/// Paths and queries of requests.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stoa::fake {

/// Percent-decoded; nothing for a bad escape.
std::optional<std::string> decode(std::string_view text, bool plus_is_space);

/// Decoded parameters when the raw path fits "/a/{b}/{rest*}"; nothing when it does not.
std::optional<std::map<std::string, std::string>> matchPath(std::string_view path_template, std::string_view path);

/// Decoded pairs; nothing for a bad escape.
std::optional<std::vector<std::pair<std::string, std::string>>> parseQuery(std::string_view query);

}  // namespace stoa::fake
