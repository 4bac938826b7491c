/// Text of a file, variable or flag as the value of a key.
#pragma once

#include <string>
#include <string_view>

#include <json/value.h>
#include <tl/expected.hpp>

#include "host/config/config.h"
#include "host/config/keys.h"

namespace stoa::host::config {

/// The value in the form that the type names (durations: milliseconds, sizes: bytes). The error says what was expected
/// ("expected a duration such as 250ms, 30s, 5m, 24h or 7d") and never repeats the text.
tl::expected<Json::Value, std::string> convert(const Key& key, std::string_view text);
/// For kDurations.
tl::expected<Json::Value, std::string> convertList(const Key& key, const std::vector<std::string>& items);

/// What to tell whoever wrote `text` there. It is not repeated where it might be a secret in the wrong place.
std::string refusal(const Path& path, const Key& key, const std::string& text, const std::string& why);

/// "host:port" or "[::1]:port"; the value has passed convert().
Address parseAddress(std::string_view text);

}  // namespace stoa::host::config
