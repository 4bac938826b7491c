#include "manifest_rules.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <re2/re2.h>

namespace stoa::validate {
namespace {

bool matches(std::string_view text, const char* pattern) {
    return text.size() <= 200 && re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

std::vector<std::string> segments(std::string_view path) {
    std::vector<std::string> parts;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t slash = path.find('/');
        parts.emplace_back(path.substr(0, slash));
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash);
    }
    return parts;
}

bool isParameter(std::string_view segment) { return !segment.empty() && segment.front() == '{'; }
bool isTail(std::string_view segment) { return segment.size() > 3 && segment.substr(segment.size() - 2) == "*}"; }

void checkUnique(std::map<std::string, std::size_t>& seen, const std::string& key, std::size_t index, const char* list,
                 const std::string& what) {
    const auto [first, fresh] = seen.emplace(key, index);
    if (!fresh) {
        throw ManifestError(
            fmt::format("{}[{}]: {} stands at {}[{}] already; remove one", list, index, what, list, first->second));
    }
}

void checkRoutes(const Manifest& manifest) {
    std::map<std::string, std::size_t> operations;
    std::map<std::string, std::size_t> shapes;
    for (std::size_t i = 0; i < manifest.routes.size(); ++i) {
        const Route& route = manifest.routes[i];
        checkUnique(operations, route.operation, i, "routes", fmt::format("operation \"{}\"", route.operation));
        checkUnique(shapes, route.method + " " + routeShape(route), i, "routes",
                    fmt::format("a route of the shape {} {}", route.method, route.path));
    }
}

void checkResources(const Manifest& manifest) {
    std::map<std::string, std::size_t> seen;
    std::map<std::string, bool> used;
    for (std::size_t i = 0; i < manifest.resources.size(); ++i) {
        const std::string& resource = manifest.resources[i];
        checkUnique(seen, resource, i, "resources", fmt::format("\"{}\"", resource));
        if (!matches(resource, "[a-z0-9][a-z0-9_-]*")) {
            throw ManifestError(
                fmt::format("resources[{}]: \"{}\" must be lower-case letters, digits, - and _", i, resource));
        }
        used[resource] = false;
    }
    if (manifest.listener == "edge") {
        return;
    }
    for (const Route& route : manifest.routes) {
        const auto parts = segments(route.path);
        const auto claimed =
            parts.size() >= 3 && parts[0] == "api" && parts[1] == "v1" ? used.find(parts[2]) : used.end();
        if (claimed == used.end()) {
            throw ManifestError(
                fmt::format("the path {} of {} must begin with /api/v1/ and one of the manifest's "
                            "resources; add its segment to \"resources\"",
                            route.path, route.operation));
        }
        claimed->second = true;
    }
    for (const auto& [resource, is_used] : used) {
        if (!is_used) {
            throw ManifestError(fmt::format(
                "resources: \"{}\" is claimed, but no route lies under /api/v1/{}; remove it", resource, resource));
        }
    }
}

void checkTopics(const Manifest& manifest) {
    std::map<std::string, std::size_t> published;
    std::map<std::string, std::size_t> subscribed;
    std::map<std::string, std::size_t> timers;
    for (std::size_t i = 0; i < manifest.publishes.size(); ++i) {
        const std::string& topic = manifest.publishes[i].topic;
        checkUnique(published, topic, i, "publishes", fmt::format("topic \"{}\"", topic));
    }
    for (std::size_t i = 0; i < manifest.subscribes.size(); ++i) {
        const std::string& topic = manifest.subscribes[i].topic;
        checkUnique(subscribed, topic, i, "subscribes", fmt::format("topic \"{}\"", topic));
    }
    for (std::size_t i = 0; i < manifest.timers.size(); ++i) {
        checkUnique(timers, manifest.timers[i].name, i, "timers", fmt::format("timer \"{}\"", manifest.timers[i].name));
    }
}

void checkCapabilities(const Manifest& manifest) {
    std::map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < manifest.capabilities.size(); ++i) {
        const std::string& id = manifest.capabilities[i];
        if (!isCapability(id)) {
            throw ManifestError(fmt::format("capabilities[{}]: \"{}\" must look like stoa.sql/1", i, id));
        }
        checkUnique(seen, id, i, "capabilities", fmt::format("\"{}\"", id));
    }
    const bool transactional = std::any_of(manifest.timers.begin(), manifest.timers.end(),
                                           [](const TimerSpec& timer) { return timer.transactional; });
    const struct {
        bool needed;
        const char* id;
        const char* by;
    } needs[] = {
        {!manifest.routes.empty(), "stoa.http/1", "routes"},
        {!manifest.publishes.empty(), "stoa.events/1", "publishes"},
        {!manifest.subscribes.empty(), "stoa.events/1", "subscribes"},
        {!manifest.timers.empty(), "stoa.timer/1", "timers"},
        {!manifest.migrations.empty(), "stoa.sql/1", "migrations"},
        {transactional, "stoa.sql/1", "a transactional timer"},
        {manifest.settings.has_value(), "stoa.config/1", "config"},
        {manifest.signing_keys, "stoa.crypto/1", "signingKeys"},
    };
    for (const auto& need : needs) {
        if (need.needed && !manifest.needs(need.id)) {
            throw ManifestError(
                fmt::format("capabilities: \"{}\" is missing, but {} need it; add it", need.id, need.by));
        }
    }
}

}  // namespace

std::string routeShape(const Route& route) {
    std::string text;
    for (const std::string& segment : segments(route.path)) {
        text += '/';
        text += isTail(segment) ? "{*}" : isParameter(segment) ? "{}" : segment;
    }
    return text;
}

std::vector<std::string> pathParameters(const Route& route) {
    std::vector<std::string> names;
    for (const std::string& segment : segments(route.path)) {
        if (isParameter(segment)) {
            names.push_back(segment.substr(1, segment.size() - (isTail(segment) ? 3 : 2)));
        }
    }
    return names;
}

bool isServiceName(std::string_view text) { return text.size() <= 40 && matches(text, "[a-z][a-z0-9_]*"); }
bool isName(std::string_view text) { return matches(text, "[a-z][a-z0-9-]*"); }
bool isOperationName(std::string_view text) { return matches(text, "[A-Za-z][A-Za-z0-9]*"); }
bool isTopic(std::string_view text) { return matches(text, "[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)+"); }
bool isCapability(std::string_view text) { return matches(text, "[a-z][a-z0-9]*\\.[a-z][a-z0-9_]*/[1-9][0-9]{0,3}"); }
bool isHttpStatus(std::string_view text) { return matches(text, "[2-5][0-9][0-9]"); }

bool isVersion(std::string_view text) {
    return matches(text,
                   "(0|[1-9][0-9]{0,8})\\.(0|[1-9][0-9]{0,8})\\.(0|[1-9][0-9]{0,8})"
                   "(-[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?(\\+[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?");
}

bool isMethod(std::string_view text) {
    static constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "*"};
    return std::find(std::begin(kMethods), std::end(kMethods), text) != std::end(kMethods);
}

void checkPath(const Route& route, const Fields& fields) {
    fields.require(
        route.path.size() > 1 && route.path.size() <= 200 && route.path.front() == '/' && route.path.back() != '/',
        "path", "must begin with a slash and must not end with one");
    std::map<std::string, bool> names;
    const auto parts = segments(route.path);
    for (const std::string& part : parts) {
        const bool last = &part == &parts.back();
        if (!isParameter(part)) {
            fields.require(matches(part, "[A-Za-z0-9._~-]+") && part != "." && part != "..", "path",
                           fmt::format("the segment \"{}\" must be letters, digits, '-', '_', '.' or '~', or one "
                                       "{{parameter}}",
                                       part));
            continue;
        }
        fields.require(matches(part, "\\{[A-Za-z][A-Za-z0-9]*\\*?\\}") && (last || !isTail(part)), "path",
                       fmt::format("the segment \"{}\" must be {{name}}, or {{name*}} at the end", part));
        const std::string name = part.substr(1, part.size() - (isTail(part) ? 3 : 2));
        fields.require(names.emplace(name, isTail(part)).second, "path",
                       fmt::format("the name \"{}\" stands there twice", name));
    }
    for (const Parameter& parameter : route.parameters) {
        if (parameter.in == "path") {
            fields.require(names.erase(parameter.name) == 1, "parameters",
                           fmt::format("the path {} has no {{{}}}", route.path, parameter.name));
        }
    }
    for (const auto& [name, tail] : names) {
        fields.require(tail, "parameters", fmt::format("{{{}}} of the path has no path parameter; declare it", name));
    }
}

void checkPublishedSchema(const Json::Value& schema, const Fields& fields) {
    const Json::Value& properties = schema["properties"];
    fields.require(schema["type"] == "object" && properties.isObject(), "schema",
                   "must be of type object with properties");
    fields.require(schema["additionalProperties"].isBool() && !schema["additionalProperties"].asBool(), "schema",
                   "a publisher says exactly what it sends; add additionalProperties: false");
    for (const char* name : {"aggregateVersion", "timestamp"}) {
        fields.require(
            properties.isMember(name), "schema",
            fmt::format("has no property \"{}\", which every event carries (the SDK adds it); declare it", name));
    }
}

void checkWhole(const Manifest& manifest) {
    checkRoutes(manifest);
    checkResources(manifest);
    checkTopics(manifest);
    checkCapabilities(manifest);
}

}  // namespace stoa::validate
