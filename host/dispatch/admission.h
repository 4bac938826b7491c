/// What is checked of a request before its body is read, and of the body before plugin code runs.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <stoa/validate/manifest.h>

#include "host/http/message.h"
#include "host/security/authenticator.h"

namespace stoa::host::dispatch {

/// Nothing when the identity may use the route; else 401 or 403.
std::optional<http::Response> checkAccess(const validate::Route& route, const security::Identity& identity);

/// Content-Type and presence of a body against the route: 415 or 400.
std::optional<http::Response> checkContentType(const validate::Route& route, const http::Request& head);

/// Decoded pairs of a query string; nothing for a bad escape.
std::optional<std::vector<std::pair<std::string, std::string>>> parseQuery(std::string_view query);

/// Path, query and header parameters against their schemas: 400 naming each.
std::optional<http::Response> checkParameters(const validate::Route& route, const http::Request& head,
                                              const std::vector<std::pair<std::string, std::string>>& path,
                                              const std::vector<std::pair<std::string, std::string>>& query);

/// A JSON body against the route's schema: 400 naming each field and why.
std::optional<http::Response> checkBody(const validate::Route& route, const http::Request& request);

}  // namespace stoa::host::dispatch
