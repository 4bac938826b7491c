// The client over TLS: whom it trusts.

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/http/test_certificate.h"
#include "host/http/test_server.h"
#include "host/outbound/http_client.h"

namespace stoa::host::outbound {

class TlsClientTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TlsClientTest);
    CPPUNIT_TEST(trustedServerIsCalled);
    CPPUNIT_TEST(certificateOfAnotherNameIsRefused);
    CPPUNIT_TEST(unknownAuthorityIsRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void trustedServerIsCalled() {
        const http::TestCertificate certificate{"DNS:localhost,IP:127.0.0.1"};
        for (const auto* host : {"127.0.0.1", "localhost"}) {
            for (int i = 0; i < 3; ++i) {
                const auto outcome = call(certificate, certificate.certificateFile(), host);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(outcome.error, 200, outcome.response.status);
            }
        }
    }
    void certificateOfAnotherNameIsRefused() {
        const http::TestCertificate certificate{"DNS:elsewhere.example"};
        refused(call(certificate, certificate.certificateFile(), "localhost"));
    }
    void unknownAuthorityIsRefused() {
        const http::TestCertificate certificate{"DNS:localhost"};
        const http::TestCertificate other{"DNS:localhost"};
        refused(call(certificate, other.certificateFile(), "localhost"));
        refused(call(certificate, {}, "localhost"));
    }

private:
    static void refused(const Outcome& outcome) {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, outcome.status);
        CPPUNIT_ASSERT_MESSAGE(outcome.error, outcome.error.find("TLS") != std::string::npos);
        CPPUNIT_ASSERT(!outcome.sent);
    }
    static Outcome call(const http::TestCertificate& certificate, const std::string& ca_file, const std::string& host) {
        http::TestServer server;
        server.options.listeners.front().tls = {certificate.certificateFile(), certificate.keyFile()};
        HttpClientOptions options;
        options.ca_file = ca_file;
        HttpClient client{options, server.io};
        HttpCall call;
        call.method = "POST";
        call.body = std::string(200'000, 'b');
        call.deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        return client.sendAndWait({host, server.port(), true, false}, std::move(call));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TlsClientTest);

}  // namespace stoa::host::outbound
