/// Text as JSON strings, without building a Json::Value: for log lines and spans.
#pragma once

#include <string>
#include <string_view>

namespace stoa::host::observe {

/// Appends `text` as a quoted JSON string. Bytes that are not UTF-8 become the four characters \xNN, so that a line is
/// always valid JSON and the bytes can still be read.
void appendJsonString(std::string& out, std::string_view text);

/// Appends `text` for a terminal: control characters and bytes that are not UTF-8 as \xNN.
void appendPrintable(std::string& out, std::string_view text);

}  // namespace stoa::host::observe
