#include "host/dispatch/dispatcher.h"

#include <cppunit/extensions/HelperMacros.h>

#include <future>

#include <stoa/json.h>

#include "host/dispatch/http_capability.h"
#include "host/dispatch/request_state.h"
#include "host/events/plugin_events.h"
#include "host/observe/trace.h"
#include "host/plugin/testing.h"
#include "host/timer/timer_service.h"

namespace stoa::host::dispatch {
namespace {

using http::Listener;

/// Nobody has a token here but "Bearer good" and "Bearer bad".
class Guard final : public security::Authenticator {
public:
    tl::expected<security::Identity, security::Refusal> authenticate(std::string_view authorization, std::string_view,
                                                                     std::string_view) override {
        if (authorization == "Bearer bad") {
            return tl::unexpected(security::Refusal{401, "token-invalid", "forged"});
        }
        security::Identity identity;
        identity.user = authorization == "Bearer good";
        return identity;
    }
};

class Call final : public http::Exchange {
public:
    explicit Call(http::Request request) : request_(std::move(request)) {}
    http::Request& request() override { return request_; }
    void respond(http::Response response) override { answer_.set_value(std::move(response)); }
    bool abandoned() const override { return false; }
    http::Response answer() { return answer_.get_future().get(); }

private:
    http::Request request_;
    std::promise<http::Response> answer_;
};

class DispatcherTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DispatcherTest);
    CPPUNIT_TEST(aRequestReachesItsHandler);
    CPPUNIT_TEST(unknownPathsAndMethodsAreTold);
    CPPUNIT_TEST(anUnknownPathMayBeAServicesThatIsStillToCome);
    CPPUNIT_TEST(badBodiesNeverReachThePlugin);
    CPPUNIT_TEST(anotherContentTypeIsRefused);
    CPPUNIT_TEST(aBadParameterIsNamed);
    CPPUNIT_TEST(aForgedTokenIsRefusedEvenWhereNoneIsNeeded);
    CPPUNIT_TEST(internalRoutesAreNotOnTheEdge);
    CPPUNIT_TEST(twoServicesCanNotClaimOneResource);
    CPPUNIT_TEST(aWithdrawnServiceIsGone);
    CPPUNIT_TEST(correlationIdsTravel);
    CPPUNIT_TEST(builtInRoutesComeFirst);
    CPPUNIT_TEST(anAddressThatAsksTooOftenWaits);
    CPPUNIT_TEST_SUITE_END();

    Guard guard_;
    observe::Metrics metrics_;
    observe::Tracer tracer_{observe::TraceOptions{}};
    plugin::testing::Plugins plugins_{STOA_TEST_PLUGIN, std::make_unique<HttpCapability>()};
    Idempotency idempotency_{plugins_.clock()};
    plugin::Service service_{"plain_c", {}, nullptr, plugins_.clock(), tracer_};
    std::unique_ptr<Dispatcher> dispatcher_;

    static http::Request request(std::string method, std::string path, std::string body = {}) {
        http::Request made;
        made.method = std::move(method);
        made.path = std::move(path);
        made.received = std::chrono::steady_clock::now();
        made.remote_address = "192.0.2.1";
        if (!body.empty()) {
            made.headers.set("Content-Type", "application/json");
            made.headers.set("Content-Length", std::to_string(body.size()));
            made.body = std::move(body);
        }
        return made;
    }
    http::Response send(http::Request made) {
        http::Admission admission = dispatcher_->admit(made);
        if (admission.refusal) {
            return std::move(*admission.refusal);
        }
        auto call = std::make_shared<Call>(std::move(made));
        call->ticket = std::move(admission.ticket);
        dispatcher_->handle(call);
        return call->answer();
    }

public:
    void setUp() override {
        DispatcherOptions options;
        options.edge_rate = {0.1, 2};
        dispatcher_ = std::make_unique<Dispatcher>(options, plugins_.clock(), guard_, idempotency_, tracer_, metrics_);
        service_.publish(plugins_.generation());
        dispatcher_->serve(service_, {plugins_.staged().manifest});
    }
    void tearDown() override { service_.shutDown(std::chrono::seconds{5}); }

    void aRequestReachesItsHandler() {
        const auto answer = send(request("GET", "/api/v1/echoes/Ada"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 200, answer.status);
        CPPUNIT_ASSERT(answer.body.find("Hello, Ada") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{1}, service_.report().at(0).requests);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, service_.report().at(0).in_flight);
        CPPUNIT_ASSERT(metrics_.expose().find("route=\"/api/v1/echoes/{name}\"") != std::string::npos);
    }

    void unknownPathsAndMethodsAreTold() {
        CPPUNIT_ASSERT_EQUAL(404, send(request("GET", "/api/v1/nothing")).status);
        CPPUNIT_ASSERT_EQUAL(404, send(request("GET", "/")).status);
        const auto answer = send(request("DELETE", "/api/v1/echoes/Ada"));
        CPPUNIT_ASSERT_EQUAL(405, answer.status);
        CPPUNIT_ASSERT(answer.headers.find("Allow") == "GET, HEAD");
    }

    void anUnknownPathMayBeAServicesThatIsStillToCome() {
        dispatcher_->expectMore(true);
        const auto refusal = send(request("GET", "/api/v1/nothing"));
        CPPUNIT_ASSERT_EQUAL(503, refusal.status);
        CPPUNIT_ASSERT(refusal.headers.find("Retry-After").has_value());
        CPPUNIT_ASSERT_EQUAL(404, send(request("GET", "/api/v1/echoes/Ada/none")).status);
        dispatcher_->expectMore(false);
        CPPUNIT_ASSERT_EQUAL(404, send(request("GET", "/api/v1/nothing")).status);
    }
    void badBodiesNeverReachThePlugin() {
        for (const char* body : {"{", "[]", "{\"text\":1}", "{\"text\":\"a\",\"text\":\"b\"}", "{} x"}) {
            const auto answer = send(request("POST", "/api/v1/echoes", body));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(body, 400, answer.status);
            CPPUNIT_ASSERT(parseJson(answer.body)->isMember("type"));
        }
        CPPUNIT_ASSERT_EQUAL(400, send(request("POST", "/api/v1/echoes")).status);
    }

    void anotherContentTypeIsRefused() {
        auto wrong = request("POST", "/api/v1/echoes", "<a/>");
        wrong.headers.set("Content-Type", "text/xml");
        CPPUNIT_ASSERT_EQUAL(415, send(std::move(wrong)).status);
    }

    void aBadParameterIsNamed() {
        const auto answer = send(request("GET", "/api/v1/echoes/" + std::string(100, 'a')));
        CPPUNIT_ASSERT_EQUAL(400, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("path:name"), (*parseJson(answer.body))["errors"][0]["field"].asString());
    }

    void aForgedTokenIsRefusedEvenWhereNoneIsNeeded() {
        auto forged = request("GET", "/api/v1/echoes/Ada");
        forged.headers.set("Authorization", "Bearer bad");
        const auto answer = send(std::move(forged));
        CPPUNIT_ASSERT_EQUAL(401, answer.status);
        CPPUNIT_ASSERT(answer.headers.find("WWW-Authenticate"));
    }

    void internalRoutesAreNotOnTheEdge() {
        auto outside = request("GET", "/api/v1/echoes/Ada");
        outside.listener = Listener::kEdge;
        CPPUNIT_ASSERT_EQUAL(404, send(std::move(outside)).status);
    }

    void twoServicesCanNotClaimOneResource() {
        plugin::Service other("other", {}, nullptr, plugins_.clock(), tracer_);
        CPPUNIT_ASSERT_THROW(dispatcher_->serve(other, {plugins_.staged().manifest}), Error);
        CPPUNIT_ASSERT_EQUAL(200, send(request("GET", "/api/v1/echoes/Ada")).status);
    }

    void aWithdrawnServiceIsGone() {
        CPPUNIT_ASSERT(dispatcher_->serves("plain_c"));
        dispatcher_->withdraw("plain_c");
        CPPUNIT_ASSERT(!dispatcher_->serves("plain_c"));
        CPPUNIT_ASSERT_EQUAL(404, send(request("GET", "/api/v1/echoes/Ada")).status);
        CPPUNIT_ASSERT(metrics_.expose().find("plain_c") == std::string::npos);
    }

    void correlationIdsTravel() {
        auto with = request("GET", "/api/v1/echoes/Ada");
        with.headers.set("X-Correlation-ID", "abc-1");
        CPPUNIT_ASSERT(send(std::move(with)).headers.find("X-Correlation-ID") == "abc-1");
        auto bad = request("GET", "/api/v1/echoes/Ada");
        bad.headers.set("X-Correlation-ID", "a b");
        CPPUNIT_ASSERT(send(std::move(bad)).headers.find("X-Correlation-ID") != "a b");
    }

    void builtInRoutesComeFirst() {
        dispatcher_->addBuiltIn(Listener::kOps, "GET", "/livez", [](auto exchange) {
            exchange->respond(http::Response{204, {}, {}, nullptr});
        });
        auto probe = request("HEAD", "/livez");
        probe.listener = Listener::kOps;
        CPPUNIT_ASSERT_EQUAL(204, send(std::move(probe)).status);
        CPPUNIT_ASSERT_EQUAL(404, send(request("GET", "/livez")).status);
    }

    void anAddressThatAsksTooOftenWaits() {
        const auto outside = [] {
            auto made = request("GET", "/nothing");
            made.listener = Listener::kEdge;
            return made;
        };
        CPPUNIT_ASSERT_EQUAL(404, send(outside()).status);
        CPPUNIT_ASSERT_EQUAL(404, send(outside()).status);
        const auto answer = send(outside());
        CPPUNIT_ASSERT_EQUAL(429, answer.status);
        CPPUNIT_ASSERT(answer.headers.find("Retry-After"));
        auto other = outside();
        other.remote_address = "192.0.2.2";
        CPPUNIT_ASSERT_EQUAL(404, send(std::move(other)).status);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DispatcherTest);

}  // namespace
}  // namespace stoa::host::dispatch
