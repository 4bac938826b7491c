// Calls to services by name, over a socket and by the short cut: the caller must not see which.

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <cstring>
#include <thread>

#include <stoa/abi/client.h>

#include "host/http/body.h"
#include "host/http/test_peer.h"
#include "host/outbound/client_capability.h"
#include "host/outbound/test_fleet.h"

namespace stoa::host::outbound {
namespace {

using http::await;
using http::Exchange;
using http::Request;
using http::Response;

ServiceCall get(const std::string& path = "/api/v1/products/1") {
    ServiceCall call;
    call.service = "product";
    call.path = path;
    return call;
}

Response text(int status, std::string body) {
    Response response;
    response.status = status;
    response.headers.add("X-Answer", "yes");
    response.body = std::move(body);
    return response;
}

/// All that a caller can see, but for the second of the Date.
std::string seen(const Outcome& outcome) {
    std::string all = std::to_string(outcome.status) + " " + std::to_string(outcome.response.status) + "\n";
    std::vector<std::string> headers;
    for (const auto& [name, value] : outcome.response.headers) {
        headers.push_back(name + ": " + (name == "Date" ? "" : value));
    }
    std::sort(headers.begin(), headers.end());
    for (const auto& header : headers) {
        all += header + "\n";
    }
    return all + outcome.response.body;
}

/// All that a callee can see of the request, but for the deadline's milliseconds.
std::string dump(const Request& request) {
    std::string all = request.method + " " + request.path + "?" + request.query + "\n" +
                      std::to_string(static_cast<int>(request.listener)) + request.remote_address + "\n";
    std::vector<std::string> headers;
    for (const auto& [name, value] : request.headers) {
        headers.push_back(name + ": " + (name == "Stoa-Deadline-Ms" ? "" : value));
    }
    std::sort(headers.begin(), headers.end());
    for (const auto& header : headers) {
        all += header + "\n";
    }
    return all + request.body;
}

}  // namespace

class ServiceClientTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ServiceClientTest);
    CPPUNIT_TEST(shortCutAndSocketLookAlike);
    CPPUNIT_TEST(workTravelsInHeaders);
    CPPUNIT_TEST(unknownServiceIsUnavailable);
    CPPUNIT_TEST(idempotentCallsAreTriedThreeTimes);
    CPPUNIT_TEST(postIsTriedOnceUnlessMarked);
    CPPUNIT_TEST(anotherInstanceAnswersWhenOneIsGone);
    CPPUNIT_TEST(breakerOpens);
    CPPUNIT_TEST(deadlineOfTheWorkHolds);
    CPPUNIT_TEST(callInATransactionIsRefused);
    CPPUNIT_TEST(callsAtOnceRunAtOnce);
    CPPUNIT_TEST(foreignServiceNameIsForbidden);
    CPPUNIT_TEST(callerThatGaveUpLetsTheCalleeEnd);
    CPPUNIT_TEST(callsAreMeasured);
    CPPUNIT_TEST(tableOfTheAbiWorks);
    CPPUNIT_TEST_SUITE_END();

public:
    void shortCutAndSocketLookAlike() {
        std::vector<ServiceCall> calls;
        calls.push_back(get("/api/v1/products/1?a=b%20c"));
        calls.push_back(get("/refused"));
        calls.push_back(get("/thrown"));
        calls.push_back(get("/dropped"));
        calls.push_back(get("/streamed"));
        calls.push_back(get("/empty"));
        calls.push_back(get("/a/../b"));
        for (const auto* path : {"/posted", "/refused", "/large", "/streamed"}) {
            calls.push_back(get(path));
            calls.back().method = "POST";
            calls.back().headers.add("Content-Type", "text/plain");
            calls.back().body = std::string(path == std::string{"/large"} ? 2'000 : 20, 'b');
        }
        calls.push_back(get("/head"));
        calls.back().method = "HEAD";
        for (auto& call : calls) {
            const auto what = call.method + " " + call.path;
            const auto over_socket = observed(call, false);
            const auto direct = observed(call, true);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, over_socket, direct);
        }
    }
    void workTravelsInHeaders() {
        std::promise<std::string> got;
        fleet_->product.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) {
            got.set_value(dump(exchange->request()));
            exchange->respond(text(200, ""));
        };
        fleet_->listen();
        auto call = get();
        call.as_user = true;
        fleet_->services.call(std::move(call));
        const auto headers = await(got.get_future());
        for (const auto* expected :
             {"Host: product\n", "Stoa-Service-Token: order>product\n", "X-Correlation-ID: corr\n",
              "X-Trace-ID: 0123456789abcdef0123456789abcdef\n", "Authorization: Bearer user-token\n",
              "traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\n", "Stoa-Deadline-Ms: "}) {
            CPPUNIT_ASSERT_MESSAGE(expected + headers, headers.find(expected) != std::string::npos);
        }
    }
    void unknownServiceIsUnavailable() {
        const auto outcome = fleet_->services.call(get());
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, outcome.status);
        CPPUNIT_ASSERT(outcome.error.find("product") != std::string::npos);
    }
    void idempotentCallsAreTriedThreeTimes() {
        fleet_->listen();
        answer({503, 502, 200});
        CPPUNIT_ASSERT_EQUAL(200, fleet_->services.call(get()).response.status);
        answer({503, 503, 503, 200});
        CPPUNIT_ASSERT_EQUAL(503, fleet_->services.call(get()).response.status);
        answer({500, 200});
        CPPUNIT_ASSERT_EQUAL(500, fleet_->services.call(get()).response.status);
    }
    void postIsTriedOnceUnlessMarked() {
        fleet_->listen();
        auto call = get();
        call.method = "POST";
        call.body = "{}";
        answer({503, 200});
        CPPUNIT_ASSERT_EQUAL(503, fleet_->services.call(call).response.status);
        answer({503, 200});
        call.idempotent = true;
        CPPUNIT_ASSERT_EQUAL(200, fleet_->services.call(call).response.status);
    }
    void anotherInstanceAnswersWhenOneIsGone() {
        http::RawListener gone;
        fleet_->hosts.add("product", gone.port());
        gone.close();
        fleet_->listen();
        for (int i = 0; i < 10; ++i) {
            auto call = get();
            call.method = "POST";
            const auto outcome = fleet_->services.call(std::move(call));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(outcome.error, 200, outcome.response.status);
        }
    }
    void breakerOpens() {
        fleet_->listen();
        std::atomic<int> reached{0};
        fleet_->product.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) {
            ++reached;
            exchange->respond(text(500, ""));
        };
        for (int i = 0; i < 25; ++i) {
            fleet_->services.call(get());
        }
        CPPUNIT_ASSERT_EQUAL(20, reached.load());
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, fleet_->services.call(get()).status);
        CPPUNIT_ASSERT(fleet_->metrics.expose().find("client_breaker_state{target=\"product\"} 2") !=
                       std::string::npos);
    }
    void deadlineOfTheWorkHolds() {
        for (const bool direct : {false, true}) {
            fresh();
            std::promise<std::shared_ptr<Exchange>> held;
            fleet_->product.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) { held.set_value(exchange); };
            direct ? fleet_->shortCut() : fleet_->listen();
            work_.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{50};
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DEADLINE}, fleet_->services.call(get()).status);
            await(held.get_future());
        }
    }
    void callInATransactionIsRefused() {
        work_.open_transactions = 1;
        const auto outcome = fleet_->services.call(get());
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, outcome.status);
        CPPUNIT_ASSERT(outcome.error.find("transaction") != std::string::npos);
    }
    void callsAtOnceRunAtOnce() {
        for (const bool direct : {false, true}) {
            fresh();
            direct ? fleet_->shortCut() : fleet_->listen();
            struct Held {
                std::mutex mutex;
                std::vector<std::shared_ptr<Exchange>> exchanges;
            };
            // The handler's: it still holds the lock when the answers are here.
            fleet_->product.handler.on_handle = [held = std::make_shared<Held>()](std::shared_ptr<Exchange> exchange) {
                const std::lock_guard lock{held->mutex};
                held->exchanges.push_back(std::move(exchange));
                if (held->exchanges.size() == 5) {  // only when all are there is any answered
                    for (const auto& each : std::exchange(held->exchanges, {})) {
                        each->respond(text(200, each->request().path));
                    }
                }
            };
            std::vector<ServiceCall> calls;
            calls.reserve(5);
            for (int i = 0; i < 5; ++i) {
                calls.push_back(get("/" + std::to_string(i)));
            }
            const auto outcomes = fleet_->services.callAll(std::move(calls));
            for (int i = 0; i < 5; ++i) {
                CPPUNIT_ASSERT_EQUAL("/" + std::to_string(i), outcomes[static_cast<std::size_t>(i)].response.body);
            }
        }
    }
    void foreignServiceNameIsForbidden() {
        fleet_->listen();
        work_.service = "stranger";
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_FORBIDDEN}, fleet_->services.call(get()).status);
    }
    void callerThatGaveUpLetsTheCalleeEnd() {
        std::promise<std::shared_ptr<Exchange>> got;
        fleet_->product.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) {
            got.set_value(std::move(exchange));
        };
        fleet_->shortCut();
        std::promise<Outcome> done;
        const auto operation = fleet_->services.start(get(), Caller::current(),
                                                      [&](Outcome outcome) { done.set_value(std::move(outcome)); });
        auto exchange = await(got.get_future());
        bool told = false;
        exchange->onAbandoned([&] { told = true; });
        operation->cancel();
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, await(done.get_future()).status);
        CPPUNIT_ASSERT(exchange->abandoned() && told);
        exchange->respond(text(200, "for nobody"));
    }
    void callsAreMeasured() {
        fleet_->listen();
        fleet_->services.call(get());
        const auto metrics = fleet_->metrics.expose();
        const auto line = metrics.find("client_request_duration_seconds_count{");
        CPPUNIT_ASSERT(line != std::string::npos);
        const auto labels = metrics.substr(line, metrics.find('\n', line) - line);
        for (const auto* label : {"service=\"order\"", "target=\"product\"", "method=\"GET\"", "status=\"200\""}) {
            CPPUNIT_ASSERT_MESSAGE(labels, labels.find(label) != std::string::npos);
        }
    }
    void tableOfTheAbiWorks() {
        fleet_->listen();
        ClientCapability capability(fleet_->services);
        plugin::Environment environment;
        environment.service = "order";
        const auto binding = capability.bind(environment);
        const auto* const client = static_cast<const stoa_client*>(binding->table());
        stoa_call call{};
        call.struct_size = sizeof(call);
        call.service = view("product");
        call.method = view("POST");
        call.path = view("/x?y");
        call.content_type = view("text/plain");
        call.body = view("body");
        stoa_reply* reply = nullptr;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, client->call(client, &call, &reply));
        CPPUNIT_ASSERT_EQUAL(200U, client->reply_status(reply));
        CPPUNIT_ASSERT_EQUAL(std::string{"POST /x?y body"}, std::string{stoa::text(client->reply_body(reply))});
        stoa_str type{};
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, client->reply_header(reply, view("content-type"), &type));
        CPPUNIT_ASSERT_EQUAL(std::string{"text/plain"}, std::string{stoa::text(type)});
        client->release(reply);
        const stoa_pair forbidden{view("authorization"), view("Bearer x")};
        call.headers = &forbidden;
        call.header_count = 1;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, client->call(client, &call, &reply));
        CPPUNIT_ASSERT(reply == nullptr);
        CPPUNIT_ASSERT(lastError().find("authorization") != std::string::npos);
    }

    void setUp() override { fresh(); }
    void tearDown() override {
        scope_.reset();
        fleet_.reset();
    }

private:
    void fresh() {
        fleet_ = std::make_unique<TestFleet>();
        scope_.reset();
        work_ = {};
        work_.service = "order";
        work_.correlation_id = "corr";
        work_.trace_id = "0123456789abcdef0123456789abcdef";
        work_.span_id = "0123456789abcdef";
        work_.user_token = "user-token";
        work_.deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        scope_.emplace(work_);
    }
    void answer(std::vector<int> statuses) {
        const auto left = std::make_shared<std::vector<int>>(statuses.rbegin(), statuses.rend());
        fleet_->product.handler.on_handle = [left](std::shared_ptr<Exchange> exchange) {
            const int status = left->back();
            left->pop_back();
            exchange->respond(text(status, ""));
        };
    }
    /// What callee and caller saw.
    std::string observed(ServiceCall call, bool direct) {
        fresh();
        const auto request = std::make_shared<std::string>();
        fleet_->product.handler.on_admit = [](const Request& head) {
            http::Admission admission;
            admission.max_body = 1'000;
            admission.streaming = head.path == "/streamed";
            if (head.path == "/refused") {
                admission.refusal = http::problem(403, "forbidden", "Forbidden");
            }
            return admission;
        };
        fleet_->product.handler.on_handle = [request](std::shared_ptr<Exchange> exchange) {
            *request = dump(exchange->request());
            const auto& path = exchange->request().path;
            if (path == "/thrown") {
                throw std::runtime_error("no");
            }
            if (path == "/dropped") {
                return;
            }
            auto response = text(path == "/empty" ? 204 : 200, "answer to " + path);
            if (path == "/streamed") {
                response.source = exchange->request().method == "POST" ? exchange->request().source
                                                                       : http::textBody("piece by piece");
                response.body.clear();
            }
            exchange->respond(std::move(response));
        };
        direct ? fleet_->shortCut() : fleet_->listen();
        const auto outcome = fleet_->services.call(std::move(call));
        return *request + "\n----\n" + seen(outcome);
    }

    Work work_;
    std::optional<WorkScope> scope_;
    std::unique_ptr<TestFleet> fleet_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ServiceClientTest);

}  // namespace stoa::host::outbound
