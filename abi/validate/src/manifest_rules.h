/// What names may look like, and what must hold between the parts of a manifest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <stoa/validate/manifest.h>

#include "fields.h"

namespace stoa::validate {

bool isServiceName(std::string_view text);    ///< "order", "sandbox_psp"
bool isName(std::string_view text);           ///< "hold-expiry"
bool isOperationName(std::string_view text);  ///< "getStock"
bool isTopic(std::string_view text);          ///< "user.profile.updated"
bool isVersion(std::string_view text);        ///< SemVer 2.0
bool isCapability(std::string_view text);     ///< "stoa.sql/1"
bool isMethod(std::string_view text);         ///< or "*"
bool isHttpStatus(std::string_view text);

/// The path with all names of parameters alike: two routes of one shape can't be told apart.
std::string routeShape(const Route& route);
/// The names in the path, in their order.
std::vector<std::string> pathParameters(const Route& route);
/// The template of the path, and that its names and the path parameters are the same.
void checkPath(const Route& route, const Fields& fields);
/// A published event is closed, and has the members that the SDK adds.
void checkPublishedSchema(const Json::Value& schema, const Fields& fields);
/// Collisions, resources, capabilities that the parts need.
void checkWhole(const Manifest& manifest);

}  // namespace stoa::validate
