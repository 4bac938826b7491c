// What the gateway lets through, and how documents are merged.

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/json.h>

#include "document.h"
#include "domain.h"
#include "page.h"

namespace {

using namespace gateway;

Json::Value read(const char* text) { return *stoa::parseJson(text); }

const Json::Value kShop = read(R"json({
    "openapi": "3.1.0", "info": {"title": "Shop", "description": "Sells <things>."},
    "paths": {
        "/api/v1/things/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": {"operationId": "get", "summary": "One thing",
                    "responses": {"200": {"$ref": "#/components/responses/Thing"}}},
            "delete": {"operationId": "drop", "responses": {"204": {"description": "gone"}}}},
        "/api/v1/things/secret": {
            "post": {"operationId": "secret",
                     "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Secret"}}}},
                     "responses": {"204": {"description": "done"}}}}},
    "components": {
        "parameters": {"Id": {"name": "id", "in": "path"}},
        "responses": {"Thing": {"description": "x", "content":
            {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
        "schemas": {
            "Thing": {"type": "object", "properties": {"parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}},
            "Secret": {"type": "object"}}}})json");

std::string marks(const std::string& method, const std::string& path) {
    if (path == "/api/v1/things/secret") {
        return "service";
    }
    return method == "DELETE" ? "staff" : path.starts_with("/api/v1/lost") ? "" : "public";
}

class GatewayDomainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(GatewayDomainTest);
    CPPUNIT_TEST(onlyRoutesForServicesAreInternal);
    CPPUNIT_TEST(theMildestMarkIsAskedFor);
    CPPUNIT_TEST(originsAreComparedWhole);
    CPPUNIT_TEST(aNamedMethodIsTheCloserDeadline);
    CPPUNIT_TEST(documentsOfTwoServicesDontCollide);
    CPPUNIT_TEST(whatOnlyServicesMayCallIsLeftOut);
    CPPUNIT_TEST(whatNobodyServesIsLeftOut);
    CPPUNIT_TEST(operationsSayWhoMayCall);
    CPPUNIT_TEST(everyReferenceLeadsSomewhere);
    CPPUNIT_TEST(documentsThatAreNoneAreSkipped);
    CPPUNIT_TEST(thePageIsEscaped);
    CPPUNIT_TEST_SUITE_END();

public:
    void onlyRoutesForServicesAreInternal() {
        CPPUNIT_ASSERT(isInternal("service"));
        CPPUNIT_ASSERT(isInternal(""));
        CPPUNIT_ASSERT(isInternal("users"));
        CPPUNIT_ASSERT(!isInternal("user service"));
        CPPUNIT_ASSERT(!isInternal("public"));
        CPPUNIT_ASSERT(!isInternal("service staff"));
    }

    void theMildestMarkIsAskedFor() {
        CPPUNIT_ASSERT_EQUAL(std::string("public"), requirement("public"));
        CPPUNIT_ASSERT_EQUAL(std::string("user"), requirement("staff user service"));
        CPPUNIT_ASSERT_EQUAL(std::string("staff"), requirement("service staff"));
        CPPUNIT_ASSERT_EQUAL(std::string("staff"), requirement("wizard"));
    }

    void originsAreComparedWhole() {
        const Origins origins{{"https://shop.example"}};
        CPPUNIT_ASSERT(origins.allows("https://shop.example"));
        for (const char* other : {"https://shop.example.evil", "http://shop.example", "https://shop.example:8443",
                                  "https://Shop.example", "null", ""}) {
            CPPUNIT_ASSERT_MESSAGE(other, !origins.allows(other));
        }
        CPPUNIT_ASSERT(Origins{{"*"}}.allows("https://anything.example"));
        CPPUNIT_ASSERT(!Origins{{}}.allows("https://shop.example"));
    }

    void aNamedMethodIsTheCloserDeadline() {
        Deadlines deadlines;
        CPPUNIT_ASSERT_EQUAL(0u, deadlines.of("GET", "/a"));
        deadlines.set("", "/a", 100);
        deadlines.set("POST", "/a", 200);
        CPPUNIT_ASSERT_EQUAL(100u, deadlines.of("GET", "/a"));
        CPPUNIT_ASSERT_EQUAL(200u, deadlines.of("POST", "/a"));
        CPPUNIT_ASSERT_EQUAL(0u, deadlines.of("POST", "/b"));
    }

    static Json::Value merged() { return mergeDocuments({{"shop", kShop}}, "1.2.3", marks); }

    void documentsOfTwoServicesDontCollide() {
        Json::Value other = kShop;
        other["paths"]["/api/v1/others/{id}"] = other["paths"]["/api/v1/things/{id}"];
        other["paths"].removeMember("/api/v1/things/{id}");
        other["components"]["schemas"]["Thing"]["description"] = "another one";
        const auto both = mergeDocuments({{"shop", kShop}, {"other", other}}, "1", marks);
        CPPUNIT_ASSERT_EQUAL(2u, both["paths"].size());
        CPPUNIT_ASSERT(!both["components"]["schemas"]["shop_Thing"].isMember("description"));
        CPPUNIT_ASSERT_EQUAL(std::string("another one"),
                             both["components"]["schemas"]["other_Thing"]["description"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("shop_get"),
                             both["paths"]["/api/v1/things/{id}"]["get"]["operationId"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("other_get"),
                             both["paths"]["/api/v1/others/{id}"]["get"]["operationId"].asString());
        CPPUNIT_ASSERT_EQUAL(2u, both["tags"].size());
    }

    void whatOnlyServicesMayCallIsLeftOut() {
        CPPUNIT_ASSERT(!merged()["paths"].isMember("/api/v1/things/secret"));
        CPPUNIT_ASSERT(!merged()["components"]["schemas"].isMember("shop_Secret"));
    }

    void whatNobodyServesIsLeftOut() {
        Json::Value lost = kShop;
        lost["paths"] = Json::Value(Json::objectValue);
        lost["paths"]["/api/v1/lost"] = kShop["paths"]["/api/v1/things/{id}"];
        lost["paths"]["/api/v1/lost"].removeMember("delete");
        const auto document = mergeDocuments({{"shop", lost}}, "1", marks);
        CPPUNIT_ASSERT(document["paths"].empty());
        CPPUNIT_ASSERT(document["tags"].empty());
    }

    void operationsSayWhoMayCall() {
        Json::Value shop = kShop;
        shop["paths"]["/api/v1/things/{id}"]["get"]["security"][0]["service"] = Json::Value(Json::arrayValue);
        shop["paths"]["/api/v1/things/{id}"]["delete"]["security"][0]["service"] = Json::Value(Json::arrayValue);
        const auto item = mergeDocuments({{"shop", shop}}, "1", marks)["paths"]["/api/v1/things/{id}"];
        CPPUNIT_ASSERT_EQUAL(1u, item["delete"]["security"].size());
        CPPUNIT_ASSERT(!item["get"].isMember("security"));
        CPPUNIT_ASSERT(item["delete"]["security"][0].isMember("bearer"));
        CPPUNIT_ASSERT_EQUAL(std::string("shop"), item["get"]["tags"][0].asString());
    }

    void everyReferenceLeadsSomewhere() {
        const auto document = merged();
        CPPUNIT_ASSERT_EQUAL(std::string("#/components/parameters/shop_Id"),
                             document["paths"]["/api/v1/things/{id}"]["parameters"][0]["$ref"].asString());
        CPPUNIT_ASSERT(document["components"]["parameters"].isMember("shop_Id"));
        CPPUNIT_ASSERT(document["components"]["responses"].isMember("shop_Thing"));
        const auto& thing = document["components"]["schemas"]["shop_Thing"];
        CPPUNIT_ASSERT_EQUAL(std::string("#/components/schemas/shop_Thing"),
                             thing["properties"]["parts"]["items"]["$ref"].asString());
    }

    void documentsThatAreNoneAreSkipped() {
        const auto document = mergeDocuments(
            {{"a", Json::Value{}}, {"b", Json::Value{"text"}}, {"c", Json::Value{Json::objectValue}}, {"shop", kShop}},
            "1.2.3", marks);
        CPPUNIT_ASSERT_EQUAL(1u, document["paths"].size());
        CPPUNIT_ASSERT_EQUAL(std::string("1.2.3"), document["info"]["version"].asString());
    }

    void thePageIsEscaped() {
        const std::string page = htmlPage(merged());
        CPPUNIT_ASSERT(page.find("Sells &lt;things&gt;.") != std::string::npos);
        CPPUNIT_ASSERT(page.find("<things>") == std::string::npos);
        CPPUNIT_ASSERT(page.find("<b>GET</b> <code>/api/v1/things/{id}</code><br>One thing") != std::string::npos);
        CPPUNIT_ASSERT(page.find("<b>DELETE</b> <code>/api/v1/things/{id}</code> <small>with a token") !=
                       std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(GatewayDomainTest);

}  // namespace
