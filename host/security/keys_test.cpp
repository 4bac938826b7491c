#include "host/security/keys.h"

#include <sys/stat.h>

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/error.h>

#include "host/base/atomic_file.h"
#include "host/security/files.h"
#include "host/security/secrets.h"
#include "host/security/test_fleet.h"

namespace stoa::host::security {
namespace {

class KeysTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(KeysTest);
    CPPUNIT_TEST(keysAreMadeOnceAndForTheOwnerAlone);
    CPPUNIT_TEST(hostsThatStartAtOnceShareOneFleetKey);
    CPPUNIT_TEST(aKeyThatOthersMayReadIsRefused);
    CPPUNIT_TEST(aCertificateFromAFileIsEnough);
    CPPUNIT_TEST(aCertificateOfAnotherHostIsRefused);
    CPPUNIT_TEST(aCertificateThatMissesAServiceIsRefused);
    CPPUNIT_TEST(aHostWithoutAFleetIsToldWhatToDo);
    CPPUNIT_TEST(aSelfMadeCertificateIsRenewedInTime);
    CPPUNIT_TEST(aCertificateFileIsReadAgainBeforeItExpires);
    CPPUNIT_TEST(publicKeysSurviveTheirFormats);
    CPPUNIT_TEST(brokenPublicKeysAreRefused);
    CPPUNIT_TEST(signaturesOfTheRfcVerify);
    CPPUNIT_TEST(secretsAreReadByReference);
    CPPUNIT_TEST(secretErrorsNameTheReferenceAndNeverTheValue);
    CPPUNIT_TEST_SUITE_END();

public:
    void keysAreMadeOnceAndForTheOwnerAlone() {
        const std::string kid = fleet_.host("a", {"order"})->kid();
        CPPUNIT_ASSERT_EQUAL(kid, fleet_.host("a", {"order"})->kid());
        CPPUNIT_ASSERT(kid != fleet_.host("b", {"order"})->kid());
        for (const char* file : {"a/host.pem", "fleet.pem"}) {
            struct stat status {};
            CPPUNIT_ASSERT_EQUAL(0, ::stat((fleet_.folder / file).c_str(), &status));
            CPPUNIT_ASSERT_EQUAL(0600u, status.st_mode & 0777);
        }
        CPPUNIT_ASSERT(!makeFleetKey(fleet_.folder / "fleet.pem"));
    }

    void hostsThatStartAtOnceShareOneFleetKey() {
        std::vector<std::unique_ptr<HostIdentity>> hosts(4);
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < hosts.size(); ++i) {
                threads.emplace_back([this, i, &hosts] { hosts[i] = fleet_.host("h" + std::to_string(i), {"order"}); });
            }
        }
        for (const auto& host : hosts) {
            CPPUNIT_ASSERT(host->fleet() == hosts[0]->fleet());
        }
    }

    void aKeyThatOthersMayReadIsRefused() {
        fleet_.host("a", {"order"});
        ::chmod((fleet_.folder / "fleet.pem").c_str(), 0640);
        fails([this] { fleet_.host("a", {"order"}); }, "chmod 600");
    }

    void aCertificateFromAFileIsEnough() {
        const IdentityOptions options = remote({"order", "cart"});
        HostIdentity host(options, fleet_.clock);
        CPPUNIT_ASSERT(host.covers("order") && host.covers("cart") && !host.covers("payment"));
        CPPUNIT_ASSERT(openCertificate(host.certificate(), host.fleet(), fleet_.clock.now()).has_value());
        fails([&] { host.setServices({"payment"}); }, "does not name the service payment");
        CPPUNIT_ASSERT(host.covers("order"));
    }

    void aCertificateOfAnotherHostIsRefused() {
        IdentityOptions options = remote({"order"});
        options.host_id = "other";
        fails([&] { HostIdentity(options, fleet_.clock); }, "certificate of another host");
        options = remote({"order"});
        std::filesystem::remove(options.state_dir + "/host.pem");
        fails([&] { HostIdentity(options, fleet_.clock); }, "certificate of another host");
    }

    void aCertificateThatMissesAServiceIsRefused() {
        IdentityOptions options = remote({"order"});
        options.services = {"order", "payment"};
        fails([&] { HostIdentity(options, fleet_.clock); }, "payment");
    }

    void aHostWithoutAFleetIsToldWhatToDo() {
        IdentityOptions options;
        options.host_id = "a";
        options.state_dir = fleet_.folder / "a";
        fails([&] { HostIdentity(options, fleet_.clock); }, "host certify");
        options.fleet_public = fleet_.folder / "absent.pub";
        options.certificate = fleet_.folder / "absent.cert";
        fails([&] { HostIdentity(options, fleet_.clock); }, "absent.pub");
    }

    void aSelfMadeCertificateIsRenewedInTime() {
        const auto host = fleet_.host("a", {"order"});
        const std::string first = host->certificate();
        fleet_.clock.shift(std::chrono::hours(11));
        CPPUNIT_ASSERT(first == host->certificate());
        fleet_.clock.shift(std::chrono::hours(2));
        const std::string second = host->certificate();
        CPPUNIT_ASSERT(first != second);
        CPPUNIT_ASSERT(openCertificate(second, host->fleet(), fleet_.clock.now()).has_value());
    }

    void aCertificateFileIsReadAgainBeforeItExpires() {
        const IdentityOptions options = remote({"order"});  // for two hours
        HostIdentity host(options, fleet_.clock);
        fleet_.clock.shift(std::chrono::minutes(90));
        const std::string old = host.certificate();
        certifyFile(options, {"order"});
        fleet_.clock.shift(std::chrono::minutes(1));
        CPPUNIT_ASSERT(old != host.certificate());
        fleet_.clock.shift(std::chrono::hours(3));
        fails([&] { host.certificate(); }, "expired");
    }

    void publicKeysSurviveTheirFormats() {
        const PrivateKey key = PrivateKey::generate();
        const PublicKey& half = key.publicKey();
        CPPUNIT_ASSERT(*PublicKey::fromPem(half.pem()) == half);
        CPPUNIT_ASSERT(*PublicKey::fromJwk(half.jwk()) == half);
        CPPUNIT_ASSERT(PrivateKey::fromPem(key.pem())->publicKey() == half);
        CPPUNIT_ASSERT_EQUAL(std::size_t{43}, half.thumbprint().size());
        CPPUNIT_ASSERT(half.verify("text", key.sign("text")));
        CPPUNIT_ASSERT(!half.verify("Text", key.sign("text")));
    }

    void brokenPublicKeysAreRefused() {
        const Json::Value good = PrivateKey::generate().publicKey().jwk();
        for (const auto& [member, value] :
             std::vector<std::pair<const char*, Json::Value>>{{"kty", "RSA"},
                                                              {"crv", "P-384"},
                                                              {"x", ""},
                                                              {"x", good["x"].asString() + "="},
                                                              {"y", 1},
                                                              {"y", good["x"]},
                                                              {"x", std::string(43, 'A')},
                                                              {"d", "AAAA"}}) {
            Json::Value broken = good;
            broken[member] = value;
            CPPUNIT_ASSERT_MESSAGE(member, !PublicKey::fromJwk(broken));
        }
        CPPUNIT_ASSERT(!PublicKey::fromJwk(Json::Value()));
        CPPUNIT_ASSERT(!PublicKey::fromPem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
        CPPUNIT_ASSERT(!PrivateKey::fromPem("not a key"));
    }

    void signaturesOfTheRfcVerify() {  // RFC 7515, appendix A.3
        const auto key = PublicKey::fromJwk(json(
            R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})"));
        CPPUNIT_ASSERT(key.has_value());
        const auto signature =
            fromBase64Url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
        CPPUNIT_ASSERT(
            key->verify("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9"
                        "leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
                        *signature));
    }

    void secretsAreReadByReference() {
        const std::string path = fleet_.folder / "token";
        writeAtomically(path, "from a file\n", 0600);
        CPPUNIT_ASSERT_EQUAL(std::string("from a file"), readSecret("file:" + path));
        ::setenv("STOA_TEST_SECRET", "from the environment", 1);
        CPPUNIT_ASSERT_EQUAL(std::string("from the environment"), readSecret("env:STOA_TEST_SECRET"));
        ::setenv("CREDENTIALS_DIRECTORY", (fleet_.folder / "").c_str(), 1);
        CPPUNIT_ASSERT_EQUAL(std::string("from a file"), readSecret("credential:token"));
        ::unsetenv("CREDENTIALS_DIRECTORY");
        fails([] { readSecret("credential:token"); }, "credential:token");
        writeAtomically(path, "two\n\n", 0600);
        CPPUNIT_ASSERT_EQUAL(std::string("two\n"), readSecret("file:" + path));
    }

    void secretErrorsNameTheReferenceAndNeverTheValue() {
        fails([] { readSecret("file:/absent/secret"); }, "file:/absent/secret");
        fails([] { readSecret("env:STOA_TEST_ABSENT"); }, "env:STOA_TEST_ABSENT");
        ::setenv("STOA_TEST_EMPTY", "", 1);
        fails([] { readSecret("env:STOA_TEST_EMPTY"); }, "is empty");
        for (const char* wrong : {"hunter2", "", "file:", "env:", "env:A-B", "credential:", "credential:../x",
                                  "credential:..", "https://x", "FILE:/x"}) {
            try {
                readSecret(wrong);
                CPPUNIT_FAIL(wrong);
            } catch (const Error& error) {
                CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, error.status());
                CPPUNIT_ASSERT(std::string(error.what()).find("hunter2") == std::string::npos);
            }
        }
    }

private:
    /// Options of a host that has no access to the fleet's private key, with a certificate for two hours.
    IdentityOptions remote(const std::vector<std::string>& services) {
        fleet_.host("remote", services);  // makes both keys
        IdentityOptions options = fleet_.options("remote", services);
        options.create_fleet_key = false;
        options.fleet_key.clear();
        options.fleet_public = fleet_.folder / "fleet.pem.pub";
        options.certificate = fleet_.folder / "remote.cert";
        certifyFile(options, services);
        return options;
    }

    void certifyFile(const IdentityOptions& options, const std::vector<std::string>& services) {
        const auto host = PublicKey::fromPem(*readFile(options.state_dir + "/host.pub"));
        writeAtomically(
            options.certificate,
            certify(fleet_.folder / "fleet.pem", "remote", *host, services, std::chrono::hours(2), fleet_.clock.now()) +
                "\n",
            0644);
    }

    template <typename Body>
    static void fails(Body&& body, const std::string& reason) {
        try {
            body();
            CPPUNIT_FAIL("no error; expected: " + reason);
        } catch (const Error& error) {
            CPPUNIT_ASSERT_MESSAGE(error.what(), std::string(error.what()).find(reason) != std::string::npos);
        }
    }

    TestFleet fleet_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(KeysTest);

}  // namespace
}  // namespace stoa::host::security
