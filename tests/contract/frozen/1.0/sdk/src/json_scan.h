/// What JsonCpp lets through and RFC 8259 does not.
#pragma once

#include <string>
#include <string_view>

namespace stoa::detail {

constexpr int kMaxJsonDepth = 64;

/// Checks every token of the text, and the depth, but not the grammar between tokens. Empty when all is well, else what
/// is wrong and where.
std::string scanJson(std::string_view text);

/// Length of the UTF-8 sequence (RFC 3629) at the start of `text`: 1 to 4, or 0 when it is none.
std::size_t utf8Length(std::string_view text);

}  // namespace stoa::detail
