// What a next version may change of its contract: a table of changes and the rule that each one breaks.

#include <cppunit/extensions/HelperMacros.h>

#include <functional>

#include <stoa/json.h>
#include <stoa/validate/compatibility.h>

namespace stoa::validate {
namespace {

Json::Value base() {
    return *parseJson(R"({
      "format": 1, "name": "till", "version": "1.0.0", "abi": {"major": 1, "minor": 0},
      "capabilities": ["stoa.http/1", "stoa.events/1", "stoa.timer/1", "stoa.config/1", "stoa.sql/1"],
      "resources": ["tills"],
      "openapi": {"paths": {"/api/v1/tills/{id}": {"get": {"responses": {"200": {}, "404": {}}}}}},
      "routes": [
        {"operation": "getTill", "method": "GET", "path": "/api/v1/tills/{id}", "auth": ["user", "service"],
         "roles": ["clerk"], "services": ["order"],
         "parameters": [
           {"name": "id", "in": "path", "required": true, "type": "string", "schema": {"type": "string", "maxLength": 40}},
           {"name": "limit", "in": "query", "type": "integer", "schema": {"type": "integer", "maximum": 100}}],
         "responses": {"200": {"type": "object", "required": ["id"], "properties": {
           "id": {"type": "string", "maxLength": 40}, "state": {"type": "string", "enum": ["open", "closed"]},
           "lines": {"type": "array", "maxItems": 9, "items": {"type": "object", "required": ["n"], "properties": {
             "n": {"type": "integer", "minimum": 0}}}}}}}},
        {"operation": "openTill", "method": "POST", "path": "/api/v1/tills", "auth": ["staff"],
         "idempotency": "optional", "maxBody": 2048,
         "body": {"contentTypes": ["application/json", "text/csv"], "example": {"name": "a"},
                  "schema": {"type": "object", "required": ["name"], "properties": {
                    "name": {"type": "string", "maxLength": 40}, "kind": {"type": "string", "enum": ["a", "b"]}}}}}],
      "publishes": [{"topic": "till.opened", "partitions": 4, "schema": {
        "type": "object", "additionalProperties": false, "required": ["id"],
        "properties": {"id": {"type": "string", "maxLength": 40}, "aggregateVersion": {"type": "integer"},
                       "timestamp": {"type": "string", "format": "date-time"}},
        "examples": [{"id": "1"}]}}],
      "subscribes": [{"topic": "sale.made", "schema": {
        "type": "object", "properties": {"id": {"type": "string", "maxLength": 40}}, "examples": [{"id": "1"}]}}],
      "timers": [{"name": "night"}],
      "config": {"type": "object", "additionalProperties": false, "properties": {
        "limit": {"type": "integer", "default": 5}, "name": {"type": "string", "maxLength": 9}}}
    })");
}

Manifest manifestOf(const Json::Value& json) {
    const auto manifest = parseManifest(writeJson(json));
    CPPUNIT_ASSERT_MESSAGE(manifest ? "" : manifest.error(), manifest.has_value());
    return *manifest;
}

using Change = std::function<void(Json::Value&)>;

struct Case {
    const char* what;
    Change change;
    const char* finding;  ///< "rule" or "rule pointer"; empty: none
    Severity severity = Severity::kError;
};

void assertFindings(const std::vector<Case>& cases) {
    for (const Case& one : cases) {
        Json::Value json = base();
        one.change(json);
        const auto findings = checkCompatibility(manifestOf(base()), manifestOf(json));
        std::string found;
        for (const Finding& finding : findings) {
            found +=
                (found.empty() ? "" : ", ") + finding.rule + (finding.pointer.empty() ? "" : " " + finding.pointer);
            CPPUNIT_ASSERT(!finding.subject.empty() && !finding.reason.empty() && !finding.cure.empty());
            CPPUNIT_ASSERT_MESSAGE(one.what, finding.severity == one.severity);
        }
        CPPUNIT_ASSERT_EQUAL_MESSAGE(one.what, std::string(one.finding), found);
    }
}

Json::Value& get(Json::Value& json) { return json["routes"][0]; }
Json::Value& post(Json::Value& json) { return json["routes"][1]; }
Json::Value& request(Json::Value& json) { return post(json)["body"]["schema"]; }
Json::Value& answer(Json::Value& json) { return get(json)["responses"]["200"]; }
Json::Value& event(Json::Value& json) { return json["publishes"][0]["schema"]; }
Json::Value of(const char* text) { return *parseJson(text); }

}  // namespace

class CompatibilityTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CompatibilityTest);
    CPPUNIT_TEST(whatOnlyAddsIsCompatible);
    CPPUNIT_TEST(routesThatShutCallersOutAreFound);
    CPPUNIT_TEST(requestsThatAreNoLongerTakenAreFound);
    CPPUNIT_TEST(answersThatReadersCannotReadAreFound);
    CPPUNIT_TEST(eventsSubscriptionsAndTimersAreCompared);
    CPPUNIT_TEST(settingsThatNoLongerDoAreFound);
    CPPUNIT_TEST(aFindingNamesTheOperationAndThePlace);
    CPPUNIT_TEST_SUITE_END();

public:
    void whatOnlyAddsIsCompatible() {
        const auto none = [](Json::Value&) {};
        assertFindings({
            {"nothing", none, ""},
            {"optional member of a request",
             [](auto& j) { request(j)["properties"]["x"] = of(R"({"type":"boolean"})"); }, ""},
            {"required member made optional", [](auto& j) { request(j)["required"] = of("[]"); }, ""},
            {"longer text in a request", [](auto& j) { request(j)["properties"]["name"]["maxLength"] = 80; }, ""},
            {"more values in a request", [](auto& j) { request(j)["properties"]["kind"]["enum"].append("c"); }, ""},
            {"member of an answer", [](auto& j) { answer(j)["properties"]["x"] = of(R"({"type":"boolean"})"); }, ""},
            {"fewer values in an answer", [](auto& j) { answer(j)["properties"]["state"]["enum"] = of(R"(["open"])"); },
             ""},
            {"shorter text in an answer", [](auto& j) { answer(j)["properties"]["id"]["maxLength"] = 36; }, ""},
            {"member of an event", [](auto& j) { event(j)["properties"]["x"] = of(R"({"type":"boolean"})"); }, ""},
            {"anybody may call", [](auto& j) { post(j)["auth"] = of(R"(["public"])"); }, ""},
            {"users beside staff", [](auto& j) { post(j)["auth"] = of(R"(["user"])"); }, ""},
            {"all roles", [](auto& j) { get(j).removeMember("roles"); }, ""},
            {"another service", [](auto& j) { get(j)["services"].append("cart"); }, ""},
            {"another name of a path parameter",
             [](auto& j) {
                 get(j)["path"] = "/api/v1/tills/{tillId}";
                 get(j)["parameters"][0]["name"] = "tillId";
             },
             ""},
            {"another operation name", [](auto& j) { get(j)["operation"] = "readTill"; }, ""},
            {"an unused capability", [](auto& j) { j["capabilities"].append("stoa.mail/1"); }, ""},
            {"a setting with a default",
             [](auto& j) {
                 j["config"]["properties"]["x"] = of(R"({"type":"integer","default":1})");
                 j["config"]["required"] = of(R"(["x"])");
             },
             ""},
            {"a route",
             [](auto& j) {
                 Json::Value more = get(j);
                 more["operation"] = "more";
                 more["path"] = "/api/v1/tills/{id}/more";
                 j["routes"].append(more);
             },
             ""},
        });
    }

    void routesThatShutCallersOutAreFound() {
        assertFindings({
            {"route gone",
             [](auto& j) {
                 Json::Value gone;
                 j["routes"].removeIndex(1, &gone);
             },
             "route-removed"},
            {"other method", [](auto& j) { post(j)["method"] = "PUT"; }, "route-removed"},
            {"no users",
             [](auto& j) {
                 get(j).removeMember("roles");
                 get(j)["auth"] = of(R"(["service"])");
             },
             "auth-narrowed"},
            {"no services",
             [](auto& j) {
                 get(j).removeMember("services");
                 get(j)["auth"] = of(R"(["user"])");
             },
             "auth-narrowed"},
            {"role gone", [](auto& j) { get(j)["roles"] = of(R"(["boss"])"); }, "auth-narrowed"},
            {"role needed", [](auto& j) { post(j)["roles"] = of(R"(["boss"])"); }, "auth-narrowed"},
            {"service gone", [](auto& j) { get(j)["services"] = of(R"(["cart"])"); }, "auth-narrowed"},
            {"key required", [](auto& j) { post(j)["idempotency"] = "required"; }, "idempotency-required"},
            {"key ignored", [](auto& j) { post(j).removeMember("idempotency"); }, "idempotency-dropped"},
            {"listener", [](auto& j) { j["listener"] = "edge"; }, "listener"},
            {"another plugin", [](auto& j) { j["name"] = "desk"; }, "service"},
        });
    }

    void requestsThatAreNoLongerTakenAreFound() {
        assertFindings({
            {"new required member",
             [](auto& j) {
                 request(j)["properties"]["x"] = of(R"({"type":"boolean"})");
                 request(j)["required"].append("x");
                 post(j)["body"]["example"]["x"] = true;
             },
             "request-field /properties/x"},
            {"optional one required",
             [](auto& j) {
                 request(j)["required"].append("kind");
                 post(j)["body"]["example"]["kind"] = "a";
             },
             "request-field /properties/kind"},
            {"closed", [](auto& j) { request(j)["additionalProperties"] = false; },
             "request-member /additionalProperties"},
            {"shorter", [](auto& j) { request(j)["properties"]["name"]["maxLength"] = 9; },
             "request-length /properties/name"},
            {"pattern", [](auto& j) { request(j)["properties"]["name"]["pattern"] = "^a"; },
             "request-pattern /properties/name"},
            {"value gone", [](auto& j) { request(j)["properties"]["kind"]["enum"] = of(R"(["a"])"); },
             "request-enum /properties/kind"},
            {"type",
             [](auto& j) {
                 request(j)["properties"]["name"] = of(R"({"type":"integer"})");
                 post(j)["body"]["example"]["name"] = 1;
             },
             "request-type /properties/name"},
            {"media type", [](auto& j) { post(j)["body"]["contentTypes"] = of(R"(["application/json"])"); },
             "content-type-removed"},
            {"body needed", [](auto& j) { post(j)["body"]["required"] = true; }, "body-required"},
            {"smaller limit", [](auto& j) { post(j)["maxBody"] = 1024; }, "body-limit"},
            {"parameter needed", [](auto& j) { get(j)["parameters"][1]["required"] = true; }, "parameter-required"},
            {"new parameter needed",
             [](auto& j) {
                 get(j)["parameters"].append(
                     of(R"({"name":"x","in":"query","required":true,"type":"integer","schema":{"type":"integer"}})"));
             },
             "parameter-required"},
            {"parameter narrowed", [](auto& j) { get(j)["parameters"][1]["schema"]["maximum"] = 50; },
             "parameter-bounds"},
            {"parameter gone",
             [](auto& j) {
                 Json::Value gone;
                 get(j)["parameters"].removeIndex(1, &gone);
             },
             "parameter-removed", Severity::kWarning},
        });
    }

    void answersThatReadersCannotReadAreFound() {
        assertFindings({
            {"member gone",
             [](auto& j) {
                 answer(j)["required"] = of("[]");
                 answer(j)["properties"].removeMember("id");
             },
             "answer-field /properties/id"},
            {"member optional", [](auto& j) { answer(j)["required"] = of("[]"); }, "answer-field /properties/id"},
            {"new value", [](auto& j) { answer(j)["properties"]["state"]["enum"].append("lost"); },
             "answer-enum /properties/state"},
            {"null", [](auto& j) { answer(j)["properties"]["id"]["type"] = of(R"(["string","null"])"); },
             "answer-null /properties/id"},
            {"longer", [](auto& j) { answer(j)["properties"]["id"]["maxLength"] = 80; },
             "answer-length /properties/id"},
            {"type", [](auto& j) { answer(j)["properties"]["id"] = of(R"({"type":"integer"})"); },
             "answer-type /properties/id"},
            {"deep bounds",
             [](auto& j) { answer(j)["properties"]["lines"]["items"]["properties"]["n"]["minimum"] = -1; },
             "answer-bounds /properties/lines/items/properties/n"},
            {"deep type",
             [](auto& j) { answer(j)["properties"]["lines"]["items"]["properties"]["n"]["type"] = "number"; },
             "answer-type /properties/lines/items/properties/n"},
            {"schema gone", [](auto& j) { get(j).removeMember("responses"); }, "answer-schema-removed"},
            {"status without schema",
             [](auto& j) {
                 j["openapi"]["paths"]["/api/v1/tills/{id}"]["get"]["responses"]["202"] = Json::objectValue;
             },
             "answer-status"},
            {"status with schema", [](auto& j) { get(j)["responses"]["202"] = answer(j); }, "answer-status",
             Severity::kWarning},
            {"another refusal",
             [](auto& j) {
                 j["openapi"]["paths"]["/api/v1/tills/{id}"]["get"]["responses"]["409"] = Json::objectValue;
             },
             ""},
        });
    }

    void eventsSubscriptionsAndTimersAreCompared() {
        assertFindings({
            {"topic gone", [](auto& j) { j.removeMember("publishes"); }, "event-removed"},
            {"member gone",
             [](auto& j) {
                 event(j).removeMember("required");
                 event(j)["properties"].removeMember("id");
                 event(j)["examples"] = of("[{}]");
             },
             "event-field /properties/id"},
            {"longer", [](auto& j) { event(j)["properties"]["id"]["maxLength"] = 41; }, "event-length /properties/id"},
            {"partitions", [](auto& j) { j["publishes"][0]["partitions"] = 8; }, "event-partitions",
             Severity::kWarning},
            {"subscription gone", [](auto& j) { j.removeMember("subscribes"); }, "subscription-dropped",
             Severity::kWarning},
            {"subscription needs more", [](auto& j) { j["subscribes"][0]["schema"]["required"] = of(R"(["id"])"); },
             "subscription-field /properties/id"},
            {"timer gone", [](auto& j) { j.removeMember("timers"); }, "timer-removed", Severity::kWarning},
        });
    }

    void settingsThatNoLongerDoAreFound() {
        assertFindings({
            {"needed",
             [](auto& j) {
                 j["config"]["properties"]["x"] = of(R"({"type":"integer"})");
                 j["config"]["required"] = of(R"(["x"])");
             },
             "setting-field /properties/x"},
            {"gone", [](auto& j) { j["config"]["properties"].removeMember("name"); },
             "setting-member /properties/name"},
            {"gone, unnoticed",
             [](auto& j) {
                 j["config"].removeMember("additionalProperties");
                 j["config"]["properties"].removeMember("name");
             },
             "setting-removed"},
            {"all gone", [](auto& j) { j.removeMember("config"); }, "setting-removed"},
            {"narrowed", [](auto& j) { j["config"]["properties"]["limit"]["maximum"] = 7; },
             "setting-bounds /properties/limit"},
        });
        Json::Value without = base();
        without.removeMember("config");
        Json::Value needing = base();
        needing["config"]["required"] = of(R"(["name"])");
        const auto findings = checkCompatibility(manifestOf(without), manifestOf(needing));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("setting-field"), findings[0].rule);
    }

    void aFindingNamesTheOperationAndThePlace() {
        Json::Value json = base();
        answer(json)["properties"]["state"]["enum"].append("lost");
        const Finding finding = checkCompatibility(manifestOf(base()), manifestOf(json)).at(0);
        CPPUNIT_ASSERT_EQUAL(std::string("GET /api/v1/tills/{id} (getTill), answer 200"), finding.subject);
        CPPUNIT_ASSERT_EQUAL(std::string("/properties/state"), finding.pointer);
        CPPUNIT_ASSERT_MESSAGE(finding.reason, finding.reason.find("\"lost\" is new to readers") != std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(CompatibilityTest);

}  // namespace stoa::validate
