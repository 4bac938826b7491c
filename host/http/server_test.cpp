// How the listeners behave: order, limits, slow peers, draining.

#include <future>
#include <thread>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/http/test_peer.h"
#include "host/http/test_server.h"

namespace stoa::host::http {
class ServerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ServerTest);
    CPPUNIT_TEST(pipelinedRequestsAreAnsweredInOrder);
    CPPUNIT_TEST(pipelinedRequestsOfOtherThreadsAreAnsweredInOrder);
    CPPUNIT_TEST(headHasLengthAndNoBody);
    CPPUNIT_TEST(http10ClosesUnlessAskedNotTo);
    CPPUNIT_TEST(expectationIsAnsweredOnceTheBodyIsWanted);
    CPPUNIT_TEST(refusalKeepsTheConnectionWhenTheBodyIsSmall);
    CPPUNIT_TEST(refusalClosesWhenThePeerWaitsForContinue);
    CPPUNIT_TEST(slowHeadIsAnsweredAndCostsNobodyElse);
    CPPUNIT_TEST(slowBodyIsAnswered);
    CPPUNIT_TEST(idleConnectionsAreClosed);
    CPPUNIT_TEST(tooManyConnectionsAreToldSo);
    CPPUNIT_TEST(handlerThatLetsGoAnswers500);
    CPPUNIT_TEST(handlerThatThrowsAnswers500);
    CPPUNIT_TEST(peerThatLeavesIsNoticed);
    CPPUNIT_TEST(peerThatOnlyEndsItsSideIsAnswered);
    CPPUNIT_TEST(largeAnswersArriveWhole);
    CPPUNIT_TEST_SUITE_END();

public:
    void pipelinedRequestsAreAnsweredInOrder() {
        RawPeer peer{server_.port()};
        std::string requests;
        for (int i = 0; i < 500; ++i) {
            requests += get("/" + std::to_string(i));
        }
        peer.send(requests);
        for (int i = 0; i < 500; ++i) {
            CPPUNIT_ASSERT(peer.readMessage().ends_with("GET /" + std::to_string(i) + "? "));
        }
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{500}, server_.running().statistics().requests_total);
    }
    void pipelinedRequestsOfOtherThreadsAreAnsweredInOrder() {
        std::vector<std::jthread> workers;
        server_.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) {
            workers.emplace_back([exchange] { exchange->respond(text(exchange->request().path)); });
        };
        RawPeer peer{server_.port()};
        std::string requests;
        for (int i = 0; i < 50; ++i) {
            requests += get("/" + std::to_string(i));
        }
        peer.send(requests);
        for (int i = 0; i < 50; ++i) {
            CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\n/" + std::to_string(i)));
        }
        server_.server.reset();
    }
    void headHasLengthAndNoBody() {
        RawPeer peer{server_.port()};
        peer.send("HEAD /a HTTP/1.1\r\nHost: shop\r\n\r\n" + get("/b"));
        const auto head = peer.readMessage(true);
        CPPUNIT_ASSERT(head.find("Content-Length: 9\r\n") != std::string::npos);
        CPPUNIT_ASSERT(peer.readMessage().ends_with("GET /b? "));
    }
    void http10ClosesUnlessAskedNotTo() {
        RawPeer closing{server_.port()};
        closing.send("GET /a HTTP/1.0\r\n\r\n");
        CPPUNIT_ASSERT(closing.readAll().ends_with("GET /a? "));
        RawPeer staying{server_.port()};
        for (int i = 0; i < 2; ++i) {
            staying.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            CPPUNIT_ASSERT(staying.readMessage().find("Connection: keep-alive\r\n") != std::string::npos);
        }
    }
    void expectationIsAnsweredOnceTheBodyIsWanted() {
        RawPeer peer{server_.port()};
        peer.send("POST /a HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        CPPUNIT_ASSERT_EQUAL(std::string{"HTTP/1.1 100 Continue\r\n\r\n"}, peer.readUntil("\r\n\r\n"));
        peer.send("body");
        CPPUNIT_ASSERT(peer.readMessage().ends_with("POST /a? body"));
        peer.send("POST /b HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody");
        CPPUNIT_ASSERT(peer.readMessage().ends_with("POST /b? body"));
    }
    void refusalKeepsTheConnectionWhenTheBodyIsSmall() {
        server_.handler.on_admit = [](const Request& head) {
            Admission admission;
            if (head.path == "/no") {
                admission.refusal = problem(403, "forbidden", "Forbidden");
            }
            return admission;
        };
        RawPeer peer{server_.port()};
        peer.send("POST /no HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\n\r\nbo");
        CPPUNIT_ASSERT(peer.readMessage().starts_with("HTTP/1.1 403 Forbidden\r\n"));
        peer.send("dy" + get("/yes"));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("GET /yes? "));
        peer.send("POST /no HTTP/1.1\r\nHost: shop\r\nContent-Length: 400000\r\n\r\n");
        CPPUNIT_ASSERT(peer.readMessage().find("Connection: close\r\n") != std::string::npos);
        CPPUNIT_ASSERT(peer.ended());
    }
    void refusalClosesWhenThePeerWaitsForContinue() {
        server_.handler.on_admit = [](const Request&) {
            Admission admission;
            admission.refusal = problem(401, "unauthenticated", "Unauthorized");
            return admission;
        };
        RawPeer peer{server_.port()};
        peer.send("POST /no HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        CPPUNIT_ASSERT(peer.readMessage().starts_with("HTTP/1.1 401"));
        CPPUNIT_ASSERT(peer.ended());
    }
    void slowHeadIsAnsweredAndCostsNobodyElse() {
        server_.options.header_timeout = std::chrono::milliseconds{100};
        std::vector<RawPeer> slow;
        for (int i = 0; i < 100; ++i) {
            slow.emplace_back(server_.port()).send("GET / HTT");
        }
        RawPeer good{server_.port()};
        for (int i = 0; i < 10; ++i) {
            good.send(get("/good"));
            CPPUNIT_ASSERT(good.readMessage().ends_with("GET /good? "));
        }
        for (auto& peer : slow) {
            CPPUNIT_ASSERT(peer.readMessage().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
            CPPUNIT_ASSERT(peer.ended());
        }
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{100}, server_.running().statistics().refused_total);
    }
    void slowBodyIsAnswered() {
        server_.options.body_timeout = std::chrono::milliseconds{100};
        RawPeer peer{server_.port()};
        peer.send("POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\n\r\nbo");
        CPPUNIT_ASSERT(peer.readMessage().starts_with("HTTP/1.1 408"));
        CPPUNIT_ASSERT(peer.ended());
    }
    void idleConnectionsAreClosed() {
        server_.options.idle_timeout = std::chrono::milliseconds{50};
        RawPeer fresh{server_.port()};
        CPPUNIT_ASSERT(fresh.ended());
        RawPeer used{server_.port()};
        used.send(get("/"));
        used.readMessage();
        CPPUNIT_ASSERT(used.ended());
        waitFor([&] { return server_.running().statistics().connections_open == 0; });
    }
    void tooManyConnectionsAreToldSo() {
        server_.options.max_connections = 2;
        RawPeer first{server_.port()};
        RawPeer second{server_.port()};
        first.send(get("/"));
        first.readMessage();
        second.send(get("/"));
        second.readMessage();
        RawPeer third{server_.port()};
        const auto answer = third.readMessage();
        CPPUNIT_ASSERT(answer.starts_with("HTTP/1.1 503"));
        CPPUNIT_ASSERT(answer.find("Retry-After: 1\r\n") != std::string::npos);
        CPPUNIT_ASSERT(third.ended());
        first.send(get("/still"));
        CPPUNIT_ASSERT(first.readMessage().ends_with("GET /still? "));
    }
    void handlerThatLetsGoAnswers500() {
        server_.handler.on_handle = [](std::shared_ptr<Exchange>) {};
        RawPeer peer{server_.port()};
        peer.send(get("/"));
        CPPUNIT_ASSERT(peer.readMessage().starts_with("HTTP/1.1 500"));
    }
    void handlerThatThrowsAnswers500() {
        server_.handler.on_handle = [](std::shared_ptr<Exchange>) { throw std::runtime_error("no"); };
        RawPeer peer{server_.port()};
        peer.send(get("/a") + get("/b"));
        CPPUNIT_ASSERT(peer.readMessage().starts_with("HTTP/1.1 500"));
        CPPUNIT_ASSERT(peer.readMessage().starts_with("HTTP/1.1 500"));
    }
    void peerThatLeavesIsNoticed() {
        std::promise<std::shared_ptr<Exchange>> got;
        server_.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) { got.set_value(std::move(exchange)); };
        RawPeer peer{server_.port()};
        peer.send(get("/"));
        const auto exchange = await(got.get_future());
        std::promise<void> gone;
        exchange->onAbandoned([&] { gone.set_value(); });
        CPPUNIT_ASSERT(!exchange->abandoned());
        peer.close();
        await(gone.get_future());
        CPPUNIT_ASSERT(exchange->abandoned());
        exchange->respond(text("for nobody"));
        waitFor([&] { return server_.running().statistics().connections_open == 0; });
    }
    void peerThatOnlyEndsItsSideIsAnswered() {
        std::promise<std::shared_ptr<Exchange>> got;
        server_.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) { got.set_value(std::move(exchange)); };
        RawPeer peer{server_.port()};
        peer.send(get("/"));
        peer.endSending();
        await(got.get_future())->respond(text("after all"));
        CPPUNIT_ASSERT(peer.readAll().ends_with("\r\n\r\nafter all"));
    }
    void largeAnswersArriveWhole() {
        const std::string large(8 << 20, 'l');
        server_.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) { exchange->respond(text(large)); };
        RawPeer peer{server_.port()};
        peer.send(get("/a") + get("/b"));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\n" + large));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\n" + large));
    }

private:
    TestServer server_;
};

class DrainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DrainTest);
    CPPUNIT_TEST(drainWaitsForWhatIsUnderWay);
    CPPUNIT_TEST(drainCutsOffWhatTakesTooLong);
    CPPUNIT_TEST(takenPortIsNamed);
    CPPUNIT_TEST_SUITE_END();

public:
    void drainWaitsForWhatIsUnderWay() {
        std::promise<std::shared_ptr<Exchange>> got;
        server_.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) {
            if (exchange->request().path == "/slow") {
                got.set_value(std::move(exchange));
            } else {
                exchange->respond(text("quick"));
            }
        };
        RawPeer slow{server_.port()};
        RawPeer idle{server_.port()};
        idle.send(get("/"));
        CPPUNIT_ASSERT(idle.readMessage().find("Connection: close") == std::string::npos);
        slow.send(get("/slow"));
        auto exchange = await(got.get_future());
        server_.running().stopAccepting();
        idle.send(get("/"));
        CPPUNIT_ASSERT(idle.readMessage().find("Connection: close\r\n") != std::string::npos);
        auto drained =
            std::async(std::launch::async, [&] { return server_.running().drain(std::chrono::seconds{10}); });
        exchange->respond(text("done"));
        exchange.reset();
        CPPUNIT_ASSERT(slow.readAll().ends_with("\r\n\r\ndone"));
        CPPUNIT_ASSERT(drained.get());
        CPPUNIT_ASSERT_THROW(RawPeer{server_.port()}, std::runtime_error);
    }
    void drainCutsOffWhatTakesTooLong() {
        std::promise<std::shared_ptr<Exchange>> got;
        server_.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) { got.set_value(std::move(exchange)); };
        RawPeer slow{server_.port()};
        slow.send(get("/slow"));
        const auto exchange = await(got.get_future());
        CPPUNIT_ASSERT(!server_.running().drain(std::chrono::milliseconds{20}));
        CPPUNIT_ASSERT(slow.ended());
        CPPUNIT_ASSERT(exchange->abandoned());
        exchange->respond(text("too late"));
    }
    void takenPortIsNamed() {
        TestServer other;
        other.options.listeners.front().port = server_.port();
        try {
            other.port();
            CPPUNIT_FAIL("it bound a taken port");
        } catch (const Error& error) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, error.status());
            CPPUNIT_ASSERT(std::string{error.what()}.find(std::to_string(server_.port())) != std::string::npos);
        }
    }

private:
    TestServer server_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ServerTest);
CPPUNIT_TEST_SUITE_REGISTRATION(DrainTest);

}  // namespace stoa::host::http
