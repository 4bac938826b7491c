/// One OpenAPI document out of those of the services.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <json/value.h>

namespace gateway {

/// Marks of an operation ("user service"), as the fleet serves it now; empty when it does not.
using Marks = std::function<std::string(const std::string& method, const std::string& path)>;

/// Operations that only services may call, or that nobody serves, are left out, and so is every component that only
/// they need. Components and operation ids get the name of their service in front, so that none is taken for another's.
Json::Value mergeDocuments(const std::map<std::string, Json::Value>& documents, const std::string& version,
                           const Marks& marks);

}  // namespace gateway
