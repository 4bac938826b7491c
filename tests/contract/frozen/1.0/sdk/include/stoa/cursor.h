/// Opaque cursors of lists: the sort keys of the last row of a page.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stoa {

std::string encodeCursor(const std::vector<std::string>& keys);
/// The keys, exactly `count` of them. Problem 400 "bad-cursor" for anything that encodeCursor did not make.
std::vector<std::string> decodeCursor(std::string_view cursor, std::size_t count);

}  // namespace stoa
