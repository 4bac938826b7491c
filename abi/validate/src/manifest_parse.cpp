// The compiled manifest: JSON text → Manifest, with every check that needs nothing but the text.

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <re2/re2.h>

#include <stoa/base64.h>
#include <stoa/json.h>
#include <stoa/sha256.h>
#include <stoa/validate/manifest.h>

#include "fields.h"
#include "manifest_rules.h"
#include "schema_compiler.h"

namespace stoa::validate {
namespace {

constexpr std::int64_t kLargestBody = std::int64_t{1} << 32;

Schema compileAt(SchemaCompiler& compiler, const Json::Value& schema, const std::string& place) {
    auto compiled = compiler.compile(schema, {});
    if (!compiled) {
        throw ManifestError(place + compiled.error());
    }
    return *compiled;
}

void checkExample(const Schema& schema, const Json::Value& example, const std::string& place) {
    const auto found = schema.check(example);
    if (!found.empty()) {
        throw ManifestError(fmt::format("{}: the example does not fit its schema: {} {}", place,
                                        found[0].pointer.empty() ? "it" : found[0].pointer, found[0].why));
    }
}

Parameter readParameter(const Json::Value& json, const std::string& place, SchemaCompiler& compiler) {
    Fields fields(json, place);
    Parameter parameter;
    parameter.name = fields.text("name");
    parameter.in = fields.text("in");
    fields.require(parameter.in == "path" || parameter.in == "query" || parameter.in == "header", "in",
                   "must be path, query or header");
    parameter.required = fields.flag("required", false);
    fields.require(parameter.required || parameter.in != "path", "required", "must be true for a path parameter");
    parameter.type = fields.text("type");
    fields.require(parameter.type == "string" || parameter.type == "integer" || parameter.type == "boolean", "type",
                   "must be string, integer or boolean");
    parameter.schema_json = fields.value("schema");
    parameter.schema = compileAt(compiler, parameter.schema_json, place + ".schema ");
    if (fields.has("example")) {
        parameter.example = fields.value("example");
        checkExample(parameter.schema, parameter.example, place);
    }
    fields.done();
    return parameter;
}

void readBody(const Json::Value& json, const std::string& place, Route& route, SchemaCompiler& compiler) {
    Fields fields(json, place);
    route.content_types = fields.texts("contentTypes");
    fields.require(!route.content_types.empty(), "contentTypes", "must name at least one media type");
    route.body_required = fields.flag("required", false);
    const bool takes_json = std::count(route.content_types.begin(), route.content_types.end(), "application/json") > 0;
    fields.require(fields.has("schema") == takes_json, "schema", "must be given for application/json, and only then");
    fields.require(fields.has("example"), "example", "is missing; the self-test of an upgrade sends it");
    route.example = fields.value("example");
    if (takes_json) {
        fields.require(!route.streaming, "schema",
                       "the host can't check the JSON body of a streaming route; take another media type "
                       "(application/x-ndjson), or remove \"streaming\"");
        route.body = compileAt(compiler, fields.value("schema"), place + ".schema ");
        checkExample(*route.body, route.example, place);
    } else {
        fields.require(route.example.isString(), "example", "must be a string for a body that is not JSON");
    }
    fields.done();
}

void checkAuth(const Route& route, const Fields& fields) {
    fields.require(!route.auth.empty(), "auth", "must name who may call: public, user, staff or service");
    for (const std::string& mark : route.auth) {
        fields.require(mark == "public" || mark == "user" || mark == "staff" || mark == "service", "auth",
                       fmt::format("\"{}\" must be public, user, staff or service", mark));
    }
    fields.require(!route.allows("public") || route.auth.size() == 1, "auth",
                   "public already lets everybody in; remove the others");
    fields.require(route.services.empty() || route.allows("service"), "services",
                   "has no effect without \"service\" in auth");
    fields.require(route.roles.empty() || route.allows("user") || route.allows("staff"), "roles",
                   "has no effect without \"user\" or \"staff\" in auth");
}

Route readRoute(const Json::Value& json, std::string place, SchemaCompiler& compiler) {
    if (json.isObject() && json["operation"].isString()) {
        place += fmt::format(" ({})", json["operation"].asString());
    }
    Fields fields(json, place);
    Route route;
    route.operation = fields.text("operation");
    fields.require(isOperationName(route.operation), "operation", "must be letters and digits, such as getStock");
    route.method = fields.text("method");
    fields.require(isMethod(route.method), "method", "must be GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS or *");
    route.path = fields.text("path");
    route.auth = fields.texts("auth");
    route.roles = fields.texts("roles");
    route.services = fields.texts("services");
    checkAuth(route, fields);
    const std::string idempotency = fields.text("idempotency", "none");
    fields.require(idempotency == "none" || idempotency == "optional" || idempotency == "required", "idempotency",
                   "must be none, optional or required");
    route.idempotency = idempotency == "none"       ? Idempotency::kNone
                        : idempotency == "optional" ? Idempotency::kOptional
                                                    : Idempotency::kRequired;
    route.nonblocking = fields.flag("nonblocking", false);
    route.streaming = fields.flag("streaming", false);
    route.max_body = fields.integer("maxBody", 0, kLargestBody, 1 << 20);
    fields.require(route.idempotency == Idempotency::kNone || (route.method != "GET" && route.method != "HEAD"),
                   "idempotency", "a GET is idempotent already; remove it");
    fields.require(route.idempotency == Idempotency::kNone || (!route.nonblocking && !route.streaming), "idempotency",
                   "needs a worker and the whole body; remove \"nonblocking\" and \"streaming\"");
    const Json::Value& parameters = fields.list("parameters");
    for (Json::ArrayIndex i = 0; i < parameters.size(); ++i) {
        route.parameters.push_back(readParameter(parameters[i], fmt::format("{}.parameters[{}]", place, i), compiler));
    }
    if (fields.has("body")) {
        readBody(fields.value("body"), place + ".body", route, compiler);
    }
    if (const Json::Value& responses = fields.value("responses"); !responses.isNull()) {
        Fields statuses(responses, place + ".responses");
        for (const std::string& status : responses.getMemberNames()) {
            statuses.require(isHttpStatus(status), status.c_str(), "must be an HTTP status from 200 to 599");
            route.responses[std::stoi(status)] =
                compileAt(compiler, responses[status], fmt::format("{}.responses.{} ", place, status));
        }
    }
    fields.done();
    checkPath(route, fields);
    return route;
}

/// The first example of an event's schema, which must be there.
Json::Value exampleOf(const Json::Value& schema, const Fields& fields) {
    const bool given = schema.isObject() && schema["examples"].isArray() && !schema["examples"].empty();
    fields.require(given, "schema", "has no \"examples\"; its first one is sent by tests and by the self-test");
    return schema["examples"][0];
}

Publication readPublication(const Json::Value& json, const std::string& place) {
    Fields fields(json, place);
    Publication publication;
    publication.topic = fields.text("topic");
    fields.require(isTopic(publication.topic), "topic", "must be lower-case words with dots, such as order.created");
    publication.partitions = static_cast<int>(fields.integer("partitions", 1, 256, 8));
    publication.schema_json = fields.value("schema");
    SchemaCompiler compiler(publication.schema_json);
    publication.schema = compileAt(compiler, publication.schema_json, fmt::format("{}.schema ", place));
    publication.example = exampleOf(publication.schema_json, fields);
    checkPublishedSchema(publication.schema_json, fields);
    fields.done();
    return publication;
}

Subscription readSubscription(const Json::Value& json, const std::string& place) {
    Fields fields(json, place);
    Subscription subscription;
    subscription.topic = fields.text("topic");
    fields.require(isTopic(subscription.topic), "topic", "must be lower-case words with dots, such as order.created");
    const std::string on_poison = fields.text("onPoison", "skip");
    fields.require(on_poison == "skip" || on_poison == "hold", "onPoison", "must be skip or hold");
    subscription.hold_on_poison = on_poison == "hold";
    subscription.schema_json = fields.value("schema");
    SchemaCompiler compiler(subscription.schema_json);
    subscription.schema = compileAt(compiler, subscription.schema_json, fmt::format("{}.schema ", place));
    subscription.example = exampleOf(subscription.schema_json, fields);
    fields.require(subscription.schema_json["additionalProperties"].isNull(), "schema",
                   "a subscriber must live with members that the publisher adds later; remove additionalProperties");
    fields.done();
    return subscription;
}

std::vector<MigrationFile> readMigrations(const Json::Value& list) {
    std::vector<MigrationFile> files;
    for (Json::ArrayIndex i = 0; i < list.size(); ++i) {
        Fields fields(list[i], fmt::format("migrations[{}]", i));
        MigrationFile file;
        file.version = fields.integer("version", 1, 9999);
        file.name = fields.text("name");
        file.sql = fields.text("sql");
        file.sha256 = fields.text("sha256");
        fields.require(file.version == static_cast<std::int64_t>(i) + 1, "version",
                       fmt::format("must be {}: migrations are numbered from 1 without gaps", i + 1));
        fields.require(file.sha256 == hex(sha256(file.sql)), "sha256", "is not the digest of the SQL; compile again");
        fields.done();
        files.push_back(std::move(file));
    }
    return files;
}

void readEvents(Fields& fields, Manifest& manifest) {
    const Json::Value& publishes = fields.list("publishes");
    for (Json::ArrayIndex i = 0; i < publishes.size(); ++i) {
        manifest.publishes.push_back(readPublication(publishes[i], fmt::format("publishes[{}]", i)));
    }
    const Json::Value& subscribes = fields.list("subscribes");
    for (Json::ArrayIndex i = 0; i < subscribes.size(); ++i) {
        manifest.subscribes.push_back(readSubscription(subscribes[i], fmt::format("subscribes[{}]", i)));
    }
    const Json::Value& timers = fields.list("timers");
    for (Json::ArrayIndex i = 0; i < timers.size(); ++i) {
        Fields timer(timers[i], fmt::format("timers[{}]", i));
        const std::string name = timer.text("name");
        timer.require(isName(name), "name", "must be lower-case letters, digits and hyphens");
        manifest.timers.push_back({name, timer.flag("transactional", true)});
        timer.done();
    }
}

Manifest read(const Json::Value& json) {
    Fields fields(json, "");
    Manifest manifest;
    fields.integer("format", 1, 1);
    manifest.name = fields.text("name");
    fields.require(isServiceName(manifest.name), "name",
                   "must be lower-case letters, digits and underscores, at most 40, such as order");
    manifest.version = fields.text("version");
    fields.require(isVersion(manifest.version), "version", "must be a semantic version such as 1.4.0");
    manifest.description = fields.text("description", "");
    Fields abi(fields.value("abi"), "abi");
    manifest.abi_major = static_cast<std::uint32_t>(abi.integer("major", 1, 1000));
    manifest.abi_minor = static_cast<std::uint32_t>(abi.integer("minor", 0, 1000));
    abi.done();
    manifest.capabilities = fields.texts("capabilities");
    manifest.listener = fields.text("listener", "internal");
    fields.require(manifest.listener == "internal" || manifest.listener == "edge", "listener",
                   "must be internal or edge");
    manifest.resources = fields.texts("resources");
    manifest.openapi = fields.value("openapi");
    SchemaCompiler compiler(manifest.openapi);
    const Json::Value& routes = fields.list("routes");
    for (Json::ArrayIndex i = 0; i < routes.size(); ++i) {
        manifest.routes.push_back(readRoute(routes[i], fmt::format("routes[{}]", i), compiler));
    }
    readEvents(fields, manifest);
    manifest.migrations = readMigrations(fields.list("migrations"));
    manifest.settings_schema = fields.value("config");
    if (!manifest.settings_schema.isNull()) {
        SchemaCompiler settings(manifest.settings_schema);
        manifest.settings = compileAt(settings, manifest.settings_schema, "config ");
    }
    manifest.signing_keys = fields.flag("signingKeys", false);
    fields.done();
    checkWhole(manifest);
    return manifest;
}

}  // namespace

bool Route::allows(std::string_view who) const { return std::find(auth.begin(), auth.end(), who) != auth.end(); }

bool Manifest::needs(std::string_view capability) const {
    return std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end();
}

tl::expected<Manifest, std::string> parseManifest(std::string_view json) {
    auto parsed = parseJson(json);
    if (!parsed) {
        return tl::unexpected("the manifest is not JSON: " + parsed.error());
    }
    try {
        Manifest manifest = read(*parsed);
        manifest.sha256 = hex(sha256(json));
        return manifest;
    } catch (const ManifestError& error) {
        return tl::unexpected(std::string(error.what()));
    }
}

}  // namespace stoa::validate
