/// What a plugin says of itself: the compiled manifest in the ELF section ".stoa.manifest", readable without running
/// it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <json/value.h>
#include <tl/expected.hpp>

#include <stoa/validate/schema.h>

namespace stoa::validate {

enum class Idempotency { kNone, kOptional, kRequired };

/// A path, query or header parameter of a route.
struct Parameter {
    std::string name;
    std::string in;  ///< "path", "query" or "header"
    bool required = false;
    std::string type;  ///< "string", "integer" or "boolean": how the text becomes a value before the schema looks at it
    Schema schema;
    Json::Value schema_json;
    Json::Value example;  ///< or null
};

struct Route {
    std::string operation;              ///< OpenAPI's operationId
    std::string method;                 ///< "GET"; "*" for all (gateway)
    std::string path;                   ///< "/api/v1/orders/{orderId}"; a last segment "{rest*}" takes the whole tail
    std::vector<std::string> auth;      ///< any of "public", "user", "staff", "service"
    std::vector<std::string> roles;     ///< when not empty: the user needs one of them
    std::vector<std::string> services;  ///< with "service": which may call; empty: every one
    Idempotency idempotency = Idempotency::kNone;
    bool nonblocking = false;
    bool streaming = false;
    std::int64_t max_body = 1 << 20;
    std::vector<Parameter> parameters;
    std::vector<std::string> content_types;  ///< of the request body; empty: no body is taken
    bool body_required = false;
    std::optional<Schema> body;       ///< for application/json
    Json::Value example;              ///< of the request body; a string unless content_types has application/json
    std::map<int, Schema> responses;  ///< by status, those with a JSON schema

    bool allows(std::string_view who) const;
};

struct Publication {
    std::string topic;
    int partitions = 8;
    Schema schema;
    Json::Value schema_json;
    Json::Value example;
};

struct Subscription {
    std::string topic;
    Schema schema;
    Json::Value schema_json;
    Json::Value example;
    bool hold_on_poison = false;  ///< "hold": a key stays blocked after its first event went to the DLQ
};

struct TimerSpec {
    std::string name;
    bool transactional = true;
};

struct MigrationFile {
    std::int64_t version;
    std::string name;
    std::string sql;
    std::string sha256;
};

struct Manifest {
    std::string name;
    std::string version;  ///< semantic version
    std::string description;
    std::uint32_t abi_major = 1;
    std::uint32_t abi_minor = 0;
    std::vector<std::string> capabilities;
    std::string listener = "internal";   ///< or "edge"
    std::vector<std::string> resources;  ///< first path segments after /api/v1/ that it claims
    std::vector<Route> routes;
    std::vector<Publication> publishes;
    std::vector<Subscription> subscribes;
    std::vector<TimerSpec> timers;
    std::vector<MigrationFile> migrations;
    std::optional<Schema> settings;  ///< of `plugins.<name>.settings`
    Json::Value settings_schema;
    Json::Value openapi;  ///< whole document, or null
    bool signing_keys = false;
    std::string sha256;  ///< of the compiled manifest's text

    bool needs(std::string_view capability) const;
};

/// From the compiled JSON text. The error names the field, what it is and what was expected.
tl::expected<Manifest, std::string> parseManifest(std::string_view json);

/// From a plugin file: checks that it is an ELF shared object for this machine, and reads the section. Runs nothing.
tl::expected<Manifest, std::string> readManifest(const std::string& file);

}  // namespace stoa::validate
