/// The target of a request out of a route's path template.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace stoa::host::probe {

/// Percent-encodes all but RFC 3986's unreserved characters.
std::string encoded(std::string_view text);
/// "/api/v1/orders/{orderId}" with its values; a tail "{rest*}" keeps its slashes.
std::string expanded(std::string_view path_template, const std::map<std::string, std::string>& values);
/// The values that make the path out of the template, undecoded; nothing when it is another path. Tails don't match.
std::optional<std::map<std::string, std::string>> valuesIn(std::string_view path_template, std::string_view path);

}  // namespace stoa::host::probe
