#include "host/security/service_tokens.h"

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/error.h>

#include "host/security/sealer.h"
#include "host/security/test_fleet.h"
#include "host/security/token_authenticator.h"

namespace stoa::host::security {
namespace {

class ServiceTokensTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ServiceTokensTest);
    CPPUNIT_TEST(theCalledServiceLearnsWhoCalls);
    CPPUNIT_TEST(aHostSpeaksOnlyForItsServices);
    CPPUNIT_TEST(tokensAreReusedUntilTwentySecondsAreLeft);
    CPPUNIT_TEST(aTokenForAnotherServiceIsRefused);
    CPPUNIT_TEST(anExpiredTokenSaysSo);
    CPPUNIT_TEST(anotherFleetsHostIsRefused);
    CPPUNIT_TEST(forgedServiceTokensAreRefused);
    CPPUNIT_TEST(forgedHeadersOfServiceTokensAreRefused);
    CPPUNIT_TEST(sealedRegistrationsOpenInTheFleet);
    CPPUNIT_TEST(forgedRegistrationsAreRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        order_ = fleet_.host("order-host", {"order", "cart"});
        tokens_ = makeServiceTokens(*order_);
        authenticator_ = makeAuthenticator(keys_, order_->fleet(), fleet_.clock);
    }

    void theCalledServiceLearnsWhoCalls() {
        for (int i = 0; i < 2; ++i) {
            const auto identity = authenticator_->authenticate("", tokens_->tokenFor("order", "payment"), "payment");
            CPPUNIT_ASSERT(identity.has_value());
            CPPUNIT_ASSERT_EQUAL(std::string("order"), identity->service);
            CPPUNIT_ASSERT(!identity->user);
        }
    }

    void aHostSpeaksOnlyForItsServices() {
        try {
            tokens_->tokenFor("payment", "order");
            CPPUNIT_FAIL("a token for a service that the host does not run");
        } catch (const Error& error) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_FORBIDDEN}, error.status());
        }
        CPPUNIT_ASSERT_THROW(tokens_->tokenFor("", "order"), Error);
        order_->setServices({"payment"});
        CPPUNIT_ASSERT(!tokens_->tokenFor("payment", "order").empty());
    }

    void tokensAreReusedUntilTwentySecondsAreLeft() {
        const std::string first = tokens_->tokenFor("order", "payment");
        CPPUNIT_ASSERT(first != tokens_->tokenFor("order", "inventory"));
        fleet_.clock.shift(std::chrono::seconds(38));
        CPPUNIT_ASSERT(first == tokens_->tokenFor("order", "payment"));
        fleet_.clock.shift(std::chrono::seconds(3));
        CPPUNIT_ASSERT(first != tokens_->tokenFor("order", "payment"));
    }

    void aTokenForAnotherServiceIsRefused() {
        const std::string token = tokens_->tokenFor("order", "payment");
        CPPUNIT_ASSERT(authenticator_->authenticate("", token, "payment").has_value());
        refused("for another service, cached", token, "inventory");
        refused("for another service", tokens_->tokenFor("order", "shipping"), "inventory");
        refused("for nobody", token, "");
    }

    void anExpiredTokenSaysSo() {
        const std::string token = tokens_->tokenFor("order", "payment");
        fleet_.clock.shift(std::chrono::seconds(70));
        const auto result = authenticator_->authenticate("", token, "payment");
        CPPUNIT_ASSERT(!result);
        CPPUNIT_ASSERT_EQUAL(std::string("service-token-expired"), result.error().slug);
    }

    void anotherFleetsHostIsRefused() {
        const TestFleet other;
        const auto host = other.host("order-host", {"order"});
        refused("of another fleet", makeServiceTokens(*host)->tokenFor("order", "payment"));
        // The right certificate, but the key that it names did not sign.
        refused("stolen certificate", forge(good(), host->key(), order_->certificate(), order_->kid()));
        refused("foreign certificate", forge(good(), order_->key(), host->certificate(), order_->kid()));
        refused("certificate by the host itself",
                forge(good(), order_->key(), signJws(kCertificateToken, order_->kid(), selfMade(), order_->key()),
                      order_->kid()));
    }

    void forgedServiceTokensAreRefused() {
        const auto with = [&](const char* name, const Json::Value& value) {
            Json::Value claims = good();
            claims[name] = value;
            return forge(claims, order_->key(), order_->certificate(), order_->kid());
        };
        const auto without = [&](const char* name) {
            Json::Value claims = good();
            claims.removeMember(name);
            return forge(claims, order_->key(), order_->certificate(), order_->kid());
        };
        CPPUNIT_ASSERT(authenticator_->authenticate("", with("x", 1), "payment").has_value());
        refused("a service that the certificate does not name", with("iss", "payment"));
        refused("no iss", without("iss"));
        refused("no aud", without("aud"));
        refused("no exp", without("exp"));
        refused("no iat", without("iat"));
        refused("a list of audiences", with("aud", json(R"(["payment"])")));
        refused("an hour's life", with("exp", Json::Int64(now() + 3600)));
        refused("issued in the future", with("iat", Json::Int64(now() + 30)));
        refused("another kid", forge(good(), order_->key(), order_->certificate(), "k1"));
        refused("no certificate", signJws(kServiceToken, order_->kid(), good(), order_->key()));
        refused("rubbish for a certificate", forge(good(), order_->key(), "a.b.c", order_->kid()));
        refused("an access token", signJws(kAccessToken, order_->kid(), good(), order_->key()));
        refused("the certificate itself", order_->certificate());
        refused("a registration",
                signJws(kRegistrationToken, order_->kid(), good(), order_->key(), order_->certificate()));
        refused("a service token as certificate",
                forge(good(), order_->key(), tokens_->tokenFor("order", "payment"), order_->kid()));
        refused("nothing of ours", "x");
        CPPUNIT_ASSERT(!authenticator_->authenticate("Bearer " + tokens_->tokenFor("order", "payment"), "", "payment"));
    }

    void forgedHeadersOfServiceTokensAreRefused() {
        Json::Value header;
        header["alg"] = "ES256";
        header["kid"] = order_->kid();
        header["typ"] = std::string(kServiceToken);
        header[kCertificateHeader] = order_->certificate();
        const std::string claims = writeJson(good());
        const auto with = [&](const char* name, const Json::Value& value) {
            Json::Value changed = header;
            changed[name] = value;
            return handmade(writeJson(changed), claims, &order_->key());
        };
        CPPUNIT_ASSERT(authenticator_->authenticate("", with("alg", "ES256"), "payment").has_value());
        for (const auto& [name, value] : std::vector<std::pair<const char*, Json::Value>>{
                 {"alg", "none"},
                 {"alg", "nOnE"},
                 {"alg", "HS256"},
                 {"alg", Json::Value()},
                 {"kid", "../../dev/null"},
                 {"kid", ""},
                 {"typ", "JWT"},
                 {"jku", "https://evil.example/jwks"},
                 {"x5u", "https://evil.example/x"},
                 {"jwk", order_->key().publicKey().jwk()},
                 {"crit", json(R"(["exp"])")},
                 {"cty", "JWT"},
                 {kCertificateHeader, ""},
             }) {
            refused(std::string(name) + " " + writeJson(value), with(name, value));
        }
        std::string none = with("alg", "none");
        refused("no signature", none.substr(0, none.rfind('.') + 1));
        std::string twice = writeJson(header);
        twice.insert(1, R"("alg":"none",)");
        refused("alg twice", handmade(twice, claims, &order_->key()));
    }

    void sealedRegistrationsOpenInTheFleet() {
        const auto sealer = makeSealer(*order_);
        const auto payment = fleet_.host("payment-host", {"payment"});
        const auto reader = makeSealer(*payment);
        registry::Registration opened = reader->open(sealer->seal(registration()));
        CPPUNIT_ASSERT_EQUAL(order_->certificate(), opened.certificate);
        opened.certificate.clear();
        CPPUNIT_ASSERT(registration() == opened);
    }

    void forgedRegistrationsAreRefused() {
        const auto sealer = makeSealer(*order_);
        registry::Registration one = registration();
        one.services[0].name = "payment";
        unopened(sealer->seal(one), "does not name the service payment");
        one = registration();
        one.host_id = "payment-host";
        unopened(sealer->seal(one), "another host's");
        const TestFleet other;
        unopened(makeSealer(*other.host("order-host", {"order"}))->seal(registration()), "not signed by this fleet");
        unopened(tokens_->tokenFor("order", "payment"), "typ");
        unopened("x", "three parts");
        std::string sealed = sealer->seal(registration());
        sealed[sealed.rfind('.') + 5] = sealed[sealed.rfind('.') + 5] == 'A' ? 'B' : 'A';
        unopened(sealed, "not signed by the certified key");
        const std::string old = sealer->seal(registration());
        fleet_.clock.shift(std::chrono::seconds(70));
        unopened(old, "expired");
    }

private:
    std::int64_t now() const { return toSeconds(fleet_.clock.now()); }

    Json::Value good() const {
        Json::Value claims;
        claims["iss"] = "order";
        claims["aud"] = "payment";
        claims["iat"] = Json::Int64(now());
        claims["exp"] = Json::Int64(now() + 60);
        return claims;
    }

    Json::Value selfMade() const {
        Json::Value claims;
        claims["iss"] = "stoa-fleet";
        claims["host_id"] = "order-host";
        claims["jwk"] = order_->key().publicKey().jwk();
        claims["services"].append("order");
        claims["iat"] = Json::Int64(now());
        claims["exp"] = Json::Int64(now() + 600);
        return claims;
    }

    static std::string forge(const Json::Value& claims, const PrivateKey& key, const std::string& certificate,
                             const std::string& kid) {
        return signJws(kServiceToken, kid, claims, key, certificate);
    }

    void refused(const std::string& what, const std::string& token, const std::string& audience = "payment") {
        const auto result = authenticator_->authenticate("", token, audience);
        CPPUNIT_ASSERT_MESSAGE("taken: " + what, !result);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string("service-token-invalid"), result.error().slug);
    }

    static registry::Registration registration() {
        registry::Registration one;
        one.host_id = "order-host";
        one.address = "127.0.0.1:1234";
        one.epoch = 5;
        one.services.push_back({"order", "1.0.0", {"orders"}, {{"GET", "/api/v1/orders", {"user"}}}});
        return one;
    }

    void unopened(const std::string& sealed, const std::string& reason) {
        try {
            makeSealer(*order_)->open(sealed);
            CPPUNIT_FAIL("opened; expected: " + reason);
        } catch (const std::runtime_error& error) {
            CPPUNIT_ASSERT_MESSAGE(error.what(), std::string(error.what()).find(reason) != std::string::npos);
        }
    }

    TestFleet fleet_;
    std::unique_ptr<HostIdentity> order_;
    std::unique_ptr<ServiceTokens> tokens_;
    JwksCache keys_{[] { return std::nullopt; }};
    std::unique_ptr<Authenticator> authenticator_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ServiceTokensTest);

}  // namespace
}  // namespace stoa::host::security
