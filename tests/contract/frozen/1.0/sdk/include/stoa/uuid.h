/// UUIDs (RFC 9562).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stoa {

using UuidBytes = std::array<std::uint8_t, 16>;

/// Lower-case canonical text from 10 random bytes and a time in milliseconds: version 7.
std::string uuidV7(std::int64_t unix_milliseconds, const std::array<std::uint8_t, 10>& random);
/// Name-based, SHA-256 in version 8: the same scope and name give the same id. For ids that a retry must repeat.
std::string uuidFromName(std::string_view scope, std::string_view name);
/// Bytes of a canonical UUID of any version, upper or lower case; nothing else is accepted.
std::optional<UuidBytes> parseUuid(std::string_view text);
inline bool isUuid(std::string_view text) { return parseUuid(text).has_value(); }

}  // namespace stoa
