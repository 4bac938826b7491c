#include "host/app/certify.h"

#include <filesystem>
#include <fstream>

#include <cppunit/extensions/HelperMacros.h>
#include <unistd.h>

#include <stoa/error.h>

#include "host/security/keys.h"

namespace stoa::host::app {
namespace {

namespace fs = std::filesystem;

class CertifyTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CertifyTest);
    CPPUNIT_TEST(aHostWithoutTheFleetsKeyStartsWithIt);
    CPPUNIT_TEST(everyMistakeIsNamed);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string name = fs::temp_directory_path() / "certify-XXXXXX";
        folder_ = mkdtemp(name.data());
        security::makeFleetKey(folder_ / "fleet.pem");
        options_.host_id = "far-away";
        options_.state_dir = folder_ / "state";
        options_.fleet_public = folder_ / "fleet.pem.pub";
        options_.certificate = folder_ / "certificate";
        options_.services = {"order", "payment"};
        order_ = {folder_ / "fleet.pem", folder_ / "state" / "host.pub", "far-away", "order,payment", "2"};
        // The first start writes host.pub, and stops for want of a certificate.
        CPPUNIT_ASSERT_THROW(security::HostIdentity(options_, clock_), Error);
    }
    void tearDown() override { fs::remove_all(folder_); }

    void aHostWithoutTheFleetsKeyStartsWithIt() {
        std::ofstream(folder_ / "certificate") << makeCertificate(order_, clock_.now()) << '\n';
        security::HostIdentity identity(options_, clock_);
        CPPUNIT_ASSERT(identity.covers("order"));
        CPPUNIT_ASSERT(identity.covers("payment"));
        CPPUNIT_ASSERT(!identity.covers("auth"));
        const auto read =
            security::openCertificate(identity.certificate(), identity.fleet(), clock_.now() + std::chrono::hours{49});
        CPPUNIT_ASSERT(!read);
    }

    void everyMistakeIsNamed() {
        refuses(&CertificateOrder::fleet_key, "", "--fleet-key");
        refuses(&CertificateOrder::host_key, "", "--host-key");
        refuses(&CertificateOrder::host_key, folder_ / "nowhere", "nowhere: no such file");
        refuses(&CertificateOrder::host_key, folder_ / "fleet.pem", "host.pub");
        refuses(&CertificateOrder::host_id, "", "--host-id");
        refuses(&CertificateOrder::services, "", "--services");
        refuses(&CertificateOrder::services, "order,,payment", "--services");
        refuses(&CertificateOrder::days, "0", "--days");
        refuses(&CertificateOrder::days, "soon", "--days");
    }

private:
    void refuses(std::string CertificateOrder::*member, const std::string& value, const std::string& reason) {
        CertificateOrder order = order_;
        order.*member = value;
        try {
            makeCertificate(order, clock_.now());
        } catch (const Error& mistake) {
            const std::string what = mistake.what();
            CPPUNIT_ASSERT_MESSAGE(what, what.find(reason) != std::string::npos);
            return;
        }
        CPPUNIT_FAIL("not refused: " + value);
    }

    Clock clock_;
    fs::path folder_;
    security::IdentityOptions options_;
    CertificateOrder order_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CertifyTest);

}  // namespace
}  // namespace stoa::host::app
