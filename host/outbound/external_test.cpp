// stoa.external/1: only the configured host, sent once, and exactly told whether it was sent.

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <stoa/abi/external.h>

#include "host/http/test_peer.h"
#include "host/outbound/external_capability.h"
#include "host/outbound/test_fleet.h"

namespace stoa::host::outbound {

class ExternalTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ExternalTest);
    CPPUNIT_TEST(baseAndBearerComeFromTheConfiguration);
    CPPUNIT_TEST(onlyConfiguredEndpointsAreAsked);
    CPPUNIT_TEST(pathCantLeaveItsBase);
    CPPUNIT_TEST(redirectsAreAnswers);
    CPPUNIT_TEST(sentIsExact);
    CPPUNIT_TEST(callInATransactionIsRefused);
    CPPUNIT_TEST(userTokensStayInside);
    CPPUNIT_TEST(linkLocalIsRefusedUnlessNamed);
    CPPUNIT_TEST(wrongConfigurationNamesTheKey);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        fleet_ = std::make_unique<TestFleet>();
        scope_.emplace(work_);
    }
    void tearDown() override {
        binding_.reset();
        scope_.reset();
        fleet_.reset();
    }

    void baseAndBearerComeFromTheConfiguration() {
        fleet_->product.handler.on_handle = [](std::shared_ptr<http::Exchange> exchange) {
            http::Response response;
            response.body = exchange->request().path + " " +
                            std::string{exchange->request().headers.find("Authorization").value_or("")} + " " +
                            exchange->request().body;
            exchange->respond(std::move(response));
        };
        bind("http://127.0.0.1:" + std::to_string(fleet_->product.port()) + "/v1/");
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, call("psp", "/charges"));
        CPPUNIT_ASSERT_EQUAL(std::string{"/v1/charges Bearer secret of env:PSP body"}, body_);
        CPPUNIT_ASSERT_EQUAL(1U, sent_);
    }
    void onlyConfiguredEndpointsAreAsked() {
        bind("http://127.0.0.1:1");
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, call("other", "/"));
        CPPUNIT_ASSERT(lastError().find("plugins.payment.external.other.url") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(0U, sent_);
    }
    void pathCantLeaveItsBase() {
        bind("http://127.0.0.1:1/v1");
        for (const auto* path : {"@evil/", "//evil/", "/../admin", "/%2e%2e/admin", "http://evil/", "", "/a b"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(path, stoa_status{STOA_INVALID}, call("psp", path));
            CPPUNIT_ASSERT_EQUAL(0U, sent_);
        }
    }
    void redirectsAreAnswers() {
        fleet_->product.handler.on_handle = [](std::shared_ptr<http::Exchange> exchange) {
            http::Response response;
            response.status = 302;
            response.headers.add("Location", "http://169.254.169.254/");
            exchange->respond(std::move(response));
        };
        bind("http://127.0.0.1:" + std::to_string(fleet_->product.port()));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, call("psp", "/"));
        CPPUNIT_ASSERT_EQUAL(302U, status_);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, fleet_->product.running().statistics().requests_total);
    }
    void sentIsExact() {
        http::RawListener listener;
        const auto port = std::to_string(listener.port());
        bind("http://127.0.0.1:" + port, 50);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DEADLINE}, call("psp", "/"));
        CPPUNIT_ASSERT_EQUAL(1U, sent_);
        listener.close();
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, call("psp", "/"));
        CPPUNIT_ASSERT_EQUAL(0U, sent_);
    }
    void callInATransactionIsRefused() {
        bind("http://127.0.0.1:1");
        work_.open_transactions = 1;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, call("psp", "/"));
        CPPUNIT_ASSERT(lastError().find("transaction") != std::string::npos);
    }
    void userTokensStayInside() {
        bind("http://127.0.0.1:1");
        as_user_ = 1;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, call("psp", "/"));
    }
    void linkLocalIsRefusedUnlessNamed() {
        bind("http://2852039166");  // 169.254.169.254 as one number
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_FORBIDDEN}, call("psp", "/"));
        CPPUNIT_ASSERT_EQUAL(0U, sent_);
        CPPUNIT_ASSERT(lastError().find("link-local") != std::string::npos);
        bind("http://169.254.169.254:1", 1);
        CPPUNIT_ASSERT(call("psp", "/") != STOA_FORBIDDEN);
    }
    void wrongConfigurationNamesTheKey() {
        for (const auto* url : {"", "ftp://a", "http://", "http://a:b", "http://a/../b", "http://u@a/"}) {
            try {
                bind(url);
                CPPUNIT_FAIL(url);
            } catch (const Error& error) {
                CPPUNIT_ASSERT(std::string{error.what()}.find("plugins.payment.external.psp.url") == 0);
            }
        }
    }

private:
    void bind(const std::string& url, int timeout_ms = 10'000) {
        plugin::Environment environment;
        environment.service = "payment";
        environment.config["external"]["psp"]["url"] = url;
        environment.config["external"]["psp"]["bearer"] = "env:PSP";
        environment.config["external"]["psp"]["timeout_ms"] = timeout_ms;
        ExternalCapability capability(
            fleet_->client, [](const std::string& reference) { return "secret of " + reference; }, fleet_->metrics);
        binding_ = capability.bind(environment);
    }
    stoa_status call(const char* endpoint, const char* path) {
        const auto* const external = static_cast<const stoa_external*>(binding_->table());
        stoa_call call{};
        call.struct_size = sizeof(call);
        call.service = view(endpoint);
        call.method = view("POST");
        call.path = view(path);
        call.body = view("body");
        call.as_user = as_user_;
        stoa_reply* reply = nullptr;
        const auto status = external->call(external, &call, &reply, &sent_);
        CPPUNIT_ASSERT_EQUAL(status == STOA_OK, reply != nullptr);
        if (reply) {
            status_ = external->reply_status(reply);
            body_ = text(external->reply_body(reply));
            external->release(reply);
        }
        return status;
    }

    Work work_;
    std::optional<WorkScope> scope_;
    std::unique_ptr<TestFleet> fleet_;
    std::unique_ptr<plugin::Binding> binding_;
    uint32_t as_user_ = 0;
    uint32_t sent_ = 0;
    uint32_t status_ = 0;
    std::string body_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ExternalTest);

}  // namespace stoa::host::outbound
