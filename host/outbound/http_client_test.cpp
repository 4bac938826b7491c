// The client against our own server, and against peers that the test plays byte by byte.

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <thread>

#include "host/http/body.h"
#include "host/http/test_peer.h"
#include "host/http/test_server.h"
#include "host/outbound/http_client.h"

namespace stoa::host::outbound {
namespace {

using http::await;
using http::RawListener;
using std::chrono::milliseconds;

Origin here(std::uint16_t port) { return {"127.0.0.1", port, false, false}; }

HttpCall get(const std::string& target = "/", milliseconds timeout = milliseconds{10'000}) {
    HttpCall call;
    call.target = target;
    call.deadline = std::chrono::steady_clock::now() + timeout;
    return call;
}

HttpCall post(std::string body) {
    auto call = get();
    call.method = "POST";
    call.body = std::move(body);
    return call;
}

}  // namespace

class HttpClientTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(HttpClientTest);
    CPPUNIT_TEST(callsAndBodiesArrive);
    CPPUNIT_TEST(connectionsAreUsedAgain);
    CPPUNIT_TEST(callsBeyondTheLimitWait);
    CPPUNIT_TEST(staleConnectionIsReplacedUnnoticed);
    CPPUNIT_TEST(aPostIsNotSentTwice);
    CPPUNIT_TEST(onceIsOnceForAGetToo);
    CPPUNIT_TEST(deadlineEndsTheCall);
    CPPUNIT_TEST(nobodyListeningIsNotSent);
    CPPUNIT_TEST(resetAfterTheRequestIsSent);
    CPPUNIT_TEST(answerByteByByteIsRead);
    CPPUNIT_TEST(interimAnswersAreSkipped);
    CPPUNIT_TEST(whatIsNotHttpIsBroken);
    CPPUNIT_TEST(answerThatBreaksOffIsBroken);
    CPPUNIT_TEST(answerUntilTheEndOfTheConnectionIsTaken);
    CPPUNIT_TEST(tooLargeAnswerIsRefused);
    CPPUNIT_TEST(answersStreamWithBackPressure);
    CPPUNIT_TEST(aSmallAnswerIsNotStreamed);
    CPPUNIT_TEST(bodiesStreamBothWays);
    CPPUNIT_TEST(droppedStreamClosesItsConnection);
    CPPUNIT_TEST(cancelClosesTheConnection);
    CPPUNIT_TEST(badHeadersAreNeverSent);
    CPPUNIT_TEST(linkLocalAddressesAreRefused);
    CPPUNIT_TEST(originsAreRead);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { client_ = std::make_unique<HttpClient>(HttpClientOptions{}, server_.io); }
    void tearDown() override {
        server_.server.reset();
        client_.reset();
    }

    void callsAndBodiesArrive() {
        const auto origin = here(server_.port());
        auto outcome = client_->sendAndWait(origin, get("/a?b=c"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(outcome.error, stoa_status{STOA_OK}, outcome.status);
        CPPUNIT_ASSERT_EQUAL(std::string{"GET /a?b=c "}, outcome.response.body);
        CPPUNIT_ASSERT(!outcome.response.headers.find("Content-Length"));
        const std::string large(900'000, 'x');
        CPPUNIT_ASSERT_EQUAL("POST /? " + large, client_->sendAndWait(origin, post(large)).response.body);
        auto head = get("/a");
        head.method = "HEAD";
        outcome = client_->sendAndWait(origin, std::move(head));
        CPPUNIT_ASSERT_EQUAL(std::string{"9"}, std::string{*outcome.response.headers.find("Content-Length")});
    }
    void connectionsAreUsedAgain() {
        oneConnection();
        for (int i = 0; i < 20; ++i) {
            CPPUNIT_ASSERT(client_->sendAndWait(here(server_.port()), post("a")).answered());
        }
        CPPUNIT_ASSERT(server_.running().statistics().connections_total <= 2);  // one per loop
        CPPUNIT_ASSERT(client_->idleConnections() >= 1);
    }
    void callsBeyondTheLimitWait() {
        oneConnection();
        std::vector<std::future<Outcome>> all;
        all.reserve(20);
        for (int i = 0; i < 20; ++i) {
            all.push_back(sendAsync(here(server_.port()), get("/" + std::to_string(i))));
        }
        for (int i = 0; i < 20; ++i) {
            CPPUNIT_ASSERT_EQUAL("GET /" + std::to_string(i) + "? ", await(std::move(all[i])).response.body);
        }
        CPPUNIT_ASSERT(server_.running().statistics().connections_total <= 2);
    }
    void staleConnectionIsReplacedUnnoticed() { CPPUNIT_ASSERT(overStaleConnection(get()).answered()); }
    void aPostIsNotSentTwice() {
        const auto outcome = overStaleConnection(post("a"));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, outcome.status);
        CPPUNIT_ASSERT(outcome.sent);
    }
    void onceIsOnceForAGetToo() {
        auto call = get();
        call.once = true;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, overStaleConnection(std::move(call)).status);
    }
    void deadlineEndsTheCall() {
        RawListener silent;
        const auto outcome = client_->sendAndWait(here(silent.port()), get("/", milliseconds{50}));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DEADLINE}, outcome.status);
        CPPUNIT_ASSERT(outcome.sent);
        const auto late = client_->sendAndWait(here(silent.port()), get("/", milliseconds{0}));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DEADLINE}, late.status);
        CPPUNIT_ASSERT(!late.sent);
    }
    void nobodyListeningIsNotSent() {
        RawListener gone;
        const auto port = gone.port();
        gone.close();
        const auto outcome = client_->sendAndWait(here(port), post("a"));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, outcome.status);
        CPPUNIT_ASSERT(!outcome.sent);
        CPPUNIT_ASSERT(!outcome.broken);
    }
    void resetAfterTheRequestIsSent() {
        RawListener listener;
        auto outcome = sendAsync(here(listener.port()), post("abc"));
        auto peer = listener.accept();
        peer.readUntil("abc");
        peer.reset();
        const auto got = await(std::move(outcome));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, got.status);
        CPPUNIT_ASSERT(got.sent);
    }
    void answerByteByByteIsRead() {
        const auto got = answered(
            "HTTP/1.1 201 Created\r\nX-A: b\r\nTransfer-Encoding: chunked\r\nConnection: X-C\r\nX-C: d"
            "\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            true);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(got.error, 201, got.response.status);
        CPPUNIT_ASSERT_EQUAL(std::string{"abcde"}, got.response.body);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, got.response.headers.size());
    }
    void interimAnswersAreSkipped() {
        CPPUNIT_ASSERT_EQUAL(
            204, answered("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 No "
                          "Content\r\n\r\n")
                     .response.status);
    }
    void whatIsNotHttpIsBroken() {
        for (const auto* bytes : {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n",
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
            const auto got = answered(bytes);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(bytes, stoa_status{STOA_UNAVAILABLE}, got.status);
            CPPUNIT_ASSERT_MESSAGE(bytes, got.broken && got.sent);
        }
    }
    void answerThatBreaksOffIsBroken() {
        CPPUNIT_ASSERT(answered("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").broken);
        CPPUNIT_ASSERT(answered("HTTP/1.1 200 O").broken);
    }
    void answerUntilTheEndOfTheConnectionIsTaken() {
        CPPUNIT_ASSERT_EQUAL(std::string{"abc"}, answered("HTTP/1.0 200 OK\r\n\r\nabc").response.body);
    }
    void tooLargeAnswerIsRefused() {
        server_.handler.on_handle = [](std::shared_ptr<http::Exchange> exchange) {
            http::Response response;
            response.source = http::textBody(std::string(2'000, 'x'));
            exchange->respond(std::move(response));
        };
        auto call = get();
        call.max_answer = 1'999;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_EXHAUSTED},
                             client_->sendAndWait(here(server_.port()), std::move(call)).status);
        call = get();
        call.max_answer = 2'000;
        CPPUNIT_ASSERT(client_->sendAndWait(here(server_.port()), std::move(call)).answered());
    }
    void answersStreamWithBackPressure() {
        RawListener listener;
        auto call = get();
        call.stream_answer = true;
        auto outcome = sendAsync(here(listener.port()), std::move(call));
        auto peer = listener.accept();
        peer.readUntil("\r\n\r\n");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 300000000\r\n\r\n");
        const auto got = await(std::move(outcome));
        CPPUNIT_ASSERT_EQUAL(std::uint64_t{300'000'000}, *got.response.source->size());
        CPPUNIT_ASSERT(peer.sendUntilStuck(100'000'000) < 100'000'000);
    }
    /// One that came with its head has no reader to wait for, and its connection is free at once.
    void aSmallAnswerIsNotStreamed() {
        RawListener listener;
        for (const std::string_view body : {"hello", ""}) {
            auto call = get();
            call.stream_answer = true;
            auto outcome = sendAsync(here(listener.port()), std::move(call));
            auto peer = listener.accept();
            peer.readUntil("\r\n\r\n");
            peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
                      "\r\n\r\n" + std::string{body});
            const auto got = await(std::move(outcome));
            CPPUNIT_ASSERT(!got.response.source);
            CPPUNIT_ASSERT_EQUAL(std::string{body}, got.response.body);
        }
    }
    void bodiesStreamBothWays() {
        server_.handler.on_admit = [](const http::Request&) {
            http::Admission admission;
            admission.streaming = true;
            admission.max_body = 100 << 20;
            return admission;
        };
        server_.handler.on_handle = [](std::shared_ptr<http::Exchange> exchange) {
            http::Response response;
            response.source = exchange->request().source;
            exchange->respond(std::move(response));
        };
        auto call = post({});
        const std::string large(20 << 20, 'b');
        call.source = http::textBody(large);
        call.stream_answer = true;
        auto got = client_->sendAndWait(here(server_.port()), std::move(call));
        CPPUNIT_ASSERT(got.answered());
        std::promise<std::string> body;
        http::readAll(got.response.source, 100 << 20,
                      [&](stoa_status, std::string text) { body.set_value(std::move(text)); });
        CPPUNIT_ASSERT(large == await(body.get_future()));
    }
    void droppedStreamClosesItsConnection() {
        RawListener listener;
        auto call = get();
        call.stream_answer = true;
        auto outcome = sendAsync(here(listener.port()), std::move(call));
        auto peer = listener.accept();
        peer.readUntil("\r\n\r\n");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        await(std::move(outcome)).response.source.reset();
        CPPUNIT_ASSERT(peer.ended());
    }
    void cancelClosesTheConnection() {
        RawListener listener;
        std::promise<Outcome> done;
        const auto operation =
            client_->send(here(listener.port()), get(), [&](Outcome outcome) { done.set_value(std::move(outcome)); });
        auto peer = listener.accept();
        peer.readUntil("\r\n\r\n");
        operation->cancel();
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, await(done.get_future()).status);
        CPPUNIT_ASSERT(peer.ended());
    }
    void badHeadersAreNeverSent() {
        auto call = get();
        call.headers.add("X", "a\r\nY: b");
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, client_->sendAndWait(here(1), std::move(call)).status);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, client_->sendAndWait(here(1), get("/a b")).status);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, client_->sendAndWait(here(1), get("a")).status);
    }
    void linkLocalAddressesAreRefused() {
        // Numbers are names to the resolver; this one is 169.254.169.254.
        const Origin metadata{"2852039166", 80, false, true};
        const auto outcome = client_->sendAndWait(metadata, get());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(outcome.error, stoa_status{STOA_FORBIDDEN}, outcome.status);
        CPPUNIT_ASSERT(!outcome.sent);
    }
    void originsAreRead() {
        CPPUNIT_ASSERT(Origin::parse("127.0.0.1:81") == (Origin{"127.0.0.1", 81, false, false}));
        CPPUNIT_ASSERT(Origin::parse("https://a.example") == (Origin{"a.example", 443, true, false}));
        CPPUNIT_ASSERT(Origin::parse("http://[::1]:8080/") == (Origin{"::1", 8080, false, false}));
        CPPUNIT_ASSERT_EQUAL(std::string{"[::1]:8080"}, Origin::parse("[::1]:8080").authority());
        for (const auto* bad : {"", "a:", "a:b", "a:0", "a:70000", "user@a", "[::1", "http://", "a b:1"}) {
            CPPUNIT_ASSERT_THROW_MESSAGE(bad, Origin::parse(bad), Error);
        }
    }

private:
    void oneConnection() {
        HttpClientOptions options;
        options.max_per_origin = 1;
        client_ = std::make_unique<HttpClient>(options, server_.io);
    }
    std::future<Outcome> sendAsync(const Origin& origin, HttpCall call) {
        const auto done = std::make_shared<std::promise<Outcome>>();
        client_->send(origin, std::move(call), [done](Outcome outcome) { done->set_value(std::move(outcome)); });
        return done->get_future();
    }
    /// What comes of a GET that is answered with these bytes and the end of the connection.
    Outcome answered(const std::string& bytes, bool byte_by_byte = false) {
        RawListener listener;
        auto outcome = sendAsync(here(listener.port()), get());
        auto peer = listener.accept();
        peer.readUntil("\r\n\r\n");
        for (std::size_t i = 0; byte_by_byte && i < bytes.size(); ++i) {
            peer.send({&bytes[i], 1});
        }
        if (!byte_by_byte) {
            peer.send(bytes);
        }
        peer.endSending();
        return await(std::move(outcome));
    }
    /// A call over a connection that the other side closes when the second request has arrived.
    Outcome overStaleConnection(HttpCall second) {
        http::Io io(1);
        const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        RawListener listener;
        HttpClient client({}, std::shared_ptr<http::Io>(&io, [](http::Io*) {}));
        std::promise<Outcome> first;
        client.send(here(listener.port()), get(), [&](Outcome outcome) { first.set_value(std::move(outcome)); });
        auto peer = listener.accept();
        peer.readUntil("\r\n\r\n");
        peer.send(ok);
        CPPUNIT_ASSERT(await(first.get_future()).answered());
        std::promise<Outcome> done;
        const bool again = second.method == "GET" && !second.once;
        client.send(here(listener.port()), std::move(second),
                    [&](Outcome outcome) { done.set_value(std::move(outcome)); });
        peer.readUntil("\r\n\r\n");
        peer.close();
        if (again) {
            auto fresh = listener.accept();
            fresh.readUntil("\r\n\r\n");
            fresh.send(ok);
            return await(done.get_future());
        }
        return await(done.get_future());
    }

    http::TestServer server_;
    std::unique_ptr<HttpClient> client_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(HttpClientTest);

}  // namespace stoa::host::outbound
