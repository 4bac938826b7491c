/// JSON by JsonCpp, read strictly: one value, no comments, no duplicate keys, no trailing junk, bounded depth, UTF-8.
#pragma once

#include <string>
#include <string_view>

#include <json/value.h>
#include <tl/expected.hpp>

namespace stoa {

/// Reads one JSON value (RFC 8259). The error says where and why. Integers beyond int64 and numbers that are not finite
/// are refused; so is nesting deeper than 64 and text that is not UTF-8.
tl::expected<Json::Value, std::string> parseJson(std::string_view text);

/// One line, no spaces, keys in alphabetical order (JsonCpp's), so equal values give equal text.
std::string writeJson(const Json::Value& value);

/// Whether the bytes are UTF-8 (RFC 3629) without NUL: what a database takes as text.
bool isText(std::string_view bytes);

/// The member as text, or `fallback` when it is absent or null. Never throws for a value that is an object.
std::string textOr(const Json::Value& object, const char* key, std::string_view fallback = {});

}  // namespace stoa
