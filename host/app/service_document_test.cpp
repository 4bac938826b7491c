#include "host/app/service_document.h"

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/json.h>

namespace stoa::host::app {
namespace {

class ServiceDocumentTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ServiceDocumentTest);
    CPPUNIT_TEST(operationsSayWhoMayCall);
    CPPUNIT_TEST(whatThePluginSaysItselfStays);
    CPPUNIT_TEST(keysOfIdempotencyAreParameters);
    CPPUNIT_TEST(aPluginWithoutADocumentHasNone);
    CPPUNIT_TEST_SUITE_END();

public:
    void operationsSayWhoMayCall() {
        CPPUNIT_ASSERT_EQUAL(std::string("[]"), security({"public"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"([{"bearer":[]}])"), security({"user"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"([{"bearer":[]}])"), security({"staff"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"([{"service":[]}])"), security({"service"}));
        CPPUNIT_ASSERT_EQUAL(std::string(R"([{"bearer":[]},{"service":[]}])"), security({"user", "service"}));
        const Json::Value document = serviceDocument(manifest({"user"}, "none"));
        const Json::Value& schemes = document["components"]["securitySchemes"];
        CPPUNIT_ASSERT_EQUAL(std::string("bearer"), textOr(schemes["bearer"], "scheme"));
        CPPUNIT_ASSERT_EQUAL(std::string("Stoa-Service-Token"), textOr(schemes["service"], "name"));
    }

    void whatThePluginSaysItselfStays() {
        validate::Manifest made = manifest({"public"}, "none");
        made.openapi["paths"]["/api/v1/things"]["post"]["security"] = parseJson(R"([{"key":[]}])").value();
        made.openapi["components"]["securitySchemes"]["key"]["type"] = "apiKey";
        const Json::Value document = serviceDocument(made);
        CPPUNIT_ASSERT_EQUAL(std::string(R"([{"key":[]}])"), writeJson(operation(document)["security"]));
        CPPUNIT_ASSERT(document["components"]["securitySchemes"].isMember("key"));
    }

    void keysOfIdempotencyAreParameters() {
        const Json::Value without = serviceDocument(manifest({"user"}, "none"));
        CPPUNIT_ASSERT_EQUAL(1U, operation(without)["parameters"].size());
        for (const char* mark : {"required", "optional"}) {
            const Json::Value document = serviceDocument(manifest({"user"}, mark));
            const Json::Value& parameters = operation(document)["parameters"];
            CPPUNIT_ASSERT_EQUAL(2U, parameters.size());
            CPPUNIT_ASSERT_EQUAL(std::string("Idempotency-Key"), textOr(parameters[1], "name"));
            CPPUNIT_ASSERT_EQUAL(std::string(mark) == "required", parameters[1]["required"].asBool());
        }
    }

    void aPluginWithoutADocumentHasNone() { CPPUNIT_ASSERT(serviceDocument(validate::Manifest{}).isNull()); }

private:
    static validate::Manifest manifest(std::vector<std::string> auth, const std::string& idempotency) {
        validate::Route route;
        route.operation = "make";
        route.method = "POST";
        route.path = "/api/v1/things";
        route.auth = std::move(auth);
        route.idempotency = idempotency == "required"   ? validate::Idempotency::kRequired
                            : idempotency == "optional" ? validate::Idempotency::kOptional
                                                        : validate::Idempotency::kNone;
        validate::Manifest manifest;
        manifest.routes.push_back(std::move(route));
        manifest.openapi = parseJson(R"({"paths":{"/api/v1/things":{"post":{"operationId":"make",
            "parameters":[{"name":"limit","in":"query","schema":{"type":"integer"}}]}}}})")
                               .value();
        return manifest;
    }

    static const Json::Value& operation(const Json::Value& document) {
        return document["paths"]["/api/v1/things"]["post"];
    }

    static std::string security(std::vector<std::string> auth) {
        return writeJson(operation(serviceDocument(manifest(std::move(auth), "none")))["security"]);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ServiceDocumentTest);

}  // namespace
}  // namespace stoa::host::app
