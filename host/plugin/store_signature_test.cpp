#include <cppunit/extensions/HelperMacros.h>

#include <fstream>
#include <iterator>

#include <stoa/error.h>

#include "host/base/atomic_file.h"
#include "host/plugin/store.h"
#include "host/plugin/testing.h"

namespace stoa::host::plugin {
namespace {

namespace fs = std::filesystem;
using security::Ed25519PrivateKey;
using security::PluginTrust;
using security::signatureFileOf;

std::string contentOf(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void put(const fs::path& file, const std::string& content) {
    fs::remove(file);  // files of the store are not writable
    std::ofstream(file, std::ios::binary) << content;
}

security::PluginHashes hashesOf(const fs::path& file) {
    return {hashOf(file), validate::readManifest(file.native())->sha256};
}

class StoreSignatureTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StoreSignatureTest);
    CPPUNIT_TEST(aSignedFileIsStagedWithItsSignature);
    CPPUNIT_TEST(anUnsignedFileIsRefusedWhereKeysAreSetAndOnlyThere);
    CPPUNIT_TEST(aTamperedFileIsRefused);
    CPPUNIT_TEST(aTamperedManifestIsRefused);
    CPPUNIT_TEST(theSignatureOfAnotherKeyOrPluginIsRefused);
    CPPUNIT_TEST(aTruncatedSignatureIsRefused);
    CPPUNIT_TEST(whatIsRefusedLeavesNothingInTheStore);
    CPPUNIT_TEST(aFileReplacedInTheStoreIsNotLoaded);
    CPPUNIT_TEST(aFilePutIntoTheStoreWithItsHashIsNotFound);
    CPPUNIT_TEST(aKeyTakenAwayEndsWhatItSigned);
    CPPUNIT_TEST(aSignatureKeptUncheckedCountsOnceKeysAreSet);
    CPPUNIT_TEST(aKillBetweenSignatureAndFileLeavesAValidStore);
    CPPUNIT_TEST_SUITE_END();

    testing::Directory directory_;
    const fs::path state_ = directory_.path() / "state";
    const fs::path file_ = directory_.path() / "plain_c.so";
    const fs::path keys_ = directory_.path() / "keys";
    const Ed25519PrivateKey key_ = Ed25519PrivateKey::generate();
    const Ed25519PrivateKey other_ = Ed25519PrivateKey::generate();

public:
    void setUp() override {
        fs::copy_file(STOA_TEST_PLUGIN, file_);
        fs::create_directory(keys_);
        writeAtomically(keys_ / "one.pub", key_.publicKey().pem());
        sign(key_, hashesOf(file_));
    }

    void aSignedFileIsStagedWithItsSignature() {
        const Staged staged = strict().stage(file_);
        CPPUNIT_ASSERT_EQUAL(key_.publicKey().id(), staged.signer);
        CPPUNIT_ASSERT_EQUAL(contentOf(signatureFileOf(file_)), contentOf(signatureFileOf(staged.file)));
        CPPUNIT_ASSERT_EQUAL(staged.signer, strict().find("plain_c", "1.0.0", staged.sha256).signer);
        CPPUNIT_ASSERT_EQUAL(staged.sha256, hashOf(strict().copyFor(staged, 1)));
    }

    void anUnsignedFileIsRefusedWhereKeysAreSetAndOnlyThere() {
        fs::remove(signatureFileOf(file_));
        refused("has no signature");
        CPPUNIT_ASSERT_EQUAL(std::string(), Store(state_).stage(file_).signer);
        Store lenient(state_, PluginTrust(keys_, true));
        lenient.copyFor(lenient.stage(file_), 1);
    }

    void aTamperedFileIsRefused() {
        put(file_, contentOf(file_) + "x");
        refused("speaks of a file with SHA-256");
    }

    void aTamperedManifestIsRefused() {
        std::string content = contentOf(file_);
        const std::string version = R"("version":"1.0.0")";
        const std::size_t at = content.find(version);
        CPPUNIT_ASSERT(at != std::string::npos);
        put(file_, content.replace(at, version.size(), R"("version":"1.0.9")"));
        refused("speaks of a file with SHA-256");
        // Even if the signer was made to believe another manifest.
        sign(key_, {hashOf(file_), hashesOf(STOA_TEST_PLUGIN).manifest});
        refused("speaks of a manifest with SHA-256");
    }

    void theSignatureOfAnotherKeyOrPluginIsRefused() {
        sign(other_, hashesOf(file_));
        refused("which this host does not trust");
        sign(key_, {std::string(64, '1'), std::string(64, '2')});
        refused("this is the signature of another one");
    }

    void aTruncatedSignatureIsRefused() {
        const std::string whole = contentOf(signatureFileOf(file_));
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 2}) {
            put(signatureFileOf(file_), whole.substr(0, size));
            refused("is damaged");
        }
    }

    void whatIsRefusedLeavesNothingInTheStore() {
        put(file_, contentOf(file_) + "x");
        refused("speaks of a file");
        CPPUNIT_ASSERT(fs::is_empty(state_ / "store"));
    }

    void aFileReplacedInTheStoreIsNotLoaded() {
        const Store store = strict();
        const Staged staged = strict().stage(file_);
        const std::string good = contentOf(staged.file);
        put(staged.file, good + "x");
        // Not even with the signature that belongs to it: what was staged is another one.
        put(signatureFileOf(staged.file), signPlugin(key_, hashesOf(staged.file)));
        fails([&] { store.copyFor(staged, 1); }, STOA_INVALID, "is damaged");
        fails([&] { store.verify(staged); }, STOA_INVALID, "is damaged");
        put(staged.file, good);
        fails([&] { store.verify(staged); }, STOA_FORBIDDEN, "speaks of a file");
        fails([&] { store.copyFor(staged, 2); }, STOA_FORBIDDEN, "speaks of a file");
        fs::remove(signatureFileOf(staged.file));
        fails([&] { store.copyFor(staged, 3); }, STOA_FORBIDDEN, "has no signature");
    }

    void aFilePutIntoTheStoreWithItsHashIsNotFound() {
        const Staged staged = strict().stage(file_);
        put(file_, contentOf(file_) + "x");
        const std::string sha256 = hashOf(file_);
        const fs::path directory = state_ / "store/plain_c" / ("1.0.0+" + sha256.substr(0, 12));
        fs::create_directories(directory);
        fs::copy_file(file_, directory / "plain_c.so");
        fails([&] { strict().find("plain_c", "1.0.0", sha256); }, STOA_FORBIDDEN, "has no signature");
        fs::copy_file(signatureFileOf(staged.file), directory / "plain_c.so.sig");
        fails([&] { strict().find("plain_c", "1.0.0", sha256); }, STOA_FORBIDDEN, "speaks of a file");
        CPPUNIT_ASSERT_EQUAL(sha256, Store(state_).find("plain_c", "1.0.0", sha256).sha256);
    }

    void aKeyTakenAwayEndsWhatItSigned() {
        Store store = strict();
        const Staged staged = store.stage(file_);
        writeAtomically(keys_ / "two.pub", other_.publicKey().pem());
        fs::remove(keys_ / "one.pub");
        fails([&] { store.copyFor(staged, 1); }, STOA_FORBIDDEN, "does not trust");
        fails([&] { store.find("plain_c", "1.0.0", staged.sha256); }, STOA_FORBIDDEN, "does not trust");
        sign(other_, hashesOf(file_));
        store.copyFor(store.stage(file_), 2);  // signed anew, it is taken: the signature in the store is replaced
    }

    void aSignatureKeptUncheckedCountsOnceKeysAreSet() {
        const Staged staged = Store(state_).stage(file_);
        CPPUNIT_ASSERT_EQUAL(std::string(), staged.signer);
        CPPUNIT_ASSERT_EQUAL(key_.publicKey().id(), strict().find("plain_c", "1.0.0", staged.sha256).signer);
    }

    void aKillBetweenSignatureAndFileLeavesAValidStore() {
        const Staged staged = strict().stage(file_);
        fs::remove(staged.file);
        fails([&] { strict().find("plain_c", "1.0.0", staged.sha256); }, STOA_NOT_FOUND, "upgrade to a file");
        Store again = strict();
        again.copyFor(again.stage(file_), 1);
    }

private:
    Store strict() const { return Store(state_, PluginTrust(keys_, false)); }

    void sign(const Ed25519PrivateKey& key, const security::PluginHashes& hashes) const {
        put(signatureFileOf(file_), signPlugin(key, hashes));
    }

    void refused(const std::string& reason) {
        fails([&] { strict().stage(file_); }, STOA_FORBIDDEN, reason);
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

CPPUNIT_TEST_SUITE_REGISTRATION(StoreSignatureTest);

}  // namespace
}  // namespace stoa::host::plugin
