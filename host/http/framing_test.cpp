// What the listeners accept and refuse, byte by byte (RFC 9112).

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/http/test_peer.h"
#include "host/http/test_server.h"

namespace stoa::host::http {
namespace {

/// Status of the answer to `bytes`, which must end with the connection closed when it is a refusal.
int statusOf(TestServer& server, const std::string& bytes) {
    RawPeer peer{server.port()};
    peer.send(bytes);
    const auto answer = peer.readMessage();
    const int status = std::stoi(answer.substr(9, 3));
    if (status >= 400) {
        CPPUNIT_ASSERT_MESSAGE(bytes, peer.ended());
        CPPUNIT_ASSERT_MESSAGE(answer, answer.find("\r\nConnection: close\r\n") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(answer, answer.find("urn:stoa:problem:") != std::string::npos);
    }
    return status;
}

std::string post(const std::string& headers, const std::string& body) {
    return "POST /a HTTP/1.1\r\nHost: shop\r\n" + headers + "\r\n" + body;
}

}  // namespace

class FramingTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FramingTest);
    CPPUNIT_TEST(goodRequestsAreAnswered);
    CPPUNIT_TEST(hostIsRequiredOnce);
    CPPUNIT_TEST(lengthIsStatedOnceAndRightly);
    CPPUNIT_TEST(onlyChunkedIsKnown);
    CPPUNIT_TEST(chunksAreStrict);
    CPPUNIT_TEST(linesAreStrict);
    CPPUNIT_TEST(targetsAreStrict);
    CPPUNIT_TEST(limitsHaveTheirStatus);
    CPPUNIT_TEST(chunkedBodyAndTrailersAreTaken);
    CPPUNIT_TEST(anythingButHttpIsRefusedAtItsFirstByte);
    CPPUNIT_TEST(absoluteFormReplacesHost);
    CPPUNIT_TEST(everySplitOfARequestGivesTheSameAnswer);
    CPPUNIT_TEST_SUITE_END();

public:
    void goodRequestsAreAnswered() {
        CPPUNIT_ASSERT_EQUAL(200, statusOf(server_, get("/")));
        CPPUNIT_ASSERT_EQUAL(200, statusOf(server_, "\r\n\r\n" + get("/a/b.c;v=1/%C3%A9?x=%20&y=[1]")));
        CPPUNIT_ASSERT_EQUAL(200, statusOf(server_, post("Content-Length: 2\r\n", "{}")));
        CPPUNIT_ASSERT_EQUAL(200, statusOf(server_, "GET /a HTTP/1.0\r\n\r\n"));
    }
    void hostIsRequiredOnce() {
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, "GET / HTTP/1.1\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, get("/", "Host: shop\r\n")));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, "GET / HTTP/1.1\r\nHost:\r\n\r\n"));
    }
    void lengthIsStatedOnceAndRightly() {
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, post("Content-Length: 2\r\nContent-Length: 2\r\n", "{}")));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, post("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "{}")));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, post("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "{}")));
        for (const auto* length : {"+2", "-1", "2, 2", "0x2", "2 2", "", "99999999999999999999"}) {
            CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, post(std::string{"Content-Length: "} + length + "\r\n", "{}")));
        }
    }
    void onlyChunkedIsKnown() {
        CPPUNIT_ASSERT_EQUAL(501, statusOf(server_, post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")));
        CPPUNIT_ASSERT_EQUAL(501, statusOf(server_, post("Transfer-Encoding: identity\r\n", "")));
        CPPUNIT_ASSERT_EQUAL(501, statusOf(server_, post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")));
        CPPUNIT_ASSERT_EQUAL(
            400, statusOf(server_, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
    }
    void chunksAreStrict() {
        for (const auto* body : {"g\r\n", "-1\r\n", "1\r\nab\r\n0\r\n\r\n", "1\nab\r\n", "1\r\na\n0\r\n\r\n", "\r\n",
                                 "0x1\r\na\r\n0\r\n\r\n", "11111111111111111\r\n"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(body, 400, statusOf(server_, post("Transfer-Encoding: chunked\r\n", body)));
        }
    }
    void linesAreStrict() {
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, get("/", "X-Folded: a\r\n b\r\n")));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, get("/", "X-Folded: a\r\n\tb\r\n")));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, "GET / HTTP/1.1\nHost: shop\n\n"));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, get("/", "X: a\rb\r\n")));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, get("/", "X : a\r\n")));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, get("/", ": a\r\n")));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, get("/", "no colon\r\n")));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, get("/", std::string{"X: a\0b\r\n", 8})));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, get("/",
                                                        "X: a\x01"
                                                        "b\r\n")));
        CPPUNIT_ASSERT_EQUAL(505, statusOf(server_, "GET / HTTP/2.0\r\nHost: shop\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL(400, statusOf(server_, "GET  / HTTP/1.1\r\nHost: shop\r\n\r\n"));
    }
    void targetsAreStrict() {
        for (const auto* target :
             {"/a/../b",   "/..",          "/./a",        "/a/.",    "/%2e%2e/a", "/%2E/a",  "/a//b",
              "//a",       "/a/",          "/%00",        "/%0d%0a", "/%zz",      "/%4",     "/%ff",
              "/a#b",      "/a\\b",        "/a|b",        "a",       "*",         "shop:80", "http://",
              "http:///a", "ftp://shop/a", "http://a@b/", "/\x7f",   "/\xc3\xa9", "/a?b#c"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(target, 400, statusOf(server_, get(target)));
        }
        CPPUNIT_ASSERT_EQUAL(405, statusOf(server_, "CONNECT shop:80 HTTP/1.1\r\nHost: shop\r\n\r\n"));
        CPPUNIT_ASSERT_EQUAL(405, statusOf(server_, "TRACE /a HTTP/1.1\r\nHost: shop\r\n\r\n"));
    }
    void limitsHaveTheirStatus() {
        server_.handler.on_admit = [](const Request&) {
            Admission admission;
            admission.max_body = 10;
            return admission;
        };
        CPPUNIT_ASSERT_EQUAL(414, statusOf(server_, get("/" + std::string(9000, 'a'))));
        CPPUNIT_ASSERT_EQUAL(414, statusOf(server_, "GET /" + std::string(20'000, 'a')));
        CPPUNIT_ASSERT_EQUAL(431, statusOf(server_, get("/", "X: " + std::string(40'000, 'a') + "\r\n")));
        std::string many;
        for (int i = 0; i < 101; ++i) {
            many += "X: a\r\n";
        }
        CPPUNIT_ASSERT_EQUAL(431, statusOf(server_, get("/", many)));
        CPPUNIT_ASSERT_EQUAL(413, statusOf(server_, post("Content-Length: 11\r\n", "12345678901")));
        CPPUNIT_ASSERT_EQUAL(413, statusOf(server_, post("Transfer-Encoding: chunked\r\n", "b\r\n12345678901\r\n")));
        CPPUNIT_ASSERT_EQUAL(200, statusOf(server_, post("Content-Length: 10\r\n", "1234567890")));
        CPPUNIT_ASSERT_EQUAL(417, statusOf(server_, post("Expect: miracles\r\nContent-Length: 1\r\n", "a")));
    }
    void chunkedBodyAndTrailersAreTaken() {
        server_.handler.on_handle = [](std::shared_ptr<Exchange> exchange) {
            Response response;
            response.body = exchange->request().body + (exchange->request().headers.find("X-Late") ? "!" : "");
            exchange->respond(std::move(response));
        };
        RawPeer peer{server_.port()};
        peer.send(post("Transfer-Encoding: chunked\r\n",
                       "3;ext=\"x\"\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX-Late: 1\r\n\r\n"));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\nabc0123456789abcdef"));
        peer.send(get("/again"));
        CPPUNIT_ASSERT(peer.readMessage().starts_with("HTTP/1.1 200"));
    }
    void anythingButHttpIsRefusedAtItsFirstByte() {
        RawPeer peer{server_.port()};
        peer.send("\x16\x03\x01");
        CPPUNIT_ASSERT(peer.readMessage().starts_with("HTTP/1.1 400"));
        CPPUNIT_ASSERT(peer.ended());
    }
    void absoluteFormReplacesHost() {
        server_.handler.on_handle = [](std::shared_ptr<Exchange> exchange) {
            Response response;
            response.body = std::string{*exchange->request().headers.find("Host")} + exchange->request().path;
            exchange->respond(std::move(response));
        };
        RawPeer peer{server_.port()};
        peer.send(get("http://other:81/a?b"));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\nother:81/a"));
        peer.send(get("http://other"));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\nother/"));
    }
    void everySplitOfARequestGivesTheSameAnswer() {
        const std::string request =
            post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n4\r\ndefg\r\n0\r\nT: x\r\n\r\n") + get("/next");
        RawPeer peer{server_.port()};
        for (std::size_t cut = 1; cut < request.size(); ++cut) {
            peer.send(request.substr(0, cut));
            peer.send(request.substr(cut));
            const auto first = peer.readMessage();
            CPPUNIT_ASSERT_MESSAGE(first, first.ends_with("\r\n\r\nPOST /a? abcdefg"));
            const auto second = peer.readMessage();
            CPPUNIT_ASSERT_MESSAGE(second, second.ends_with("\r\n\r\nGET /next? "));
        }
        for (const char byte : request) {
            peer.send({&byte, 1});
        }
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\nPOST /a? abcdefg"));
        CPPUNIT_ASSERT(peer.readMessage().ends_with("\r\n\r\nGET /next? "));
    }

private:
    TestServer server_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(FramingTest);

}  // namespace stoa::host::http
