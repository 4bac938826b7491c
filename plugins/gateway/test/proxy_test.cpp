// The gateway as its callers see it, on a fake host.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <memory>

#include <stoa/fake/host.h>
#include <stoa/json.h>

namespace {

using namespace stoa;

const std::string kOrigin = "https://shop.example";

fake::Options fleet() {
    fake::Options options;
    options.fleet = {{"GET", "/api/v1/products/{productId}", "product", "public"},
                     {"GET", "/api/v1/orders/{orderId}", "order", "user service"},
                     {"POST", "/api/v1/orders", "order", "user"},
                     {"POST", "/api/v1/products", "product", "staff"},
                     {"POST", "/api/v1/payments", "payment", "service"}};
    options.settings["allowedOrigins"].append(kOrigin);
    Json::Value quick;
    quick["method"] = "POST";
    quick["path"] = "/api/v1/orders";
    quick["milliseconds"] = 1500;
    options.settings["deadlines"].append(quick);
    options.services["product"] = *parseJson(R"({"info":{"description":"Products"},"paths":{
        "/api/v1/products/{productId}":{"get":{"operationId":"get","responses":{"200":{"description":"x"}}}}}})");
    options.services["payment"] = *parseJson(R"({"paths":{
        "/api/v1/payments":{"post":{"operationId":"pay","responses":{"201":{"description":"x"}}}}}})");
    return options;
}

class ProxyTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ProxyTest);
    CPPUNIT_TEST(aRequestGoesToTheServiceThatServesIt);
    CPPUNIT_TEST(pathAndQueryTravelAsTheyCame);
    CPPUNIT_TEST(theHostIsToldWhatToAskFor);
    CPPUNIT_TEST(claimsAndCookiesGoNoFurther);
    CPPUNIT_TEST(aRouteMayHaveADeadlineOfItsOwn);
    CPPUNIT_TEST(whatNobodyServesIsNotFound);
    CPPUNIT_TEST(untilEveryHostHasBeenHeardOfNothingIsNotFound);
    CPPUNIT_TEST(whatOnlyServicesMayCallIsNotFound);
    CPPUNIT_TEST(anotherMethodIsRefusedWithThoseThatAreTaken);
    CPPUNIT_TEST(optionsSaysWhatIsTaken);
    CPPUNIT_TEST(aPreflightOfAnAllowedOriginIsAnswered);
    CPPUNIT_TEST(aPreflightOfAnotherOriginIsRefused);
    CPPUNIT_TEST(aPreflightForNothingIsNotFound);
    CPPUNIT_TEST(refusalsCanBeReadByAllowedOrigins);
    CPPUNIT_TEST(healthIsOk);
    CPPUNIT_TEST(theDocumentHoldsWhatCanBeCalled);
    CPPUNIT_TEST(thePageRunsNoScripts);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST, fleet()); }

    Forward forwarded(const fake::Answer& answer) {
        CPPUNIT_ASSERT_MESSAGE(answer.body, answer.forward.has_value());
        return *answer.forward;
    }
    void expectNotFound(const fake::Answer& answer) {
        CPPUNIT_ASSERT_EQUAL(404, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("not-found"), answer.problem());
    }
    fake::Ask preflight(const std::string& path, const std::string& method, const std::string& origin = kOrigin) {
        return host_->request("OPTIONS", path).header("Origin", origin).header("Access-Control-Request-Method", method);
    }

    void aRequestGoesToTheServiceThatServesIt() {
        const auto forward = forwarded(host_->get("/api/v1/products/p1").send());
        CPPUNIT_ASSERT_EQUAL(std::string("product"), forward.service);
        CPPUNIT_ASSERT_EQUAL(std::string("/api/v1/products/p1"), forward.path);
        CPPUNIT_ASSERT_EQUAL(0u, forward.timeout_ms);
        CPPUNIT_ASSERT_EQUAL(std::string("order"), forwarded(host_->post("/api/v1/orders").json("{").send()).service);
    }

    void pathAndQueryTravelAsTheyCame() {
        const auto forward = forwarded(host_->get("/api/v1/products/a%20b%2Fc?q=%C3%A4+b&x").send());
        CPPUNIT_ASSERT_EQUAL(std::string("/api/v1/products/a%20b%2Fc?q=%C3%A4+b&x"), forward.path);
    }

    void theHostIsToldWhatToAskFor() {
        CPPUNIT_ASSERT_EQUAL(std::string("public"), forwarded(host_->get("/api/v1/products/p1").send()).require);
        CPPUNIT_ASSERT_EQUAL(std::string("user"), forwarded(host_->get("/api/v1/orders/o1").send()).require);
        CPPUNIT_ASSERT_EQUAL(std::string("staff"), forwarded(host_->post("/api/v1/products").send()).require);
    }

    void claimsAndCookiesGoNoFurther() {
        const auto drop = forwarded(host_->get("/api/v1/products/p1").send()).drop;
        for (const char* name : {"Stoa-Service-Token", "Stoa-Deadline-Ms", "X-User-Id", "X-User-Roles", "Cookie"}) {
            CPPUNIT_ASSERT_MESSAGE(name, std::find(drop.begin(), drop.end(), name) != drop.end());
        }
        CPPUNIT_ASSERT(std::find(drop.begin(), drop.end(), "Authorization") == drop.end());
    }

    void aRouteMayHaveADeadlineOfItsOwn() {
        CPPUNIT_ASSERT_EQUAL(1500u, forwarded(host_->post("/api/v1/orders").send()).timeout_ms);
        CPPUNIT_ASSERT_EQUAL(0u, forwarded(host_->get("/api/v1/orders/o1").send()).timeout_ms);
    }

    void whatNobodyServesIsNotFound() {
        expectNotFound(host_->get("/api/v1/nothing").send());
        expectNotFound(host_->get("/api/v1/products/p1/x").send());
        CPPUNIT_ASSERT_EQUAL(404, host_->get("/elsewhere").send().status);
    }

    void untilEveryHostHasBeenHeardOfNothingIsNotFound() {
        fake::Options early = fleet();
        early.fleet_complete = false;
        host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST, early);
        for (const fake::Answer& answer :
             {host_->get("/api/v1/reviews").send(), preflight("/api/v1/reviews", "GET").send()}) {
            CPPUNIT_ASSERT_EQUAL(503, answer.status);
            CPPUNIT_ASSERT_EQUAL(std::string("starting"), answer.problem());
            CPPUNIT_ASSERT_EQUAL(std::string("1"), answer.header("Retry-After"));
        }
        CPPUNIT_ASSERT_EQUAL(std::string("product"), forwarded(host_->get("/api/v1/products/1").send()).service);
        CPPUNIT_ASSERT_EQUAL(405, host_->request("PUT", "/api/v1/orders").send().status);
        expectNotFound(host_->post("/api/v1/payments").send());
    }

    void whatOnlyServicesMayCallIsNotFound() {
        const auto hidden = host_->post("/api/v1/payments").send();
        expectNotFound(hidden);
        CPPUNIT_ASSERT_EQUAL(host_->post("/api/v1/nothing").send().body, hidden.body);
    }

    void anotherMethodIsRefusedWithThoseThatAreTaken() {
        const auto answer = host_->del("/api/v1/products/p1").send();
        CPPUNIT_ASSERT_EQUAL(405, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("method-not-allowed"), answer.problem());
        CPPUNIT_ASSERT_EQUAL(std::string("GET"), answer.header("Allow"));
    }

    void optionsSaysWhatIsTaken() {
        const auto answer = host_->request("OPTIONS", "/api/v1/products/p1").send();
        CPPUNIT_ASSERT_EQUAL(204, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("GET"), answer.header("Allow"));
    }

    void aPreflightOfAnAllowedOriginIsAnswered() {
        const auto answer = preflight("/api/v1/orders", "POST").send();
        CPPUNIT_ASSERT_EQUAL(204, answer.status);
        CPPUNIT_ASSERT_EQUAL(kOrigin, answer.header("Access-Control-Allow-Origin"));
        CPPUNIT_ASSERT_EQUAL(std::string("Origin"), answer.header("Vary"));
        CPPUNIT_ASSERT(answer.header("Access-Control-Allow-Methods").find("POST") != std::string::npos);
        CPPUNIT_ASSERT(answer.header("Access-Control-Allow-Headers").find("Idempotency-Key") != std::string::npos);
    }

    void aPreflightOfAnotherOriginIsRefused() {
        const auto answer = preflight("/api/v1/orders", "POST", "https://evil.example").send();
        CPPUNIT_ASSERT_EQUAL(403, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("origin-not-allowed"), answer.problem());
        CPPUNIT_ASSERT_EQUAL(std::string(), answer.header("Access-Control-Allow-Origin"));
    }

    void aPreflightForNothingIsNotFound() {
        expectNotFound(preflight("/api/v1/nothing", "GET").send());
        expectNotFound(preflight("/api/v1/payments", "POST").send());
    }

    void refusalsCanBeReadByAllowedOrigins() {
        const auto answer = host_->get("/api/v1/nothing").header("Origin", kOrigin).send();
        CPPUNIT_ASSERT_EQUAL(kOrigin, answer.header("Access-Control-Allow-Origin"));
        const auto other = host_->get("/api/v1/nothing").header("Origin", "https://evil.example").send();
        CPPUNIT_ASSERT_EQUAL(std::string(), other.header("Access-Control-Allow-Origin"));
    }

    void healthIsOk() {
        const auto answer = host_->get("/health").send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"status":"ok"})"), answer.body);
    }

    void theDocumentHoldsWhatCanBeCalled() {
        const auto answer = host_->get("/openapi.json").send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT(answer.json()["paths"].isMember("/api/v1/products/{productId}"));
        CPPUNIT_ASSERT(!answer.json()["paths"].isMember("/api/v1/payments"));
        CPPUNIT_ASSERT_EQUAL(answer.body, host_->get("/openapi.json").send().body);
        host_->moveClock(std::chrono::seconds{6});
        CPPUNIT_ASSERT_EQUAL(answer.body, host_->get("/openapi.json").send().body);
    }

    void thePageRunsNoScripts() {
        const auto answer = host_->get("/docs").send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("text/html; charset=utf-8"), answer.header("Content-Type"));
        CPPUNIT_ASSERT(answer.header("Content-Security-Policy").starts_with("default-src 'none'"));
        CPPUNIT_ASSERT(answer.body.find("/api/v1/products/{productId}") != std::string::npos);
    }

private:
    std::unique_ptr<fake::Host> host_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ProxyTest);

}  // namespace
