/// base64url without padding (RFC 4648, section 5) and hexadecimal.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stoa {

std::string base64Url(std::string_view bytes);
/// Strict: no padding, no white space, no bits left over.
std::optional<std::string> fromBase64Url(std::string_view text);
/// Lower-case hexadecimal.
std::string hex(std::span<const std::uint8_t> bytes);

}  // namespace stoa
