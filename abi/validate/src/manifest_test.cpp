#include <cppunit/extensions/HelperMacros.h>

#include <functional>

#include <stoa/base64.h>
#include <stoa/json.h>
#include <stoa/sha256.h>
#include <stoa/validate/manifest.h>

namespace stoa::validate {
namespace {

/// A compiled manifest that uses everything.
Json::Value whole() {
    Json::Value json = *parseJson(R"({
      "format": 1, "name": "inventory", "version": "1.2.3-rc.1", "description": "Stock",
      "abi": {"major": 1, "minor": 0},
      "capabilities": ["stoa.http/1", "stoa.sql/1", "stoa.events/1", "stoa.timer/1", "stoa.config/1"],
      "listener": "internal", "resources": ["inventory"],
      "openapi": {"components": {"schemas": {"Id": {"type": "string", "format": "uuid"}}}},
      "routes": [
        {"operation": "getStock", "method": "GET", "path": "/api/v1/inventory/{productId}/stock", "auth": ["public"],
         "parameters": [{"name": "productId", "in": "path", "required": true, "type": "string",
                         "schema": {"$ref": "#/components/schemas/Id"},
                         "example": "0190b8f8-5b2c-7cc3-98c4-dc0c0c07398f"}],
         "responses": {"200": {"type": "object"}}},
        {"operation": "receive", "method": "POST", "path": "/api/v1/inventory/receive", "auth": ["staff", "service"],
         "services": ["order"], "roles": ["stock"], "idempotency": "required", "maxBody": 2048,
         "body": {"contentTypes": ["application/json"], "required": true, "example": {"n": 1},
                  "schema": {"type": "object", "properties": {"n": {"type": "integer"}}}}}],
      "publishes": [{"topic": "inventory.reserved", "partitions": 4, "schema": {
        "type": "object", "additionalProperties": false, "required": ["orderId"],
        "properties": {"orderId": {"type": "string", "maxLength": 40}, "aggregateVersion": {"type": "integer"},
                       "timestamp": {"type": "string", "format": "date-time"}},
        "examples": [{"orderId": "1", "aggregateVersion": 1, "timestamp": "2026-01-01T00:00:00Z"}]}}],
      "subscribes": [{"topic": "order.created", "onPoison": "hold", "schema": {
        "type": "object", "properties": {"orderId": {"type": "string", "maxLength": 40}},
        "examples": [{"orderId": "1"}]}}],
      "timers": [{"name": "hold-expiry"}, {"name": "report", "transactional": false}],
      "config": {"type": "object", "properties": {"threshold": {"type": "integer", "default": 5}}}
    })");
    Json::Value migration;
    migration["version"] = 1;
    migration["name"] = "first";
    migration["sql"] = "CREATE TABLE stock (id text)";
    migration["sha256"] = hex(sha256("CREATE TABLE stock (id text)"));
    json["migrations"].append(migration);
    return json;
}

using Change = std::function<void(Json::Value&)>;

Change set(const char* member, const Json::Value& value) {
    return [=](Json::Value& json) { json[member] = value; };
}

/// In the route that creates.
Change route(const char* member, const Json::Value& value) {
    return [=](Json::Value& json) { json["routes"][1][member] = value; };
}

/// In the schema of the published event.
Change publish(const char* member, const Json::Value& value) {
    return [=](Json::Value& json) { json["publishes"][0]["schema"][member] = value; };
}

/// Each change makes the manifest wrong, and the error contains what stands beside it.
void assertRefused(const std::vector<std::pair<Change, const char*>>& cases) {
    for (const auto& [change, expected] : cases) {
        Json::Value json = whole();
        change(json);
        const auto manifest = parseManifest(writeJson(json));
        CPPUNIT_ASSERT_MESSAGE(std::string("must be refused: ") + expected, !manifest.has_value());
        CPPUNIT_ASSERT_MESSAGE(std::string(expected) + " is not in: " + manifest.error(),
                               manifest.error().find(expected) != std::string::npos);
    }
}

}  // namespace

class ManifestTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ManifestTest);
    CPPUNIT_TEST(aWholeManifestIsRead);
    CPPUNIT_TEST(mistakesAtTheTopAreNamed);
    CPPUNIT_TEST(mistakesInARouteAreNamed);
    CPPUNIT_TEST(mistakesInParametersAndBodiesAreNamed);
    CPPUNIT_TEST(mistakesInEventsTimersAndMigrationsAreNamed);
    CPPUNIT_TEST(eachPartNeedsItsCapability);
    CPPUNIT_TEST(textThatIsNoManifestIsRefused);
    CPPUNIT_TEST(anEdgeListenerNeedsNoResources);
    CPPUNIT_TEST(everyPrefixOfAManifestIsRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void aWholeManifestIsRead() {
        const std::string text = writeJson(whole());
        const auto manifest = parseManifest(text);
        CPPUNIT_ASSERT_MESSAGE(manifest ? "" : manifest.error(), manifest.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("inventory"), manifest->name);
        CPPUNIT_ASSERT_EQUAL(std::string("1.2.3-rc.1"), manifest->version);
        CPPUNIT_ASSERT(manifest->needs("stoa.sql/1") && !manifest->needs("stoa.mail/1"));
        CPPUNIT_ASSERT_EQUAL(hex(sha256(text)), manifest->sha256);

        const Route& get = manifest->routes.at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("GET"), get.method);
        CPPUNIT_ASSERT(get.allows("public") && !get.allows("user") && !get.body && get.content_types.empty());
        CPPUNIT_ASSERT(get.responses.count(200) == 1);
        CPPUNIT_ASSERT(!get.parameters.at(0).schema.check(Json::Value("x")).empty());
        CPPUNIT_ASSERT(get.parameters.at(0).schema.check(get.parameters.at(0).example).empty());

        const Route& post = manifest->routes.at(1);
        CPPUNIT_ASSERT(post.idempotency == Idempotency::kRequired && post.max_body == 2048 && post.body_required);
        CPPUNIT_ASSERT(post.body && post.body->check(post.example).empty());
        CPPUNIT_ASSERT_EQUAL(std::string("order"), post.services.at(0));

        CPPUNIT_ASSERT_EQUAL(4, manifest->publishes.at(0).partitions);
        CPPUNIT_ASSERT(manifest->publishes.at(0).schema.check(manifest->publishes.at(0).example).empty());
        CPPUNIT_ASSERT(manifest->subscribes.at(0).hold_on_poison);
        CPPUNIT_ASSERT(manifest->timers.at(0).transactional && !manifest->timers.at(1).transactional);
        CPPUNIT_ASSERT_EQUAL(std::string("first"), manifest->migrations.at(0).name);
        CPPUNIT_ASSERT_EQUAL(5, manifest->settings->withDefaults(Json::objectValue)["threshold"].asInt());
    }

    void mistakesAtTheTopAreNamed() {
        assertRefused({
            {set("format", 2), "format"},
            {set("name", "Inventory"), "name: must be lower-case"},
            {set("name", 7), "name: must be a string"},
            {[](Json::Value& json) { json.removeMember("version"); }, "version: is missing"},
            {set("version", "1.2"), "version: must be a semantic version"},
            {set("version", "01.2.3"), "version: must be a semantic version"},
            {set("listner", "internal"), "did you mean \"listener\"?"},
            {set("listener", "outside"), "listener: must be internal or edge"},
            {set("abi", 1), "abi must be an object"},
            {set("routes", Json::objectValue), "routes: must be a list"},
            {set("signingKeys", 1), "signingKeys: must be true or false"},
            {[](Json::Value& json) { json["resources"].append("inventory"); }, "resources[1]"},
            {[](Json::Value& json) { json["resources"].append("stock"); }, "no route lies under /api/v1/stock"},
            {[](Json::Value& json) { json["capabilities"].append("sql"); }, "must look like stoa.sql/1"},
        });
    }

    void mistakesInARouteAreNamed() {
        assertRefused({
            {[](Json::Value& json) { json["routes"].append(json["routes"][0]); }, "routes[2]: operation \"getStock\""},
            {[](Json::Value& json) {
                 json["routes"][1] = json["routes"][0];
                 json["routes"][1]["operation"] = "again";
                 json["routes"][1]["path"] = "/api/v1/inventory/{id}/stock";
                 json["routes"][1]["parameters"][0]["name"] = "id";
             },
             "a route of the shape GET /api/v1/inventory/{id}/stock stands at routes[0]"},
            {route("operation", "re-ceive"), "routes[1] (re-ceive).operation"},
            {route("method", "post"), "method: must be GET"},
            {route("path", "inventory"), "path: must begin with a slash"},
            {route("path", "/api/v1/inventory/"), "must not end with one"},
            {route("path", "/api/v1/inventory//x"), "segment \"\""},
            {route("path", "/api/v1/inventory/../x"), "segment \"..\""},
            {route("path", "/api/v1/inventory/{id}"), "{id} of the path has no path parameter"},
            {route("path", "/api/v1/inventory/{rest*}/x"), "{name*} at the end"},
            {route("path", "/api/v1/stock/x"), "one of the manifest's resources"},
            {route("path", "/stock"), "one of the manifest's resources"},
            {route("auth", Json::arrayValue), "auth: must name who may call"},
            {route("auth", *parseJson(R"(["admin"])")), "\"admin\" must be public, user, staff or service"},
            {route("auth", *parseJson(R"(["public","user"])")), "public already lets everybody in"},
            {route("auth", *parseJson(R"(["staff"])")), "services: has no effect"},
            {route("auth", *parseJson(R"(["service"])")), "roles: has no effect"},
            {route("idempotency", "always"), "idempotency: must be none"},
            {route("nonblocking", true), "idempotency: needs a worker"},
            {route("maxBody", -1), "maxBody: must be a whole number from 0"},
            {route("maxBody", 1.5), "maxBody: must be a whole number"},
            {route("color", "red"), "routes[1] (receive).color: is not known here"},
        });
    }

    void mistakesInParametersAndBodiesAreNamed() {
        assertRefused({
            {[](Json::Value& json) { json["routes"][0]["idempotency"] = "required"; }, "a GET is idempotent already"},
            {[](Json::Value& json) { json["routes"][0]["parameters"][0]["in"] = "cookie"; }, "parameters[0].in"},
            {[](Json::Value& json) { json["routes"][0]["parameters"][0]["required"] = false; },
             "must be true for a path"},
            {[](Json::Value& json) { json["routes"][0]["parameters"][0]["example"] = "x"; }, "example does not fit"},
            {[](Json::Value& json) { json["routes"][0]["parameters"][0]["name"] = "id"; }, "has no {id}"},
            {[](Json::Value& json) { json["routes"][0]["responses"]["100"]["type"] = "object"; }, "responses.100"},
            {[](Json::Value& json) { json["routes"][1]["body"]["example"]["n"] = "x"; }, "/n must be an integer"},
            {[](Json::Value& json) { json["routes"][1]["body"].removeMember("example"); }, "body.example: is missing"},
            {[](Json::Value& json) { json["routes"][1]["body"].removeMember("schema"); }, "body.schema: must be given"},
            {[](Json::Value& json) { json["routes"][1]["body"]["schema"]["not"]["type"] = "null"; }, "keyword \"not\""},
            {[](Json::Value& json) {
                 json["routes"][1]["streaming"] = true;
                 json["routes"][1].removeMember("idempotency");
             },
             "can't check the JSON body of a streaming route"},
        });
    }

    void mistakesInEventsTimersAndMigrationsAreNamed() {
        assertRefused({
            {[](Json::Value& json) { json["publishes"][0]["topic"] = "Reserved"; }, "publishes[0].topic"},
            {[](Json::Value& json) { json["publishes"][0]["partitions"] = 0; }, "publishes[0].partitions"},
            {[](Json::Value& json) { json["publishes"].append(json["publishes"][0]); }, "publishes[1]: topic"},
            {publish("examples", Json::nullValue), "examples must be a list"},
            {publish("examples", Json::arrayValue), "has no \"examples\""},
            {publish("examples", *parseJson(R"([{"orderId": 1}])")), "/examples/0: does not fit"},
            {publish("additionalProperties", *parseJson(R"({"type":"integer"})")), "add additionalProperties: false"},
            {publish("properties", *parseJson(R"({"orderId":{"type":"string","maxLength":40}})")), "fit"},
            {[](Json::Value& json) {
                 Json::Value& schema = json["publishes"][0]["schema"];
                 schema["properties"].removeMember("timestamp");
                 schema["examples"][0].removeMember("timestamp");
             },
             "has no property \"timestamp\""},
            {[](Json::Value& json) { json["subscribes"][0]["onPoison"] = "stop"; }, "subscribes[0].onPoison"},
            {[](Json::Value& json) { json["subscribes"][0]["schema"]["additionalProperties"] = false; },
             "members that the publisher adds later"},
            {[](Json::Value& json) { json["timers"][1]["name"] = "hold-expiry"; }, "timers[1]: timer"},
            {[](Json::Value& json) { json["migrations"][0]["version"] = 2; }, "must be 1"},
            {[](Json::Value& json) { json["migrations"][0]["sql"] = "DROP TABLE x"; }, "is not the digest"},
            {[](Json::Value& json) { json["config"]["properties"]["threshold"]["default"] = "x"; },
             "config /properties"},
        });
    }

    void eachPartNeedsItsCapability() {
        const Json::Value all = whole()["capabilities"];
        for (Json::ArrayIndex left_out = 0; left_out < all.size(); ++left_out) {
            Json::Value json = whole();
            Json::Value removed;
            json["capabilities"].removeIndex(left_out, &removed);
            const auto manifest = parseManifest(writeJson(json));
            CPPUNIT_ASSERT(!manifest.has_value());
            CPPUNIT_ASSERT(manifest.error().find("\"" + removed.asString() + "\" is missing") != std::string::npos);
        }
        Json::Value json = whole();
        json["signingKeys"] = true;
        CPPUNIT_ASSERT(parseManifest(writeJson(json)).error().find("stoa.crypto/1") != std::string::npos);
    }

    void textThatIsNoManifestIsRefused() {
        for (const char* text :
             {"", "null", "[]", "7", "\"x\"", "{", "{}", "{\"format\":1,\"format\":1}", "\xff\xfe"}) {
            CPPUNIT_ASSERT_MESSAGE(text, !parseManifest(text).has_value());
        }
        CPPUNIT_ASSERT(!parseManifest(std::string(100'000, '[')).has_value());
    }

    void anEdgeListenerNeedsNoResources() {
        const auto manifest = parseManifest(R"({"format":1,"name":"gateway","version":"1.0.0","listener":"edge",
            "abi":{"major":1,"minor":0},"capabilities":["stoa.http/1"],"routes":[
            {"operation":"proxy","method":"*","path":"/api/v1/{rest*}","auth":["public"],"nonblocking":true,
             "streaming":true},
            {"operation":"health","method":"GET","path":"/health","auth":["public"]}]})");
        CPPUNIT_ASSERT_MESSAGE(manifest ? "" : manifest.error(), manifest.has_value());
        CPPUNIT_ASSERT(manifest->routes.at(0).nonblocking && manifest->routes.at(0).streaming);
    }

    void everyPrefixOfAManifestIsRefused() {
        const std::string text = writeJson(whole());
        for (std::size_t size = 0; size < text.size(); size += 7) {
            CPPUNIT_ASSERT(!parseManifest(std::string_view(text).substr(0, size)).has_value());
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ManifestTest);

}  // namespace stoa::validate
