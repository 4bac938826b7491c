#include "host/probe/child/sample.h"

#include <string_view>
#include <vector>

namespace stoa::host::probe {
namespace {

constexpr const char* kUuid = "0190a0b0-0000-7000-8000-000000000001";

std::string textOf(const Json::Value& value) { return value.asString(); }

/// The schema itself, behind its references. The compiler of schemas has refused endless ones.
const Json::Value& resolved(const Json::Value& schema, const Json::Value& document) {
    const Json::Value* at = &schema;
    while (at->isObject() && at->isMember("$ref")) {
        const Json::Value* target = &document;
        const std::string reference = (*at)["$ref"].asString();
        for (std::size_t begin = 2; begin <= reference.size();) {
            const auto end = std::min(reference.find('/', begin), reference.size());
            target = &(*target)[reference.substr(begin, end - begin)];
            begin = end + 1;
        }
        at = target;
    }
    return *at;
}

/// In the order of likelihood; the compiled schema decides.
std::vector<Json::Value> candidates(const Json::Value& schema) {
    std::vector<Json::Value> all;
    for (const char* given : {"const", "default", "example"}) {
        if (schema.isMember(given)) {
            all.push_back(schema[given]);
        }
    }
    for (const char* given : {"examples", "enum"}) {
        for (const Json::Value& value : schema[given]) {
            all.push_back(value);
        }
    }
    if (schema["type"] == "integer") {
        const auto above = [&](const char* bound, Json::Int64 by) {
            if (schema[bound].isInt64()) {
                all.emplace_back(schema[bound].asInt64() + by);
            }
        };
        above("minimum", 0);
        above("exclusiveMinimum", 1);
        above("maximum", 0);
        above("exclusiveMaximum", -1);
        above("multipleOf", 0);
        all.emplace_back(1);
    } else if (schema["type"] == "boolean") {
        all.emplace_back(true);
    } else {
        for (const char* text : {kUuid, "probe", "a", "A", "1", "EUR", "DE", "10115", "2026-01-05",
                                 "2026-01-05T09:00:00Z", "probe@example.org", "urn:stoa:probe"}) {
            all.emplace_back(text);
        }
        all.emplace_back(std::string(schema["minLength"].isUInt64() ? schema["minLength"].asUInt64() : 1, 'a'));
    }
    return all;
}

}  // namespace

std::optional<std::string> sampleOf(const validate::Parameter& parameter, const Json::Value& document) {
    if (!parameter.example.isNull()) {
        return textOf(parameter.example);
    }
    for (const Json::Value& candidate : candidates(resolved(parameter.schema_json, document))) {
        if (parameter.schema.check(candidate).empty()) {
            return textOf(candidate);
        }
    }
    return std::nullopt;
}

}  // namespace stoa::host::probe
