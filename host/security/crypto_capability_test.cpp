#include "host/security/crypto_capability.h"

#include <stoa/abi/crypto.h>
#include <stoa/abi/secret.h>

#include <array>
#include <atomic>
#include <set>

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/error.h>

#include "host/base/atomic_file.h"
#include "host/security/secret_capability.h"
#include "host/security/test_fleet.h"

namespace stoa::host::security {
namespace {

constexpr PasswordOptions kCheap{.memory_kib = 64, .iterations = 1, .parallelism = 1, .concurrency = 2, .wait = {}};

/// Collects what a capability writes.
struct Text {
    std::string value;
    stoa_writer writer{sizeof(stoa_writer), 0, this, [](const stoa_writer* to, const void* data, size_t size) {
                           static_cast<Text*>(to->self)->value.append(static_cast<const char*>(data), size);
                           return stoa_status{STOA_OK};
                       }};
};

class CryptoCapabilityTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CryptoCapabilityTest);
    CPPUNIT_TEST(passwordsVerifyAgainstTheirOwnHash);
    CPPUNIT_TEST(anEmptyHashFailsAfterTheSameWork);
    CPPUNIT_TEST(strangeHashesAreRefusedBeforeTheyCostAnything);
    CPPUNIT_TEST(theBoundOnHashingIsKept);
    CPPUNIT_TEST(onlyAPluginThatAskedForKeysSigns);
    CPPUNIT_TEST(signedTokensVerifyWithTheKeySet);
    CPPUNIT_TEST(wrongClaimsAreNotSigned);
    CPPUNIT_TEST(hostsThatSignFirstAtOnceShareOneKey);
    CPPUNIT_TEST(aNewKeyIsPublishedBeforeItSigns);
    CPPUNIT_TEST(oldKeysStayInTheSetAndThenGo);
    CPPUNIT_TEST(keysRotateByThemselves);
    CPPUNIT_TEST(digestsAreThoseOfTheStandards);
    CPPUNIT_TEST(equalComparesSizesAndBytes);
    CPPUNIT_TEST(randomBytesDiffer);
    CPPUNIT_TEST(secretsAreReadByName);
    CPPUNIT_TEST(aSecretInTheConfigurationItselfIsRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        auto manifest = std::make_shared<validate::Manifest>();
        manifest->signing_keys = true;
        environment_.service = "auth";
        environment_.manifest = std::move(manifest);
        writeAtomically(folder_ / "key", "Jefe\n", 0600);
        environment_.config["secrets"]["webhook"] = "file:" + (folder_ / "key");
        environment_.config["secrets"]["absent"] = "file:" + (folder_ / "absent");
        bind();
    }

    void passwordsVerifyAgainstTheirOwnHash() {
        Text phc;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, table_->hash_password(table_, view("secret"), &phc.writer));
        CPPUNIT_ASSERT(phc.value.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, verify("secret", phc.value));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAUTHENTICATED}, verify("Secret", phc.value));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAUTHENTICATED}, verify("", phc.value));
        Text again;
        table_->hash_password(table_, view("secret"), &again.writer);
        CPPUNIT_ASSERT(phc.value != again.value);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID},
                             table_->hash_password(table_, view(std::string(5000, 'x')), &phc.writer));
    }

    void anEmptyHashFailsAfterTheSameWork() {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAUTHENTICATED}, verify("x", ""));
    }

    void strangeHashesAreRefusedBeforeTheyCostAnything() {
        for (const char* phc :
             {"x", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA", "$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$AAAA",
              "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$AAAA", "$argon2id$v=19$m=64,t=4294967295,p=1$c2FsdHNhbHQ$A",
              "$argon2id$v=19$m=64,t=1,p=1", "$argon2id$v=19$m=64,t=1,p=1$$",
              "$argon2id$v=19$m=-1,t=1,p=1$c2FsdA$AA"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(phc, stoa_status{STOA_INVALID}, verify("x", phc));
        }
    }

    void theBoundOnHashingIsKept() {
        PasswordOptions options = kCheap;
        options.concurrency = 1;
        options.memory_kib = 16384;  // some milliseconds
        options.wait = std::chrono::minutes(1);
        Passwords slow(options);
        std::atomic<bool> done = false;
        std::jthread busy([&] {
            while (!done) {
                slow.hash("x");
            }
        });
        Work work;
        work.deadline = std::chrono::steady_clock::now();  // no time to wait: refused as long as the place is taken
        const WorkScope scope(work);
        waitUntil([&] {
            try {
                slow.hash("y");
                return false;
            } catch (const Error& error) {
                return error.status() == STOA_EXHAUSTED;
            }
        });
        done = true;
    }

    void onlyAPluginThatAskedForKeysSigns() {
        environment_.manifest = std::make_shared<validate::Manifest>();
        bind();
        Text out;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_FORBIDDEN}, table_->sign_token(table_, view("{}"), &out.writer));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_FORBIDDEN}, table_->key_set(table_, &out.writer));
        CPPUNIT_ASSERT(lastError().find("signingKeys") != std::string::npos);
    }

    void signedTokensVerifyWithTheKeySet() {
        Text token;
        Text jwks;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK},
                             table_->sign_token(table_, view(R"({"sub":"u1","exp":9999999999})"), &token.writer));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, table_->key_set(table_, &jwks.writer));
        const auto keys = parseJwks(jwks.value);
        const auto jws = parseJws(token.value, kAccessToken);
        CPPUNIT_ASSERT(keys && jws && keys->contains(jws->kid));
        CPPUNIT_ASSERT(jws->verify(keys->at(jws->kid)));
        CPPUNIT_ASSERT_EQUAL(std::string("u1"), jws->claims["sub"].asString());
        CPPUNIT_ASSERT(jwks.value.find("\"d\"") == std::string::npos);
    }

    void wrongClaimsAreNotSigned() {
        Text out;
        for (const std::string& claims :
             {std::string("x"), std::string("[]"), std::string("{}"), std::string(R"({"exp":"1"})"),
              std::string(R"({"exp":1,"exp":2})"), std::string(9000, ' ') + R"({"exp":1})",
              R"({"exp":1,"x":")" + std::string(7000, 'x') + "\"}"}) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, table_->sign_token(table_, view(claims), &out.writer));
        }
        CPPUNIT_ASSERT(out.value.empty());
    }

    void hostsThatSignFirstAtOnceShareOneKey() {
        std::vector<std::unique_ptr<SigningKeys>> hosts;
        hosts.reserve(4);
        for (int i = 0; i < 4; ++i) {
            hosts.push_back(std::make_unique<SigningKeys>(options(), clock_));
        }
        {
            std::vector<std::jthread> threads;
            threads.reserve(hosts.size());
            for (const auto& host : hosts) {
                threads.emplace_back([&host] { host->sign("auth", Json::Value(Json::objectValue)); });
            }
        }
        std::set<std::string> kids;
        for (const auto& host : hosts) {
            kids.insert(kidOf(*host));
            CPPUNIT_ASSERT_EQUAL(1u, host->keySet("auth")["keys"].size());
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, kids.size());
    }

    void aNewKeyIsPublishedBeforeItSigns() {
        SigningKeys other(options(), clock_);
        const std::string first = kidOf(keys_);
        const std::string second = keys_.rotate("auth");
        CPPUNIT_ASSERT(first != second);
        CPPUNIT_ASSERT_EQUAL(2u, other.keySet("auth")["keys"].size());
        clock_.shift(std::chrono::seconds(170));
        CPPUNIT_ASSERT_EQUAL(first, kidOf(keys_));
        CPPUNIT_ASSERT_EQUAL(first, kidOf(other));
        clock_.shift(std::chrono::seconds(20));
        CPPUNIT_ASSERT_EQUAL(second, kidOf(keys_));
        CPPUNIT_ASSERT_EQUAL(second, kidOf(other));
    }

    void oldKeysStayInTheSetAndThenGo() {
        kidOf(keys_);
        clock_.shift(std::chrono::hours(1));
        keys_.rotate("auth");
        clock_.shift(std::chrono::minutes(50));
        keys_.rotate("auth");
        CPPUNIT_ASSERT_EQUAL(3u, keys_.keySet("auth")["keys"].size());
        clock_.shift(std::chrono::minutes(20));
        keys_.rotate("auth");
        CPPUNIT_ASSERT_EQUAL(3u, keys_.keySet("auth")["keys"].size());
    }

    void keysRotateByThemselves() {
        const std::string first = kidOf(keys_);
        clock_.shift(std::chrono::hours(24 * 30 + 1));
        CPPUNIT_ASSERT_EQUAL(first, kidOf(keys_));  // makes the next one
        clock_.shift(std::chrono::minutes(4));
        CPPUNIT_ASSERT(first != kidOf(keys_));
    }

    void digestsAreThoseOfTheStandards() {
        std::uint8_t digest[32];
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, table_->sha256(table_, view("abc"), digest));
        CPPUNIT_ASSERT_EQUAL(std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                             hex(digest));
        // RFC 4231, test case 2
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, table_->hmac_sha256(table_, view("webhook"),
                                                                       view("what do ya want for nothing?"), digest));
        CPPUNIT_ASSERT_EQUAL(std::string("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
                             hex(digest));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, table_->hmac_sha256(table_, view("x"), view(""), digest));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE},
                             table_->hmac_sha256(table_, view("absent"), view(""), digest));
    }

    void equalComparesSizesAndBytes() {
        CPPUNIT_ASSERT_EQUAL(1u, table_->equal(table_, view("abc"), view("abc")));
        CPPUNIT_ASSERT_EQUAL(0u, table_->equal(table_, view("abc"), view("abd")));
        CPPUNIT_ASSERT_EQUAL(0u, table_->equal(table_, view("abc"), view("ab")));
        CPPUNIT_ASSERT_EQUAL(1u, table_->equal(table_, {nullptr, 0}, {nullptr, 0}));
    }

    void randomBytesDiffer() {
        std::array<std::uint8_t, 32> one{};
        std::array<std::uint8_t, 32> two{};
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, table_->random(table_, one.data(), one.size()));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, table_->random(table_, two.data(), two.size()));
        CPPUNIT_ASSERT(one != two);
    }

    void secretsAreReadByName() {
        SecretCapability capability;
        CPPUNIT_ASSERT(capability.id() == "stoa.secret/1");
        const auto binding = capability.bind(environment_);
        const auto* secret = static_cast<const stoa_secret*>(binding->table());
        Text value;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, secret->read(secret, view("webhook"), &value.writer));
        CPPUNIT_ASSERT_EQUAL(std::string("Jefe"), value.value);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, secret->read(secret, view("other"), &value.writer));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, secret->read(secret, view("absent"), &value.writer));
    }

    void aSecretInTheConfigurationItselfIsRefused() {
        environment_.config["secrets"]["webhook"] = "hunter2";
        try {
            SecretCapability().bind(environment_);
            CPPUNIT_FAIL("taken");
        } catch (const Error& error) {
            CPPUNIT_ASSERT(std::string(error.what()).find("secrets.webhook") != std::string::npos);
            CPPUNIT_ASSERT(std::string(error.what()).find("hunter2") == std::string::npos);
        }
    }

private:
    SigningKeyOptions options() const {
        SigningKeyOptions options;
        options.dir = folder_ / "keys";
        return options;
    }

    void bind() {
        binding_ = capability_.bind(environment_);
        table_ = static_cast<const stoa_crypto*>(binding_->table());
    }

    stoa_status verify(std::string_view password, std::string_view phc) {
        return table_->verify_password(table_, view(password), view(phc));
    }

    static std::string kidOf(SigningKeys& keys) {
        return parseJws(keys.sign("auth", Json::Value(Json::objectValue)), kAccessToken)->kid;
    }

    TestFolder folder_;
    Clock clock_;
    Passwords passwords_{kCheap};
    SigningKeys keys_{options(), clock_};
    CryptoCapability capability_{passwords_, keys_};
    plugin::Environment environment_;
    std::unique_ptr<plugin::Binding> binding_;
    const stoa_crypto* table_ = nullptr;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CryptoCapabilityTest);

}  // namespace
}  // namespace stoa::host::security
