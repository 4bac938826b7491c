// TLS of the listeners, asked by OpenSSL itself.

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/http/test_certificate.h"
#include "host/http/test_peer.h"
#include "host/http/test_server.h"

namespace stoa::host::http {
namespace {

/// A client that asks for one protocol at ALPN and at most one version of TLS.
class TlsPeer {
public:
    TlsPeer(std::uint16_t port, int max_version, const std::string& protocol)
        : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
        SSL_CTX_set_max_proto_version(context_.get(), max_version);
        SSL_CTX_set_security_level(context_.get(), 0);
        bio_.reset(BIO_new_ssl_connect(context_.get()));
        BIO_set_conn_hostname(bio_.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
        SSL* ssl = nullptr;
        BIO_get_ssl(bio_.get(), &ssl);
        ssl_ = ssl;
        const std::string wire = std::string(1, static_cast<char>(protocol.size())) + protocol;
        SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(wire.data()),
                            static_cast<unsigned int>(wire.size()));
        connected_ = BIO_do_connect(bio_.get()) == 1 && BIO_do_handshake(bio_.get()) == 1;
    }
    bool connected() const { return connected_; }
    std::string protocol() const {
        const unsigned char* chosen = nullptr;
        unsigned int size = 0;
        SSL_get0_alpn_selected(ssl_, &chosen, &size);
        return {reinterpret_cast<const char*>(chosen), size};
    }
    void send(const std::string& bytes) { BIO_write(bio_.get(), bytes.data(), static_cast<int>(bytes.size())); }
    std::string readAll() {
        std::string all;
        char bytes[16384];
        for (int got = 0; (got = BIO_read(bio_.get(), bytes, sizeof(bytes))) > 0;) {
            all.append(bytes, static_cast<std::size_t>(got));
        }
        return all;
    }
    /// The other side said goodbye, so that nothing was cut off.
    bool closedProperly() const { return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }

private:
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    struct Free {
        void operator()(BIO* bio) const { BIO_free_all(bio); }
    };
    std::unique_ptr<BIO, Free> bio_;
    SSL* ssl_ = nullptr;
    bool connected_ = false;
};

}  // namespace

class TlsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TlsTest);
    CPPUNIT_TEST(requestsOverTlsAreAnswered);
    CPPUNIT_TEST(oldVersionsAndOtherProtocolsAreRefused);
    CPPUNIT_TEST(plainTextIsRefused);
    CPPUNIT_TEST(silenceAtTheHandshakeIsCutOff);
    CPPUNIT_TEST(wrongFilesAreNamed);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        server_.options.listeners.front().tls = {certificate_.certificateFile(), certificate_.keyFile()};
        server_.options.header_timeout = std::chrono::milliseconds{500};
    }
    void requestsOverTlsAreAnswered() {
        server_.handler.on_handle = [](std::shared_ptr<Exchange> exchange) {
            exchange->respond(text(exchange->request().tls ? std::string(300'000, 't') : "plain"));
        };
        TlsPeer peer{server_.port(), TLS1_3_VERSION, "http/1.1"};
        CPPUNIT_ASSERT(peer.connected());
        CPPUNIT_ASSERT_EQUAL(std::string{"http/1.1"}, peer.protocol());
        peer.send(get("/a") + get("/b", "Connection: close\r\n"));
        const auto answers = peer.readAll();
        CPPUNIT_ASSERT(answers.ends_with("\r\n\r\n" + std::string(300'000, 't')));
        CPPUNIT_ASSERT(answers.size() > 600'000);
        CPPUNIT_ASSERT(peer.closedProperly());
    }
    void oldVersionsAndOtherProtocolsAreRefused() {
        CPPUNIT_ASSERT((TlsPeer{server_.port(), TLS1_2_VERSION, "http/1.1"}.connected()));
        CPPUNIT_ASSERT(!(TlsPeer{server_.port(), TLS1_1_VERSION, "http/1.1"}.connected()));
        CPPUNIT_ASSERT(!(TlsPeer{server_.port(), TLS1_3_VERSION, "h2"}.connected()));
    }
    void plainTextIsRefused() {
        RawPeer peer{server_.port()};
        peer.send(get("/"));
        CPPUNIT_ASSERT(peer.readAll().find("HTTP") == std::string::npos);
    }
    void silenceAtTheHandshakeIsCutOff() {
        RawPeer peer{server_.port()};
        CPPUNIT_ASSERT(peer.ended());
    }
    void wrongFilesAreNamed() {
        server_.options.listeners.front().tls.key_file = "/nonexistent/key.pem";
        try {
            server_.port();
            CPPUNIT_FAIL("it took a missing key");
        } catch (const Error& error) {
            CPPUNIT_ASSERT(std::string{error.what()}.find("/nonexistent/key.pem") != std::string::npos);
        }
    }

private:
    TestCertificate certificate_{"IP:127.0.0.1"};
    TestServer server_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(TlsTest);

}  // namespace stoa::host::http
