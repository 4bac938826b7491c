/// Profiles and addresses as JSON, both ways.
#pragma once

#include <vector>

#include <json/value.h>

#include "domain.h"

namespace user {

Json::Value profileView(const User& user, const std::vector<Address>& addresses);
Json::Value addressView(const Address& address);
Json::Value preferencesView(const Preferences& preferences);

/// From a body that fits the schema. Problem 422 "unknown-country" for a code that ISO 3166 does not know.
Address addressFrom(const Json::Value& body, std::string id);

}  // namespace user
