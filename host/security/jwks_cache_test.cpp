#include "host/security/jwks_cache.h"

#include <atomic>
#include <stdexcept>

#include <cppunit/extensions/HelperMacros.h>

#include "host/security/test_fleet.h"
#include "host/security/token_authenticator.h"
#include "host/security/verified_cache.h"

namespace stoa::host::security {
namespace {

using std::chrono::milliseconds;

class JwksCacheTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(JwksCacheTest);
    CPPUNIT_TEST(untilTheFirstSuccessTokensAreAnswered503);
    CPPUNIT_TEST(anUnknownKidMakesItFetch);
    CPPUNIT_TEST(fetchesKeepTheirDistance);
    CPPUNIT_TEST(theLastGoodKeysStay);
    CPPUNIT_TEST(aTokenOfAKeyThatIsGoneIsRefusedAlthoughItWasCached);
    CPPUNIT_TEST(keySetsAreReadStrictly);
    CPPUNIT_TEST(resultsAreForgottenInOrderOfUse);
    CPPUNIT_TEST_SUITE_END();

public:
    void untilTheFirstSuccessTokensAreAnswered503() {
        std::atomic<bool> up = false;
        JwksCache keys([&] { return up ? std::optional(jwksOf(key_, "k1")) : std::nullopt; }, quick());
        const auto authenticator = makeAuthenticator(keys, key_.publicKey(), clock_);
        const auto early = authenticator->authenticate("Bearer " + token("k1"), "", "order");
        CPPUNIT_ASSERT(!early);
        CPPUNIT_ASSERT_EQUAL(503, early.error().status);
        CPPUNIT_ASSERT_EQUAL(std::string("keys-unavailable"), early.error().slug);
        CPPUNIT_ASSERT(authenticator->authenticate("", "", "order").has_value());
        up = true;
        waitUntil([&] { return keys.trouble().empty(); });
        CPPUNIT_ASSERT(authenticator->authenticate("Bearer " + token("k1"), "", "order").has_value());
    }

    void anUnknownKidMakesItFetch() {
        std::atomic<bool> rotated = false;
        JwksCache keys([&] { return std::optional(jwksOf(key_, rotated ? "k2" : "k1")); }, quick());
        const auto authenticator = makeAuthenticator(keys, key_.publicKey(), clock_);
        waitUntil([&] { return keys.keys() != nullptr; });
        rotated = true;
        waitUntil([&] { return authenticator->authenticate("Bearer " + token("k2"), "", "order").has_value(); });
    }

    void fetchesKeepTheirDistance() {
        std::atomic<int> fetches = 0;
        JwksOptions options = quick();
        options.prompt = std::chrono::minutes(10);
        JwksCache keys([&] { return ++fetches, std::optional(jwksOf(key_, "k1")); }, options);
        waitUntil([&] { return keys.keys() != nullptr; });
        for (int i = 0; i < 1000; ++i) {
            keys.wanted();
        }
        CPPUNIT_ASSERT_EQUAL(1, fetches.load());
    }

    void theLastGoodKeysStay() {
        std::atomic<int> fetches = 0;
        JwksOptions options = quick();
        options.interval = milliseconds(2);
        JwksCache keys(
            [&]() -> std::optional<std::string> {
                switch (++fetches) {
                    case 1:
                        return jwksOf(key_, "k1");
                    case 2:
                        return "rubbish";
                    case 3:
                        throw std::runtime_error("connection refused");
                    default:
                        return std::nullopt;
                }
            },
            options);
        waitUntil([&] { return fetches > 4; });
        CPPUNIT_ASSERT(keys.keys() != nullptr && keys.keys()->contains("k1"));
        CPPUNIT_ASSERT(!keys.trouble().empty());
    }

    void aTokenOfAKeyThatIsGoneIsRefusedAlthoughItWasCached() {
        std::atomic<bool> rotated = false;
        JwksOptions options = quick();
        options.interval = milliseconds(2);
        JwksCache keys([&] { return std::optional(jwksOf(key_, rotated ? "k2" : "k1")); }, options);
        const auto authenticator = makeAuthenticator(keys, key_.publicKey(), clock_);
        waitUntil([&] { return keys.keys() != nullptr; });
        const std::string old = "Bearer " + token("k1");
        CPPUNIT_ASSERT(authenticator->authenticate(old, "", "order").has_value());
        rotated = true;
        waitUntil([&] { return !authenticator->authenticate(old, "", "order").has_value(); });
    }

    void keySetsAreReadStrictly() {
        const std::string good = jwksOf(key_, "k1");
        CPPUNIT_ASSERT(parseJwks(good).has_value());
        Json::Value set = json(good);
        for (const auto& [member, value] : std::vector<std::pair<const char*, const char*>>{
                 {"kty", "oct"}, {"crv", "P-521"}, {"use", "enc"}, {"alg", "HS256"}, {"kid", "../k1"}, {"kid", ""}}) {
            Json::Value other = set["keys"][0];
            other[member] = value;
            Json::Value both = set;
            both["keys"].append(other);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(member, std::size_t{1}, parseJwks(writeJson(both))->size());
            both["keys"] = Json::Value(Json::arrayValue);
            both["keys"].append(other);
            CPPUNIT_ASSERT_MESSAGE(member, !parseJwks(writeJson(both)));
        }
        Json::Value secret = set;
        secret["keys"][0]["d"] = "AAAA";
        CPPUNIT_ASSERT(!parseJwks(writeJson(secret)));
        set["keys"].append(set["keys"][0]);
        CPPUNIT_ASSERT(!parseJwks(writeJson(set)));
        for (const char* text : {"", "null", "[]", "{}", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":[1]})"}) {
            CPPUNIT_ASSERT_MESSAGE(text, !parseJwks(text));
        }
        CPPUNIT_ASSERT(!parseJwks(std::string(70'000, ' ') + good));
    }

    void resultsAreForgottenInOrderOfUse() {
        VerifiedCache<int> cache(16);  // two in each of 16 parts
        const Time now = clock_.now();
        const auto digest = [](std::uint8_t first) {
            Digest one{};
            one[0] = first;
            return one;
        };
        cache.store(digest(1), 1, now + std::chrono::seconds(10));
        cache.store(digest(2), 2, now + std::chrono::seconds(10));
        CPPUNIT_ASSERT(cache.find(digest(1), now) == 1);
        cache.store(digest(3), 3, now + std::chrono::seconds(10));
        CPPUNIT_ASSERT(!cache.find(digest(2), now));
        CPPUNIT_ASSERT(cache.find(digest(1), now) == 1);
        CPPUNIT_ASSERT(cache.find(digest(3), now) == 3);
        CPPUNIT_ASSERT(!cache.find(digest(3), now + std::chrono::seconds(10)));
        cache.clear();
        CPPUNIT_ASSERT(!cache.find(digest(1), now));
    }

private:
    static JwksOptions quick() { return {std::chrono::minutes(10), milliseconds(1), milliseconds(1)}; }

    std::string token(const std::string& kid) const {
        const std::int64_t now = toSeconds(clock_.now());
        Json::Value claims;
        claims["iss"] = "stoa-auth";
        claims["aud"] = "stoa";
        claims["sub"] = "u1";
        claims["exp"] = Json::Int64(now + 600);
        return signJws(kAccessToken, kid, claims, key_);
    }

    Clock clock_;
    const PrivateKey key_ = PrivateKey::generate();
};

CPPUNIT_TEST_SUITE_REGISTRATION(JwksCacheTest);

}  // namespace
}  // namespace stoa::host::security
