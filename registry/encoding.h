/// Registrations as JSON.
#pragma once

#include <string>
#include <string_view>

#include <json/value.h>

#include "registry/registry.h"

namespace stoa::registry {

/// Without the certificate, which travels beside it.
Json::Value toJson(const Registration& registration);
/// Throws std::runtime_error that names the field that is missing or wrong. Unknown members are passed over, so that
/// hosts of two versions understand each other.
Registration registrationFromJson(const Json::Value& value);

/// One JSON value without duplicate keys or trailing text, at most 32 deep. Throws std::runtime_error.
Json::Value readJson(std::string_view text);
std::string jsonText(const Json::Value& value);

}  // namespace stoa::registry
