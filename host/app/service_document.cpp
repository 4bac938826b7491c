#include "host/app/service_document.h"

#include <algorithm>
#include <cctype>

namespace stoa::host::app {
namespace {

constexpr const char* kUser = "bearer";
constexpr const char* kService = "service";

void addSchemes(Json::Value& document) {
    Json::Value& schemes = document["components"]["securitySchemes"];
    schemes[kUser]["type"] = "http";
    schemes[kUser]["scheme"] = "bearer";
    schemes[kUser]["bearerFormat"] = "JWT";
    schemes[kUser]["description"] = "A user's access token.";
    schemes[kService]["type"] = "apiKey";
    schemes[kService]["in"] = "header";
    schemes[kService]["name"] = "Stoa-Service-Token";
    schemes[kService]["description"] = "Between services; hosts add it themselves. At the edge it counts for nothing.";
}

/// Any one of these will do; an empty list: nothing is needed.
Json::Value securityOf(const validate::Route& route) {
    Json::Value alternatives(Json::arrayValue);
    const auto add = [&](const char* scheme) {
        Json::Value alternative;
        alternative[scheme] = Json::Value(Json::arrayValue);
        alternatives.append(std::move(alternative));
    };
    if (route.allows("public")) {
        return alternatives;
    }
    if (route.allows("user") || route.allows("staff")) {
        add(kUser);
    }
    if (route.allows("service")) {
        add(kService);
    }
    return alternatives;
}

Json::Value idempotencyKey(bool required) {
    Json::Value parameter;
    parameter["name"] = "Idempotency-Key";
    parameter["in"] = "header";
    parameter["required"] = required;
    parameter["description"] = "A new one for each request, and the same when it is sent again.";
    parameter["schema"]["type"] = "string";
    parameter["schema"]["minLength"] = 1;
    parameter["schema"]["maxLength"] = 255;
    parameter["schema"]["pattern"] = "^[!-~]+$";
    return parameter;
}

void complete(Json::Value& operation, const validate::Route& route) {
    if (!operation.isMember("security")) {
        operation["security"] = securityOf(route);
    }
    if (route.idempotency != validate::Idempotency::kNone) {
        operation["parameters"].append(idempotencyKey(route.idempotency == validate::Idempotency::kRequired));
    }
}

}  // namespace

Json::Value serviceDocument(const validate::Manifest& manifest) {
    Json::Value document = manifest.openapi;
    if (!document.isObject() || !document["paths"].isObject()) {
        return document;
    }
    addSchemes(document);
    for (const validate::Route& route : manifest.routes) {
        std::string method = route.method;
        std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::tolower(c); });
        Json::Value& paths = document["paths"];
        if (paths.isMember(route.path) && paths[route.path].isMember(method)) {
            complete(paths[route.path][method], route);
        }
    }
    return document;
}

}  // namespace stoa::host::app
