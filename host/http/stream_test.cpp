// Bodies that stream, in and out, and what slow or broken peers do to them.

#include <atomic>
#include <thread>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/http/body.h"
#include "host/http/test_peer.h"
#include "host/http/test_server.h"

namespace stoa::host::http {
namespace {

/// Gives pieces without end, and counts how many were asked for.
class Endless : public BodySource {
public:
    explicit Endless(std::shared_ptr<std::atomic<int>> asked) : asked_(std::move(asked)) {}
    void read(std::function<void(Chunk)> done) override {
        ++*asked_;
        done({STOA_OK, std::string(64 << 10, 'x'), false});
    }
    std::optional<std::uint64_t> size() const override { return std::nullopt; }

private:
    std::shared_ptr<std::atomic<int>> asked_;
};

/// Gives its pieces, then fails or ends.
class Pieces : public BodySource {
public:
    Pieces(std::vector<std::string> pieces, std::optional<std::uint64_t> size, stoa_status last = STOA_OK)
        : pieces_(std::move(pieces)), size_(size), last_(last) {}
    void read(std::function<void(Chunk)> done) override {
        if (next_ < pieces_.size()) {
            done({STOA_OK, pieces_[next_++], false});
        } else {
            done({last_, {}, last_ == STOA_OK});
        }
    }
    std::optional<std::uint64_t> size() const override { return size_; }

private:
    std::vector<std::string> pieces_;
    std::optional<std::uint64_t> size_;
    stoa_status last_;
    std::size_t next_ = 0;
};

}  // namespace

class StreamTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StreamTest);
    CPPUNIT_TEST(requestBodyComesPieceByPiece);
    CPPUNIT_TEST(senderIsSlowedByASlowReader);
    CPPUNIT_TEST(streamedBodyKeepsItsLimits);
    CPPUNIT_TEST(streamedBodyThatStallsFails);
    CPPUNIT_TEST(streamedBodyThatBreaksOffFails);
    CPPUNIT_TEST(unreadBodyEndsTheConnection);
    CPPUNIT_TEST(answersStreamChunkedOrWithTheirLength);
    CPPUNIT_TEST(drainDoesNotWaitForAnAnswerWhoseEndCameByItself);
    CPPUNIT_TEST(slowReaderSlowsTheSource);
    CPPUNIT_TEST(readerThatTakesNothingIsCutOff);
    CPPUNIT_TEST(brokenSourceBreaksTheAnswer);
    CPPUNIT_TEST(echoStreamsBothWays);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        server_.handler.on_admit = [](const Request&) {
            Admission admission;
            admission.streaming = true;
            admission.max_body = 1 << 30;
            return admission;
        };
    }
    void requestBodyComesPieceByPiece() {
        answerWithBody();
        RawPeer peer{server_.port()};
        peer.send("POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 8\r\n\r\nab");
        peer.send("cdef");
        peer.send("gh" + get("/none"));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\n0 abcdefgh"));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\n0 "));
        peer.send("POST /a HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
        peer.readUntil("100 Continue\r\n\r\n");
        peer.send("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\n0 abcdef"));
    }
    void senderIsSlowedByASlowReader() {
        const auto exchange = begin("POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 500000000\r\n\r\n");
        CPPUNIT_ASSERT(peer_->sendUntilStuck(100'000'000) < 100'000'000);
    }
    void streamedBodyKeepsItsLimits() {
        server_.handler.on_admit = [](const Request&) {
            Admission admission;
            admission.streaming = true;
            admission.max_body = 5;
            return admission;
        };
        answerWithBody();
        RawPeer peer{server_.port()};
        peer.send("POST /a HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n");
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\n" + std::to_string(STOA_EXHAUSTED) + " "));
        CPPUNIT_ASSERT(peer.ended());
    }
    void streamedBodyThatStallsFails() {
        server_.options.body_timeout = std::chrono::milliseconds{50};
        answerWithBody();
        RawPeer peer{server_.port()};
        peer.send("POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 8\r\n\r\nab");
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\n" + std::to_string(STOA_DEADLINE) + " ab"));
    }
    void streamedBodyThatBreaksOffFails() {
        answerWithBody();
        RawPeer peer{server_.port()};
        peer.send("POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 8\r\n\r\nab");
        peer.endSending();
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\n" + std::to_string(STOA_UNAVAILABLE) + " ab"));
        RawPeer bad{server_.port()};
        bad.send("POST /a HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
        CPPUNIT_ASSERT(bad.readMessage().ends_with("\r\n\r\n" + std::to_string(STOA_INVALID) + " "));
    }
    void unreadBodyEndsTheConnection() {
        server_.handler.on_handle = [](std::shared_ptr<Exchange> exchange) { exchange->respond(text("enough")); };
        RawPeer peer{server_.port()};
        peer.send("POST /a HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\nenough"));
        peer.send("3\r\nabc\r\n");  // is taken, so that no reset destroys the answer
        CPPUNIT_ASSERT(peer.ended());
    }
    void answersStreamChunkedOrWithTheirLength() {
        answerWith([] { return std::make_shared<Pieces>(std::vector<std::string>{"abc", "defg"}, std::nullopt); });
        RawPeer peer{server_.port()};
        peer.send(get("/"));
        CPPUNIT_ASSERT(peer.readUntil("\r\n\r\n").find("Transfer-Encoding: chunked\r\n") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string{"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"}, peer.readUntil("0\r\n\r\n"));
        peer.send("HEAD / HTTP/1.1\r\nHost: shop\r\n\r\n");
        peer.readMessage(true);
        RawPeer old{server_.port()};
        old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        CPPUNIT_ASSERT(old.readAll().ends_with("\r\n\r\nabcdefg"));
        answerWith([] { return std::make_shared<Pieces>(std::vector<std::string>{"abc", "defg"}, 7); });
        peer.send(get("/") + get("/"));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\nabcdefg"));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\nabcdefg"));
        const std::string large(100'000, 'z');
        answerWith([large] {
            return std::make_shared<Pieces>(std::vector<std::string>{large, "a", large}, std::nullopt);
        });
        peer.send(get("/"));
        peer.readUntil("\r\n\r\n");
        CPPUNIT_ASSERT_EQUAL("186a0\r\n" + large + "\r\n1\r\na\r\n186a0\r\n" + large + "\r\n0\r\n\r\n",
                             peer.readUntil("\r\n0\r\n\r\n"));
    }
    /// The source tells of its end when the last bytes are out already; the peer keeps the connection.
    void drainDoesNotWaitForAnAnswerWhoseEndCameByItself() {
        answerWith([] { return std::make_shared<Pieces>(std::vector<std::string>{"abc"}, 3); });
        RawPeer peer{server_.port()};
        peer.send(get("/"));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\nabc"));
        CPPUNIT_ASSERT(server_.running().drain(std::chrono::seconds{2}));
    }
    void slowReaderSlowsTheSource() {
        const auto asked = std::make_shared<std::atomic<int>>(0);
        answerWith([asked] { return std::make_shared<Endless>(asked); });
        RawPeer peer{server_.port(), 64 << 10};
        peer.send(get("/"));
        peer.readUntil("\r\n\r\n");
        int before = -1;
        waitFor([&] {
            const int now = *asked;
            const bool still = now == before;
            before = now;
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
            return still;
        });
        CPPUNIT_ASSERT(before < 1000);
        peer.readBytes(20 << 20);
        CPPUNIT_ASSERT(*asked > before);
    }
    void readerThatTakesNothingIsCutOff() {
        server_.options.write_timeout = std::chrono::milliseconds{100};
        const auto asked = std::make_shared<std::atomic<int>>(0);
        answerWith([asked] { return std::make_shared<Endless>(asked); });
        RawPeer peer{server_.port(), 64 << 10};
        peer.send(get("/"));
        waitFor([&] { return *asked > 0 && server_.running().statistics().connections_open == 0; });
    }
    void brokenSourceBreaksTheAnswer() {
        answerWith(
            [] { return std::make_shared<Pieces>(std::vector<std::string>{"abc"}, std::nullopt, STOA_UNAVAILABLE); });
        RawPeer peer{server_.port()};
        peer.send(get("/"));
        CPPUNIT_ASSERT(!peer.readAll().ends_with("0\r\n\r\n"));
        answerWith([] { return std::make_shared<Pieces>(std::vector<std::string>{"abc"}, 7); });
        RawPeer other{server_.port()};
        other.send(get("/"));
        other.readAll();
    }
    void echoStreamsBothWays() {
        server_.handler.on_handle = [](std::shared_ptr<Exchange> exchange) {
            Response response;
            response.source = exchange->request().source;
            exchange->respond(std::move(response));
        };
        RawPeer peer{server_.port()};
        peer.send("POST /a HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        peer.readUntil("3\r\nabc\r\n");
        peer.send("2\r\nde\r\n");
        peer.readUntil("2\r\nde\r\n");
        peer.send("0\r\n\r\n");
        peer.readUntil("0\r\n\r\n");
    }

private:
    /// Answers with the status and the bytes that readAll gave.
    void answerWithBody() {
        server_.handler.on_handle = [](std::shared_ptr<Exchange> exchange) {
            const auto source = exchange->request().source;
            readAll(source, 1 << 20, [exchange = std::move(exchange)](stoa_status status, std::string body) {
                exchange->respond(text(std::to_string(status) + " " + body));
            });
        };
    }
    void answerWith(std::function<std::shared_ptr<BodySource>()> make) {
        server_.handler.on_handle = [make = std::move(make)](std::shared_ptr<Exchange> exchange) {
            Response response;
            response.source = make();
            exchange->respond(std::move(response));
        };
    }
    std::shared_ptr<Exchange> begin(const std::string& head) {
        std::promise<std::shared_ptr<Exchange>> got;
        server_.handler.on_handle = [&](std::shared_ptr<Exchange> exchange) { got.set_value(std::move(exchange)); };
        peer_ = std::make_unique<RawPeer>(server_.port());
        peer_->send(head);
        return await(got.get_future());
    }

    TestServer server_;
    std::unique_ptr<RawPeer> peer_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(StreamTest);

}  // namespace stoa::host::http
