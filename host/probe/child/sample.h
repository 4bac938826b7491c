/// Values for parameters whose OpenAPI description has no example.
#pragma once

#include <optional>
#include <string>

#include <stoa/validate/manifest.h>

namespace stoa::host::probe {

/// The example as text, else the smallest value that the schema accepts; nothing when none is found, which happens
/// with patterns. `document` is what `$ref` points into.
std::optional<std::string> sampleOf(const validate::Parameter& parameter, const Json::Value& document);

}  // namespace stoa::host::probe
