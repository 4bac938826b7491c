// The streaming proxy: what travels, what does not, and who is hurt when somebody leaves.

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/http/body.h"
#include "host/http/test_peer.h"
#include "host/outbound/forward.h"
#include "host/outbound/test_fleet.h"

namespace stoa::host::outbound {
namespace {

using http::Exchange;
using http::get;
using http::RawListener;
using http::RawPeer;

}  // namespace

class ForwardTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ForwardTest);
    CPPUNIT_TEST(requestTravelsWithoutWhatIsTheClientsOrTheHops);
    CPPUNIT_TEST(answerTravelsBack);
    CPPUNIT_TEST(bodiesStreamBothWays);
    CPPUNIT_TEST(nobodyThereIs503);
    CPPUNIT_TEST(silenceIs504);
    CPPUNIT_TEST(nonsenseIs502);
    CPPUNIT_TEST(upstreamThatDiesMidwayEndsTheAnswer);
    CPPUNIT_TEST(clientThatLeavesEndsItsUpstreamCallOnly);
    CPPUNIT_TEST(clientThatLeavesAStreamEndsIt);
    CPPUNIT_TEST(slowUpstreamsHoldNobodyUp);
    CPPUNIT_TEST(tooLargeBodyIs413);
    CPPUNIT_TEST(shortCutForwardsToo);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        fleet_ = std::make_unique<TestFleet>();
        forward_ = std::make_unique<Forward>(fleet_->services);
        edge_ = std::make_unique<http::TestServer>(fleet_->product.io);
        edge_->options.listeners.front().listener = http::Listener::kEdge;
        edge_->handler.on_admit = [this](const http::Request&) {
            http::Admission admission;
            admission.streaming = true;
            admission.max_body = max_body_;
            return admission;
        };
        edge_->handler.on_handle = [this](std::shared_ptr<Exchange> exchange) {
            dispatch::ForwardOrder order;
            order.service = "product";
            const auto& request = exchange->request();
            order.path = request.path + (request.query.empty() ? "" : "?" + request.query);
            order.set = {{"X-Set", "by the gateway"}};
            order.drop = {"X-Drop"};
            order.deadline = std::chrono::steady_clock::now() + deadline_;
            order.correlation_id = "corr";
            forward_->forward(std::move(exchange), std::move(order));
        };
    }
    void tearDown() override {
        edge_.reset();
        fleet_.reset();
    }

    void requestTravelsWithoutWhatIsTheClientsOrTheHops() {
        RawListener upstream;
        fleet_->hosts.add("product", upstream.port());
        RawPeer client{edge_->port()};
        client.send(get("/a/b?c=d",
                        "Connection: keep-alive, X-Named\r\nX-Named: 1\r\nTE: trailers\r\nUpgrade: h2c\r\n"
                        "Stoa-Service-Token: forged\r\nSTOA-Deadline-Ms: 999999\r\nX-User-Id: root\r\n"
                        "X-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nAuthorization: Bearer u\r\n"
                        "Idempotency-Key: k\r\nX-Drop: 1\r\nX-Keep: 1\r\nX-Set: 1\r\n"));
        auto peer = upstream.accept();
        const auto head = peer.readUntil("\r\n\r\n");
        CPPUNIT_ASSERT(head.starts_with("GET /a/b?c=d HTTP/1.1\r\n"));
        for (const auto* there : {"Host: product\r\n", "X-Forwarded-For: 127.0.0.1\r\n", "X-Forwarded-Proto: http\r\n",
                                  "X-Forwarded-Host: shop\r\n", "Forwarded: for=127.0.0.1;proto=http;host=\"shop\"\r\n",
                                  "Authorization: Bearer u\r\n", "Idempotency-Key: k\r\n", "X-Keep: 1\r\n",
                                  "X-Set: by the gateway\r\n", "X-Correlation-ID: corr\r\n"}) {
            CPPUNIT_ASSERT_MESSAGE(there + head, head.find(there) != std::string::npos);
        }
        for (const auto* gone : {"X-Named", "TE:", "Upgrade", "Stoa-Service-Token", "999999", "X-User-Id", "1.2.3.4",
                                 "X-Drop", "keep-alive", "\r\nHost: shop", "X-Set: 1\r\n"}) {
            CPPUNIT_ASSERT_MESSAGE(gone + head, head.find(gone) == std::string::npos);
        }
        peer.send("HTTP/1.1 204 No Content\r\n\r\n");
        CPPUNIT_ASSERT(client.readMessage().starts_with("HTTP/1.1 204"));
    }
    void answerTravelsBack() {
        RawListener upstream;
        fleet_->hosts.add("product", upstream.port());
        RawPeer client{edge_->port()};
        client.send(get("/a"));
        auto peer = upstream.accept();
        peer.readUntil("\r\n\r\n");
        peer.send("HTTP/1.1 404 Nope\r\nServer: other\r\nETag: \"1\"\r\nKeep-Alive: 1\r\nContent-Length: 3\r\n\r\nabc");
        const auto answer = client.readMessage();
        CPPUNIT_ASSERT_MESSAGE(answer, answer.starts_with("HTTP/1.1 404 Not Found\r\n"));
        CPPUNIT_ASSERT(answer.ends_with("\r\n\r\nabc"));
        CPPUNIT_ASSERT(answer.find("ETag: \"1\"\r\n") != std::string::npos);
        CPPUNIT_ASSERT(answer.find("other") == std::string::npos && answer.find("Keep-Alive") == std::string::npos);
        client.send("HEAD /a HTTP/1.1\r\nHost: shop\r\n\r\n");
        peer.readUntil("\r\n\r\n");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
        CPPUNIT_ASSERT(client.readMessage(true).find("Content-Length: 1234\r\n") != std::string::npos);
    }
    void bodiesStreamBothWays() {
        RawListener upstream;
        fleet_->hosts.add("product", upstream.port());
        RawPeer client{edge_->port()};
        client.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        auto peer = upstream.accept();
        peer.readUntil("3\r\nabc\r\n");  // though the body has not ended
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n");
        client.readUntil("2\r\nde\r\n");
        peer.send("0\r\n\r\n");
        client.readUntil("0\r\n\r\n");
    }
    void nobodyThereIs503() {
        RawPeer client{edge_->port()};
        client.send(get("/a"));
        const auto answer = client.readMessage();
        CPPUNIT_ASSERT(answer.starts_with("HTTP/1.1 503"));
        CPPUNIT_ASSERT(answer.find("Retry-After: ") != std::string::npos);
    }
    void silenceIs504() {
        deadline_ = std::chrono::milliseconds{50};
        RawListener upstream;
        fleet_->hosts.add("product", upstream.port());
        RawPeer client{edge_->port()};
        client.send(get("/a"));
        CPPUNIT_ASSERT(client.readMessage().starts_with("HTTP/1.1 504"));
        client.send(get("/b"));
        CPPUNIT_ASSERT(client.readMessage().starts_with("HTTP/1.1 504"));
    }
    void nonsenseIs502() {
        RawListener upstream;
        fleet_->hosts.add("product", upstream.port());
        RawPeer client{edge_->port()};
        client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        auto peer = upstream.accept();
        peer.readUntil("\r\n\r\n");
        peer.send("nonsense\r\n\r\n");
        CPPUNIT_ASSERT(client.readMessage().starts_with("HTTP/1.1 502"));
    }
    void upstreamThatDiesMidwayEndsTheAnswer() {
        RawListener upstream;
        fleet_->hosts.add("product", upstream.port());
        RawPeer client{edge_->port()};
        client.send(get("/a"));
        auto peer = upstream.accept();
        peer.readUntil("\r\n\r\n");
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        client.readUntil("3\r\nabc\r\n");
        peer.close();
        CPPUNIT_ASSERT_EQUAL(std::string{}, client.readAll());
    }
    void clientThatLeavesEndsItsUpstreamCallOnly() {
        RawListener upstream;
        fleet_->hosts.add("product", upstream.port());
        RawPeer leaving{edge_->port()};
        RawPeer staying{edge_->port()};
        leaving.send(get("/leaving"));
        auto first = upstream.accept();
        first.readUntil("\r\n\r\n");
        staying.send(get("/staying"));
        auto second = upstream.accept();
        second.readUntil("\r\n\r\n");
        leaving.close();
        CPPUNIT_ASSERT(first.ended());
        second.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        CPPUNIT_ASSERT(staying.readMessage().ends_with("\r\n\r\nok"));
    }
    void clientThatLeavesAStreamEndsIt() {
        RawListener upstream;
        fleet_->hosts.add("product", upstream.port());
        RawPeer leaving{edge_->port()};
        leaving.send(get("/leaving"));
        auto peer = upstream.accept();
        peer.readUntil("\r\n\r\n");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc");
        leaving.readUntil("abc");
        leaving.close();
        CPPUNIT_ASSERT(peer.ended());
    }
    void slowUpstreamsHoldNobodyUp() {
        std::mutex mutex;
        std::vector<std::shared_ptr<Exchange>> held;
        fleet_->product.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) {
            if (exchange->request().path == "/quick") {
                exchange->respond(http::Response{});
                return;
            }
            const std::lock_guard lock{mutex};
            held.push_back(std::move(exchange));
        };
        fleet_->listen();
        std::vector<RawPeer> slow;
        for (int i = 0; i < 50; ++i) {
            slow.emplace_back(edge_->port()).send(get("/slow"));
        }
        RawPeer quick{edge_->port()};
        for (int i = 0; i < 20; ++i) {
            quick.send(get("/quick"));
            CPPUNIT_ASSERT(quick.readMessage().starts_with("HTTP/1.1 200"));
        }
        fleet_->product.server.reset();
        held.clear();
    }
    void tooLargeBodyIs413() {
        max_body_ = 4;
        fleet_->listen();
        RawPeer client{edge_->port()};
        client.send("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n");
        CPPUNIT_ASSERT(client.readMessage().starts_with("HTTP/1.1 413"));
    }
    void shortCutForwardsToo() {
        fleet_->shortCut();
        RawPeer client{edge_->port()};
        client.send("POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
        CPPUNIT_ASSERT(client.readMessage().ends_with("\r\n\r\nPOST /a?b body"));
        fleet_->product.handler.on_handle = [](std::shared_ptr<Exchange> exchange) {
            http::Response response;
            response.source = http::textBody("streamed");
            exchange->respond(std::move(response));
        };
        client.send(get("/s"));
        CPPUNIT_ASSERT(client.readMessage().ends_with("\r\n\r\nstreamed"));
    }

private:
    std::int64_t max_body_ = 1 << 20;
    std::chrono::milliseconds deadline_{10'000};
    std::unique_ptr<TestFleet> fleet_;
    std::unique_ptr<Forward> forward_;
    std::unique_ptr<http::TestServer> edge_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ForwardTest);

}  // namespace stoa::host::outbound
