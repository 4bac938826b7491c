#include "host/dispatch/admission.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include <stoa/json.h>

#include "host/http/text.h"

namespace stoa::host::dispatch {
namespace {

/// A problem whose `errors` say which field and why (RFC 9457, section 3.2: extension members).
http::Response invalid(std::string_view slug, std::string_view title,
                       const std::vector<validate::Violation>& violations) {
    std::string detail;
    if (!violations.empty()) {
        const validate::Violation& first = violations.front();
        detail = fmt::format("{} {}", first.pointer.empty() ? "It" : first.pointer, first.why);
    }
    http::Response response = http::problem(400, slug, title, detail);
    if (auto body = parseJson(response.body)) {
        for (const validate::Violation& violation : violations) {
            Json::Value error;
            error["field"] = violation.pointer;
            error["why"] = violation.why;
            (*body)["errors"].append(std::move(error));
        }
        response.body = writeJson(*body);
    }
    return response;
}

/// The text as the JSON value that its schema speaks of; text that is no such value stays text and fails the schema.
Json::Value typed(const std::string& type, const std::string& text) {
    if (type == "integer") {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc{} && end == text.data() + text.size()) {
            return Json::Value(static_cast<Json::Int64>(number));
        }
    } else if (type == "boolean" && (text == "true" || text == "false")) {
        return Json::Value(text == "true");
    }
    return Json::Value(text);
}

const std::string* find(const std::vector<std::pair<std::string, std::string>>& pairs, const std::string& name) {
    const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first == name; });
    return found == pairs.end() ? nullptr : &found->second;
}

/// "application/json" of "Application/JSON; charset=utf-8".
std::string mediaType(std::string_view value) {
    std::string type(value.substr(0, value.find(';')));
    while (!type.empty() && type.back() == ' ') {
        type.pop_back();
    }
    std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
    return type;
}

bool bringsBody(const http::Request& head) {
    const auto length = head.headers.find("Content-Length");
    return head.headers.find("Transfer-Encoding") || (length && *length != "0");
}

/// Who changes a resource says which version he has seen (RFC 6585, 3).
http::Response preconditionRequired() {
    return http::problem(428, "precondition-required", "This request needs If-Match",
                         "Send the ETag of what you have read.");
}

}  // namespace

std::optional<http::Response> checkAccess(const validate::Route& route, const security::Identity& identity) {
    if (route.allows("public")) {
        return std::nullopt;
    }
    if (route.allows("service") && !identity.service.empty() &&
        (route.services.empty() ||
         std::find(route.services.begin(), route.services.end(), identity.service) != route.services.end())) {
        return std::nullopt;
    }
    const bool staff = identity.hasRole("staff") || identity.hasRole("admin");
    const bool role_fits = route.roles.empty() || std::any_of(route.roles.begin(), route.roles.end(),
                                                              [&](const auto& role) { return identity.hasRole(role); });
    if (identity.user && role_fits && (route.allows("user") || (route.allows("staff") && staff))) {
        return std::nullopt;
    }
    if (!identity.user && identity.service.empty()) {
        auto refusal =
            http::problem(401, "unauthenticated", "This needs a token", "Send Authorization: Bearer <token>.");
        refusal.headers.set("WWW-Authenticate", "Bearer");
        return refusal;
    }
    return http::problem(403, "forbidden", "This caller may not do that",
                         "The token is valid, but its roles or its service do not allow this route.");
}

std::optional<http::Response> checkContentType(const validate::Route& route, const http::Request& head) {
    if (!bringsBody(head)) {
        if (route.body_required) {
            return http::problem(400, "body-missing", "This request needs a body");
        }
        return std::nullopt;
    }
    if (route.content_types.empty()) {
        // Operations of OpenAPI say what they take; a route without any (a proxy) takes whatever comes.
        return route.streaming ? std::nullopt
                               : std::optional(http::problem(400, "body-not-allowed", "This request takes no body"));
    }
    const auto sent = head.headers.find("Content-Type");
    const std::string type = sent ? mediaType(*sent) : "";
    if (std::find(route.content_types.begin(), route.content_types.end(), type) == route.content_types.end()) {
        auto refusal = http::problem(415, "unsupported-media-type", "This content type is not taken here",
                                     fmt::format("Send {}.", fmt::join(route.content_types, " or ")));
        refusal.headers.set("Accept", fmt::format("{}", fmt::join(route.content_types, ", ")));
        return refusal;
    }
    return std::nullopt;
}

std::optional<std::vector<std::pair<std::string, std::string>>> parseQuery(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.empty()) {
            continue;
        }
        const std::size_t equals = pair.find('=');
        auto name = http::percentDecode(pair.substr(0, equals), true);
        auto value = http::percentDecode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
        if (!name || !value) {
            return std::nullopt;
        }
        pairs.emplace_back(std::move(*name), std::move(*value));
    }
    return pairs;
}

std::optional<http::Response> checkParameters(const validate::Route& route, const http::Request& head,
                                              const std::vector<std::pair<std::string, std::string>>& path,
                                              const std::vector<std::pair<std::string, std::string>>& query) {
    std::vector<validate::Violation> violations;
    for (const validate::Parameter& parameter : route.parameters) {
        std::string of_header;
        const std::string* text = nullptr;
        if (parameter.in == "header") {
            if (const auto value = head.headers.find(parameter.name)) {
                of_header = *value;
                text = &of_header;
            }
        } else {
            text = find(parameter.in == "path" ? path : query, parameter.name);
        }
        const std::string where = parameter.in + ":" + parameter.name;
        if (!text) {
            if (parameter.required && parameter.in == "header" &&
                http::equalsIgnoringCase(parameter.name, "If-Match")) {
                return preconditionRequired();
            }
            if (parameter.required) {
                violations.push_back({where, "is missing"});
            }
            continue;
        }
        for (const validate::Violation& each : parameter.schema.check(typed(parameter.type, *text))) {
            violations.push_back({where, each.why});
        }
    }
    if (violations.empty()) {
        return std::nullopt;
    }
    return invalid("invalid-parameter", "A parameter is missing or not valid", violations);
}

std::optional<http::Response> checkBody(const validate::Route& route, const http::Request& request) {
    if (!route.body || (request.body.empty() && !route.body_required)) {
        return std::nullopt;
    }
    const auto json = parseJson(request.body);
    if (!json) {
        return http::problem(400, "invalid-json", "The body is not valid JSON", json.error());
    }
    const auto violations = route.body->check(*json);
    if (violations.empty()) {
        return std::nullopt;
    }
    return invalid("invalid-body", "The body does not fit its schema", violations);
}

}  // namespace stoa::host::dispatch
