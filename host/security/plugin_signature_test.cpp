#include "host/security/plugin_signature.h"

#include <cppunit/extensions/HelperMacros.h>

#include <unistd.h>

#include <stoa/base64.h>
#include <stoa/error.h>
#include <stoa/json.h>

#include "host/base/atomic_file.h"
#include "host/security/ecdsa.h"
#include "host/security/files.h"

namespace stoa::host::security {
namespace {

namespace fs = std::filesystem;

const PluginHashes kHashes{std::string(64, 'a'), std::string(64, 'b')};

std::string with(const std::string& signature, const char* member, const Json::Value& value) {
    Json::Value json = *parseJson(signature);
    json[member] = value;
    return writeJson(json);
}

class PluginSignatureTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PluginSignatureTest);
    CPPUNIT_TEST(whatWasSignedIsVerifiedAndNamesItsKey);
    CPPUNIT_TEST(keysAndSignaturesOfTheRfc);
    CPPUNIT_TEST(anotherFileOrManifestIsRefused);
    CPPUNIT_TEST(anUnknownKeyIsRefusedAndTheKnownOnesAreNamed);
    CPPUNIT_TEST(aKeyThatPretendsToBeAnotherIsRefused);
    CPPUNIT_TEST(hashesThatWereExchangedAreRefused);
    CPPUNIT_TEST(everyTruncationIsRefused);
    CPPUNIT_TEST(everyChangedMemberIsRefused);
    CPPUNIT_TEST(aNewerFormatIsSaidToBeOne);
    CPPUNIT_TEST(keysAreReadFromFilesAndFolders);
    CPPUNIT_TEST(whatIsNoPublicEd25519KeyIsRefused);
    CPPUNIT_TEST(aHostWithoutKeysTakesEveryFile);
    CPPUNIT_TEST(aHostWithKeysRefusesUnsignedFilesUnlessToldOtherwise);
    CPPUNIT_TEST(aBadSignatureIsRefusedEvenWhereUnsignedFilesAreAllowed);
    CPPUNIT_TEST(keysComeAndGoWithoutARestart);
    CPPUNIT_TEST_SUITE_END();

    const Ed25519PrivateKey key_ = Ed25519PrivateKey::generate();
    const Ed25519PrivateKey other_ = Ed25519PrivateKey::generate();
    const PluginKeys trusted_{{key_.publicKey().id(), key_.publicKey()}};
    fs::path folder_;

public:
    void setUp() override {
        std::string name = fs::temp_directory_path() / "stoa-signature-XXXXXX";
        folder_ = mkdtemp(name.data());
    }
    void tearDown() override { fs::remove_all(folder_); }

    void whatWasSignedIsVerifiedAndNamesItsKey() {
        const std::string text = signPlugin(key_, kHashes);
        const auto signer = verifyPlugin(text, kHashes, trusted_);
        CPPUNIT_ASSERT_MESSAGE(signer ? "" : signer.error(), signer.has_value());
        CPPUNIT_ASSERT_EQUAL(key_.publicKey().id(), *signer);
        CPPUNIT_ASSERT_EQUAL(text, signPlugin(*Ed25519PrivateKey::fromPem(key_.pem()), kHashes));
    }

    void keysAndSignaturesOfTheRfc() {  // RFC 8032, section 7.1, test 2, as SubjectPublicKeyInfo of RFC 8410
        const std::string pem =
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
            "-----END PUBLIC KEY-----\n";
        const auto key = Ed25519PublicKey::fromPem(pem);
        CPPUNIT_ASSERT(key.has_value());
        const std::string signature =
            *fromBase64Url("kqAJqfDUyrhyDoILX2QlQKKye1QWUD-Ps3YiI-vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA");
        CPPUNIT_ASSERT(key->verify("\x72", signature));
        CPPUNIT_ASSERT(!key->verify("\x73", signature));
        CPPUNIT_ASSERT_EQUAL(pem, key->pem());
        CPPUNIT_ASSERT_EQUAL(std::size_t{16}, key->id().size());
    }

    void anotherFileOrManifestIsRefused() {
        const std::string text = signPlugin(key_, kHashes);
        refused(text, {std::string(64, 'c'), kHashes.manifest}, "speaks of a file with SHA-256 aaaaaaaaaaaa");
        refused(text, {kHashes.file, std::string(64, 'c')}, "speaks of a manifest with SHA-256 bbbbbbbbbbbb");
    }

    void anUnknownKeyIsRefusedAndTheKnownOnesAreNamed() {
        refused(signPlugin(other_, kHashes), kHashes, other_.publicKey().id() + ", which this host does not trust");
        refused(signPlugin(other_, kHashes), kHashes, "one of " + key_.publicKey().id());
    }

    void aKeyThatPretendsToBeAnotherIsRefused() {
        refused(with(signPlugin(other_, kHashes), "key", key_.publicKey().id()), kHashes, "it was altered");
    }

    void hashesThatWereExchangedAreRefused() {
        const PluginHashes mine{std::string(64, 'c'), std::string(64, 'd')};
        std::string text = with(signPlugin(key_, kHashes), "file", mine.file);
        text = with(text, "manifest", mine.manifest);
        refused(text, mine, "it was altered");
        const PluginHashes swapped{kHashes.manifest, kHashes.file};
        text = with(with(signPlugin(key_, kHashes), "file", swapped.file), "manifest", swapped.manifest);
        refused(text, swapped, "it was altered");
    }

    void everyTruncationIsRefused() {
        const std::string text = signPlugin(key_, kHashes);
        for (std::size_t size = 0; size + 1 < text.size(); ++size) {  // what is left out last is the end of the line
            refused(text.substr(0, size), kHashes, "is damaged");
        }
        const std::string signature = textOr(*parseJson(text), "signature");
        for (std::size_t size = 0; size < signature.size(); ++size) {
            refused(with(text, "signature", signature.substr(0, size)), kHashes, "is damaged");
        }
    }

    void everyChangedMemberIsRefused() {
        const std::string text = signPlugin(key_, kHashes);
        for (const auto& [member, value] :
             std::vector<std::pair<const char*, Json::Value>>{{"format", 0},
                                                              {"format", "1"},
                                                              {"format", Json::Value()},
                                                              {"file", std::string(63, 'a')},
                                                              {"file", std::string(64, 'A')},
                                                              {"manifest", 7},
                                                              {"manifest", ""},
                                                              {"signature", Json::Value()},
                                                              {"signature", Json::Value(Json::arrayValue)},
                                                              {"more", 1}}) {
            refused(with(text, member, value), kHashes, "is damaged");
        }
        refused(with(text, "signature", base64Url(std::string(64, '\0'))), kHashes, "it was altered");
        refused(with(text, "key", "0123456789abcdef"), kHashes, "does not trust");
        refused("[]", kHashes, "is damaged");
    }

    void aNewerFormatIsSaidToBeOne() { refused(with(signPlugin(key_, kHashes), "format", 2), kHashes, "has format 2"); }

    void keysAreReadFromFilesAndFolders() {
        write("one.pub", key_.publicKey().pem());
        fs::create_directory(folder_ / "keys");
        write("keys/two.pem", other_.publicKey().pem());
        write("keys/notes.txt", "not a key");
        const std::string one = folder_ / "one.pub";
        const std::string two = folder_ / "keys";
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, readPluginKeys(one).count(key_.publicKey().id()));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, readPluginKeys(two).size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, readPluginKeys(one + "," + two).size());
    }

    void whatIsNoPublicEd25519KeyIsRefused() {
        fs::create_directory(folder_ / "keys");
        fails([&] { readPluginKeys(folder_ / "keys"); }, STOA_INVALID, "holds no *.pem");
        fails([&] { readPluginKeys(folder_ / "nowhere.pub"); }, STOA_INVALID, "there is no file");
        write("keys/private.pem", key_.pem());
        fails([&] { readPluginKeys(folder_ / "keys"); }, STOA_INVALID, "private.pem: it holds a private key");
        write("keys/private.pem", PrivateKey::generate().publicKey().pem());
        fails([&] { readPluginKeys(folder_ / "keys"); }, STOA_INVALID, "Ed25519 is needed");
        write("keys/private.pem", "text");
        fails([&] { PluginTrust(folder_ / "keys", true); }, STOA_INVALID, "not a key in PEM format");
        CPPUNIT_ASSERT(!Ed25519PrivateKey::fromPem(PrivateKey::generate().pem()));
    }

    void aHostWithoutKeysTakesEveryFile() {
        const PluginTrust trust;
        CPPUNIT_ASSERT(!trust.checks());
        CPPUNIT_ASSERT_EQUAL(std::string(), trust.check(plugin(), kHashes).signature);
        write("order.so.sig", "nonsense");
        CPPUNIT_ASSERT_EQUAL(std::string(), trust.check(plugin(), kHashes).signature);
        const std::string text = signPlugin(other_, kHashes);
        write("order.so.sig", text);
        CPPUNIT_ASSERT_EQUAL(text, trust.check(plugin(), kHashes).signature);
        CPPUNIT_ASSERT_EQUAL(std::string(), trust.check(plugin(), kHashes).signer);
    }

    void aHostWithKeysRefusesUnsignedFilesUnlessToldOtherwise() {
        write("key.pub", key_.publicKey().pem());
        const PluginTrust strict(folder_ / "key.pub", false);
        fails([&] { strict.check(plugin(), kHashes); }, STOA_FORBIDDEN, "stoactl sign");
        CPPUNIT_ASSERT_EQUAL(std::string(), PluginTrust(folder_ / "key.pub", true).check(plugin(), kHashes).signer);
        write("order.so.sig", signPlugin(key_, kHashes));
        CPPUNIT_ASSERT_EQUAL(key_.publicKey().id(), strict.check(plugin(), kHashes).signer);
    }

    void aBadSignatureIsRefusedEvenWhereUnsignedFilesAreAllowed() {
        write("key.pub", key_.publicKey().pem());
        const PluginTrust trust(folder_ / "key.pub", true);
        for (const std::string& text : {signPlugin(other_, kHashes), std::string("nonsense"), std::string()}) {
            write("order.so.sig", text);
            fails([&] { trust.check(plugin(), kHashes); }, STOA_FORBIDDEN, "order.so.sig is ");
        }
        write("order.so.sig", std::string(5000, ' '));
        fails([&] { trust.check(plugin(), kHashes); }, STOA_UNAVAILABLE, "order.so.sig");
    }

    void keysComeAndGoWithoutARestart() {
        fs::create_directory(folder_ / "keys");
        write("keys/one.pub", key_.publicKey().pem());
        const PluginTrust trust(folder_ / "keys", false);
        write("order.so.sig", signPlugin(other_, kHashes));
        fails([&] { trust.check(plugin(), kHashes); }, STOA_FORBIDDEN, "does not trust");
        write("keys/two.pub", other_.publicKey().pem());
        CPPUNIT_ASSERT_EQUAL(other_.publicKey().id(), trust.check(plugin(), kHashes).signer);
        fs::remove(folder_ / "keys/two.pub");
        fails([&] { trust.check(plugin(), kHashes); }, STOA_FORBIDDEN, "does not trust");
    }

private:
    fs::path plugin() const { return folder_ / "order.so"; }

    void write(const std::string& name, const std::string& text) { writeAtomically(folder_ / name, text, 0644); }

    void refused(const std::string& text, const PluginHashes& hashes, const std::string& reason) {
        const auto signer = verifyPlugin(text, hashes, trusted_);
        CPPUNIT_ASSERT_MESSAGE(text, !signer.has_value());
        CPPUNIT_ASSERT_MESSAGE(signer.error() + " for " + text, signer.error().find(reason) != std::string::npos);
    }

    template <typename Body>
    static void fails(Body&& body, stoa_status status, const std::string& reason) {
        try {
            body();
        } catch (const Error& error) {
            CPPUNIT_ASSERT_MESSAGE(error.what(), std::string(error.what()).find(reason) != std::string::npos);
            CPPUNIT_ASSERT_EQUAL(status, error.status());
            return;
        }
        CPPUNIT_FAIL("no error; expected: " + reason);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(PluginSignatureTest);

}  // namespace
}  // namespace stoa::host::security
