#include <cppunit/extensions/HelperMacros.h>

#include <sys/stat.h>

#include <cstdlib>

#include <stoa/error.h>
#include <stoa/validate/manifest.h>

#include "host/base/atomic_file.h"
#include "host/control/stoactl/local.h"
#include "host/control/stoactl/signing.h"
#include "host/security/files.h"
#include "host/security/plugin_signature.h"

namespace stoa::stoactl {
namespace {

namespace fs = std::filesystem;
using namespace host::security;

class SigningTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SigningTest);
    CPPUNIT_TEST(aHostThatHasThePublicHalfTakesWhatWasSigned);
    CPPUNIT_TEST(keysAreForTheirOwnerAndNeverOverwritten);
    CPPUNIT_TEST(aKeyThatOthersMayReadSignsNothing);
    CPPUNIT_TEST(whatCannotBeSignedIsSaidAndLeavesNothing);
    CPPUNIT_TEST(theCommandsNeedNoHost);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = (fs::temp_directory_path() / "stoactl-sign-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        key_ = folder_ / "release.pem";
        plugin_ = folder_ / "plain_c.so";
        fs::copy_file(STOA_TEST_PLUGIN, plugin_);
    }
    void tearDown() override { fs::remove_all(folder_); }

    void aHostThatHasThePublicHalfTakesWhatWasSigned() {
        const std::string id = makeSigningKey(key_);
        const Signed done = signFile(key_, plugin_);
        CPPUNIT_ASSERT_EQUAL((folder_ / "plain_c.so.sig").native(), done.signature.native());
        CPPUNIT_ASSERT_EQUAL(std::string("plain_c 1.0.0"), done.name + " " + done.version);
        CPPUNIT_ASSERT_EQUAL(id, done.signer);
        const PluginTrust host(key_.native() + ".pub", false);
        const PluginHashes hashes{hashOf(plugin_), validate::readManifest(plugin_.native())->sha256};
        CPPUNIT_ASSERT_EQUAL(id, host.check(plugin_, hashes).signer);
        CPPUNIT_ASSERT_EQUAL(id, signFile(key_, plugin_).signer);  // again, after a build
    }

    void keysAreForTheirOwnerAndNeverOverwritten() {
        makeSigningKey(key_);
        struct stat status {};
        CPPUNIT_ASSERT_EQUAL(0, ::stat(key_.c_str(), &status));
        CPPUNIT_ASSERT_EQUAL(0600u, status.st_mode & 0777);
        const std::string before = *readFile(key_);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, refusal([&] { makeSigningKey(key_); }));
        fs::remove(key_.native() + ".pub");
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, refusal([&] { makeSigningKey(key_); }));
        CPPUNIT_ASSERT_EQUAL(before, *readFile(key_));
        CPPUNIT_ASSERT(!fs::exists(key_.native() + ".pub"));
    }

    void aKeyThatOthersMayReadSignsNothing() {
        makeSigningKey(key_);
        ::chmod(key_.c_str(), 0644);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_FORBIDDEN}, refusal([&] { signFile(key_, plugin_); }));
    }

    void whatCannotBeSignedIsSaidAndLeavesNothing() {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, refusal([&] { signFile(key_, plugin_); }));
        makeSigningKey(key_);
        host::writeAtomically(folder_ / "text.so", "no plugin");
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, refusal([&] { signFile(key_, folder_ / "text.so"); }));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, refusal([&] { signFile(folder_ / "text.so", plugin_); }));
        CPPUNIT_ASSERT(!fs::exists(folder_ / "text.so.sig") && !fs::exists(folder_ / "plain_c.so.sig"));
    }

    void theCommandsNeedNoHost() {
        const auto made = answerLocally(asked({"keygen", key_}));
        CPPUNIT_ASSERT(made && made->text.find("security.plugin_keys") != std::string::npos);
        const auto done = answerLocally(asked({"sign", "--key", key_, plugin_}));
        CPPUNIT_ASSERT_EQUAL(made->json["key"].asString(), done->json["key"].asString());
        CPPUNIT_ASSERT(fs::exists(done->json["signature"].asString()));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, refusal([&] { answerLocally(asked({"sign", plugin_})); }));
        CPPUNIT_ASSERT(!answerLocally(asked({"status"})));
    }

private:
    static Question asked(const std::vector<std::string>& arguments) {
        return std::get<Question>(parse(arguments, fs::current_path().string()));
    }

    template <typename Body>
    static stoa_status refusal(Body&& body) {
        try {
            body();
        } catch (const Error& error) {
            return error.status();
        }
        return STOA_OK;
    }

    fs::path folder_;
    fs::path key_;
    fs::path plugin_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SigningTest);

}  // namespace
}  // namespace stoa::stoactl
