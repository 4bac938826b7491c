// Forged, broken and stale user tokens, after the attacks that RFC 8725 lists. Each differs from a good token in one
// thing, so that none is refused for another reason than the one that it is here for.

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cppunit/extensions/HelperMacros.h>

#include "host/security/test_fleet.h"
#include "host/security/token_authenticator.h"

namespace stoa::host::security {
namespace {

constexpr const char* kHeader = R"({"alg":"ES256","kid":"k1","typ":"at+jwt"})";

class ForgeryTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ForgeryTest);
    CPPUNIT_TEST(theGoodTokenIsTaken);
    CPPUNIT_TEST(forgedHeadersAreRefused);
    CPPUNIT_TEST(forgedClaimsAreRefused);
    CPPUNIT_TEST(forgedTimesAreRefused);
    CPPUNIT_TEST(forgedSignaturesAreRefused);
    CPPUNIT_TEST(forgedEncodingsAreRefused);
    CPPUNIT_TEST(otherCredentialsAreRefused);
    CPPUNIT_TEST(expiredTokensSaySo);
    CPPUNIT_TEST(clocksMayDifferALittle);
    CPPUNIT_TEST(aTokenOfAnotherKindIsRefused);
    CPPUNIT_TEST(refusalsNeverRepeatTheToken);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        waitUntil([this] { return keys_.keys() != nullptr; });
        authenticator_ = makeAuthenticator(keys_, fleet_.publicKey(), clock_);
    }

    void theGoodTokenIsTaken() {
        for (int i = 0; i < 2; ++i) {  // the second time from the cache
            const auto identity = authenticator_->authenticate("Bearer " + good(), "", "order");
            CPPUNIT_ASSERT(identity.has_value());
            CPPUNIT_ASSERT(identity->user);
            CPPUNIT_ASSERT_EQUAL(std::string("u1"), identity->subject);
            CPPUNIT_ASSERT_EQUAL(std::string("s1"), identity->session);
            CPPUNIT_ASSERT(identity->hasRole("customer") && identity->hasRole("staff"));
            CPPUNIT_ASSERT(!identity->hasRole("admin") && !identity->hasRole("cust") && !identity->hasRole(""));
            CPPUNIT_ASSERT(identity->service.empty());
        }
        CPPUNIT_ASSERT(authenticator_->authenticate("bearer " + good(), "", "order").has_value());
    }

    void forgedHeadersAreRefused() {
        const std::string embedded = writeJson(mallory_.publicKey().jwk());
        for (const std::string& header : {
                 std::string(R"({"alg":"none","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"None","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"nOnE","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"HS256","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256K","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"EdDSA","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"dir","enc":"A256GCM","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","cty":"JWT","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"es256","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES384","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"RS256","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":["ES256"],"kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256\u0000","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","kid":"k2","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","kid":"","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","kid":1,"typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","kid":"../../../dev/null","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","kid":"k1' OR '1'='1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","kid":"k1\u0000","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","kid":"k1"})"),
                 std::string(R"({"alg":"ES256","kid":"k1","typ":"JWT"})"),
                 std::string(R"({"alg":"ES256","kid":"k1","typ":"AT+JWT"})"),
                 std::string(R"({"alg":"ES256","kid":"k1","typ":"stoa-service+jwt"})"),
                 std::string(R"({"alg":"ES256","kid":"k1","typ":"stoa-cert+jwt"})"),
                 std::string(R"({"alg":"ES256","crit":["exp"],"kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","crit":[],"kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","b64":false,"crit":["b64"],"kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","jku":"https://evil.example/jwks","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","kid":"k1","typ":"at+jwt","x5u":"https://evil.example/x"})"),
                 std::string(R"({"alg":"ES256","kid":"k1","typ":"at+jwt","x5c":["MIIB"]})"),
                 std::string(R"({"alg":"ES256","kid":"k1","typ":"at+jwt","zip":"DEF"})"),
                 std::string(R"({"alg":"ES256","kid":"k1","stoa_cert":"a.b.c","typ":"at+jwt"})"),
                 std::string(R"({"alg":"ES256","alg":"none","kid":"k1","typ":"at+jwt"})"),
                 std::string(R"({"alg":"none","alg":"ES256","kid":"k1","typ":"at+jwt"})"),
                 R"({"alg":"ES256","jwk":)" + embedded + R"(,"kid":"k1","typ":"at+jwt"})",
                 std::string(R"(["ES256"])"),
                 std::string(R"("ES256")"),
                 std::string("null"),
                 std::string(""),
                 std::string(kHeader) + "x",
                 std::string(kHeader) + kHeader,
                 "/**/" + std::string(kHeader),
             }) {
            refused(header, handmade(header, claims(), &key_));
        }
        refused(
            "embedded key of the forger",
            handmade(R"({"alg":"ES256","jwk":)" + embedded + R"(,"kid":"k1","typ":"at+jwt"})", claims(), &mallory_));
    }

    void forgedClaimsAreRefused() {
        for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
                 {"iss", R"("stoa-auth2")"},
                 {"iss", R"("")"},
                 {"iss", R"(["stoa-auth"])"},
                 {"iss", "null"},
                 {"aud", R"("other")"},
                 {"aud", R"(["stoa"])"},
                 {"aud", R"(["a","stoa"])"},
                 {"aud", R"("stoa ")"},
                 {"aud", "{}"},
                 {"sub", R"("")"},
                 {"sub", "1"},
                 {"sub", R"(["u1"])"},
                 {"sub", "\"" + std::string(300, 'a') + "\""},
                 {"roles", R"(["admin"])"},
                 {"roles", "true"},
                 {"sid", "7"},
                 {"sub", "\"\xff\xfe\""},
                 {"sub", "\"\xc0\xaf\""},
                 {"sub", R"("\ud800")"},
                 {"x", std::string(100, '[') + std::string(100, ']')},
             }) {
            refused(name + " " + value, handmade(kHeader, claims(name, value), &key_));
        }
        for (const char* name : {"iss", "aud", "sub"}) {
            refused(std::string("without ") + name, handmade(kHeader, claims(name, ""), &key_));
        }
        std::string twice = claims();
        twice.insert(1, R"("sub":"admin",)");
        refused("sub twice", handmade(kHeader, twice, &key_));
        refused("a list", handmade(kHeader, "[" + claims() + "]", &key_));
        refused("nothing", handmade(kHeader, "", &key_));
        refused("another token inside", handmade(kHeader, good(), &key_));
        refused("trailing text", handmade(kHeader, claims() + " {}", &key_));
        refused("a comment", handmade(kHeader, "{/**/" + claims().substr(1), &key_));
        refused("huge", handmade(kHeader, claims("x", "\"" + std::string(8000, 'x') + "\""), &key_));
    }

    void forgedTimesAreRefused() {
        for (const char* value :
             {"1.5e9", "9999999999.5", "99999999999999999999", "18446744073709551615", "-1", "1e400", "253402300800",
              "9223372036854775807", "\"9999999999\"", "true", "null", "[9999999999]"}) {
            refused(std::string("exp ") + value, handmade(kHeader, claims("exp", value), &key_));
        }
        for (const char* name : {"nbf", "iat"}) {
            refused(std::string("future ") + name, handmade(kHeader, claims(name, std::to_string(now() + 60)), &key_));
            for (const char* value : {"-1", "1.5", "\"1\"", "99999999999999999999"}) {
                refused(std::string(name) + " " + value, handmade(kHeader, claims(name, value), &key_));
            }
        }
        refused("without exp", handmade(kHeader, claims("exp", ""), &key_));
    }

    void forgedSignaturesAreRefused() {
        const std::string token = good();
        const std::string text = token.substr(0, token.rfind('.'));
        const std::string raw = key_.sign(text);
        const auto with = [&](std::string_view signature) { return text + "." + base64Url(signature); };
        refused("none", text + ".");
        refused("another key's", handmade(kHeader, claims(), &mallory_));
        refused("r and s swapped", with(raw.substr(32) + raw.substr(0, 32)));
        refused("r alone", with(raw.substr(0, 32)));
        refused("a byte less", with(raw.substr(0, 63)));
        refused("a byte more", with(raw + '\0'));
        refused("a byte before", with('\0' + raw));
        refused("zero", with(std::string(64, '\0')));
        refused("s zero", with(raw.substr(0, 32) + std::string(32, '\0')));
        refused("r zero", with(std::string(32, '\0') + raw.substr(32)));
        refused("beyond the order", with(std::string(64, '\xff')));
        refused("DER", with(der(raw)));
        std::string flipped = raw;
        flipped[10] = static_cast<char>(flipped[10] ^ 1);
        refused("a bit flipped", with(flipped));
        refused("of another token", handmade(kHeader, claims("sub", "\"u2\""), nullptr) + base64Url(raw));
        refused("HS256 with the public key", hmacToken(key_.publicKey().pem()));
        refused("HS256 with the key set", hmacToken(jwksOf(key_, "k1")));
    }

    void forgedEncodingsAreRefused() {
        const std::string token = good();
        const std::size_t first = token.find('.');
        const std::size_t last = token.rfind('.');
        refused("padding", token + "==");
        refused("padded header", token.substr(0, first) + "=" + token.substr(first));
        refused("white space", token + " ");
        refused("a line break", token.substr(0, 20) + "\n" + token.substr(20));
        refused("a leading space", " " + token);
        refused("two parts", token.substr(0, last));
        refused("one part", token.substr(0, first));
        refused("four parts", token + ".x");
        refused("five parts", token + ".x.y");
        refused("an empty header", token.substr(first));
        refused("dots", "..");
        refused("truncated", token.substr(0, token.size() - 1));
        refused("bits left over", token.substr(0, token.size() - 1) + nextLetter(token.back()));
        refused("NUL", token + std::string(1, '\0'));
        std::string plus = token;
        plus[last + 3] = '+';
        refused("base64 instead of base64url", plus);
        refused("JSON serialisation", R"({"payload":")" + token.substr(first + 1, last - first - 1) + R"("})");
        refused("long", std::string(9000, 'a') + token);
    }

    void otherCredentialsAreRefused() {
        for (const char* value : {"Basic dTpw", "Bearer", "Bearer ", "bearer\t", "Token x", "x"}) {
            const auto result = authenticator_->authenticate(value, "", "order");
            CPPUNIT_ASSERT_MESSAGE(value, !result && result.error().status == 401);
        }
        CPPUNIT_ASSERT(!authenticator_->authenticate(good(), "", "order"));
        CPPUNIT_ASSERT(!authenticator_->authenticate("Bearer  " + good(), "", "order"));
        CPPUNIT_ASSERT(!authenticator_->authenticate("Bearer " + good() + ", Bearer " + good(), "", "order"));
        const auto nobody = authenticator_->authenticate("", "", "order");
        CPPUNIT_ASSERT(nobody && !nobody->user && nobody->service.empty());
    }

    void expiredTokensSaySo() {
        const std::string token = good();
        CPPUNIT_ASSERT(authenticator_->authenticate("Bearer " + token, "", "order").has_value());
        clock_.shift(std::chrono::seconds(700));  // not even a cached result outlives exp
        const auto result = authenticator_->authenticate("Bearer " + token, "", "order");
        CPPUNIT_ASSERT(!result);
        CPPUNIT_ASSERT_EQUAL(std::string("token-expired"), result.error().slug);
        CPPUNIT_ASSERT_EQUAL(401, result.error().status);
        const std::string forged = handmade(kHeader, claims("exp", "1000000000"), &mallory_);
        CPPUNIT_ASSERT_EQUAL(std::string("token-invalid"),
                             authenticator_->authenticate("Bearer " + forged, "", "order").error().slug);
    }

    void clocksMayDifferALittle() {
        const auto taken = [&](const char* name, std::int64_t value) {
            const std::string token = handmade(kHeader, claims(name, std::to_string(value)), &key_);
            return authenticator_->authenticate("Bearer " + token, "", "order").has_value();
        };
        CPPUNIT_ASSERT(taken("exp", now() - 3));
        CPPUNIT_ASSERT(!taken("exp", now() - 6));
        CPPUNIT_ASSERT(taken("iat", now() + 4));
        CPPUNIT_ASSERT(taken("nbf", now() + 4));
    }

    void aTokenOfAnotherKindIsRefused() {
        const Json::Value all = json(claims());
        for (const std::string_view kind : {kServiceToken, kCertificateToken, kRegistrationToken}) {
            refused(std::string(kind), signJws(kind, "k1", all, key_));
        }
        refused("with a certificate", signJws(kServiceToken, "k1", all, key_, "a.b.c"));
    }

    void refusalsNeverRepeatTheToken() {
        const std::string token = handmade(R"({"alg":"very-odd","kid":"k1","typ":"at+jwt"})", claims(), &key_);
        const auto result = authenticator_->authenticate("Bearer " + token, "", "order");
        CPPUNIT_ASSERT(result.error().detail.find("very-odd") == std::string::npos);
        CPPUNIT_ASSERT(result.error().detail.find(token.substr(0, 20)) == std::string::npos);
    }

private:
    std::int64_t now() const { return toSeconds(clock_.now()); }

    /// Good claims, with one replaced, added, or (value "") left out.
    std::string claims(const std::string& name = "", const std::string& value = "") const {
        std::vector<std::pair<std::string, std::string>> all{
            {"iss", R"("stoa-auth")"},           {"aud", R"("stoa")"}, {"sub", R"("u1")"},
            {"roles", R"("customer staff")"},    {"sid", R"("s1")"},   {"iat", std::to_string(now())},
            {"exp", std::to_string(now() + 600)}};
        std::erase_if(all, [&](const auto& one) { return one.first == name; });
        if (!value.empty()) {
            all.emplace_back(name, value);
        }
        std::string text = "{";
        for (const auto& [key, one] : all) {
            text += (text.size() > 1 ? ",\"" : "\"") + key + "\":" + one;
        }
        return text + "}";
    }

    std::string good() const { return handmade(kHeader, claims(), &key_); }

    void refused(const std::string& what, const std::string& token) {
        const auto result = authenticator_->authenticate("Bearer " + token, "", "order");
        CPPUNIT_ASSERT_MESSAGE("taken: " + what, !result);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string("token-invalid"), result.error().slug);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(what, 401, result.error().status);
    }

    /// The key confusion of RFC 8725 section 2.1.
    std::string hmacToken(const std::string& secret) const {
        const std::string text = base64Url(R"({"alg":"HS256","kid":"k1","typ":"at+jwt"})") + "." + base64Url(claims());
        unsigned char mac[32];
        HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, nullptr);
        return text + "." + base64Url({reinterpret_cast<const char*>(mac), sizeof mac});
    }

    /// As other libraries than JOSE write it: SEQUENCE of two INTEGERs.
    static std::string der(const std::string& raw) {
        const auto integer = [](std::string half) {
            if ((half[0] & 0x80) != 0) {
                half.insert(0, 1, '\0');
            }
            return std::string("\x02") + static_cast<char>(half.size()) + half;
        };
        const std::string body = integer(raw.substr(0, 32)) + integer(raw.substr(32));
        return std::string("\x30") + static_cast<char>(body.size()) + body;
    }

    /// 64 bytes end in a letter that carries four bits too few: its neighbour decodes to the same bytes elsewhere.
    static char nextLetter(char letter) { return static_cast<char>(letter + 1); }

    Clock clock_;
    const PrivateKey key_ = PrivateKey::generate();
    const PrivateKey mallory_ = PrivateKey::generate();
    const PrivateKey fleet_ = PrivateKey::generate();
    JwksCache keys_{[this] { return std::optional(jwksOf(key_, "k1")); }};
    std::unique_ptr<Authenticator> authenticator_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ForgeryTest);

}  // namespace
}  // namespace stoa::host::security
