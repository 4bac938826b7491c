/// The merged OpenAPI document as a page to read, without scripts.
#pragma once

#include <string>

#include <json/value.h>

namespace gateway {

std::string htmlPage(const Json::Value& document);

}  // namespace gateway
