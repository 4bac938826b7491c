#include <cppunit/extensions/HelperMacros.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <stoa/error.h>

#include "host/control/stoactl/new_plugin.h"

namespace stoa::stoactl {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
}

class NewPluginTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(NewPluginTest);
    CPPUNIT_TEST(everyFileIsWrittenUnderTheNewName);
    CPPUNIT_TEST(whatIsThereIsNeverOverwritten);
    CPPUNIT_TEST(aFolderThatIsNotThereIsSaidSo);
    CPPUNIT_TEST(namesThatCannotBeAreRefused);
    CPPUNIT_TEST(aNameOfTwoWordsIsATypeToo);
    CPPUNIT_TEST(whatFollowsIsSaid);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = (fs::temp_directory_path() / "stoactl-new-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    void tearDown() override { fs::remove_all(folder_); }

    stoa_status refusal(const fs::path& parent, const std::string& name) {
        try {
            writePlugin(parent, name);
            return STOA_OK;
        } catch (const Error& failure) {
            return failure.status();
        }
    }

    void everyFileIsWrittenUnderTheNewName() {
        const auto files = writePlugin(folder_, "loyalty");
        CPPUNIT_ASSERT_EQUAL(templateFiles().size(), files.size());
        for (const std::string& file : files) {
            const std::string text = content(folder_ / "loyalty" / file);
            CPPUNIT_ASSERT_MESSAGE(file, !text.empty());
            for (const char* left : {"newcomer", "Newcomer"}) {
                CPPUNIT_ASSERT_MESSAGE(file, (file + text).find(left) == std::string::npos);
            }
        }
        for (const char* needed :
             {".gitignore", "CMakeLists.txt", "README.md", "manifest.json", "openapi.yaml",
              "events/loyalty.entry_created.schema.json", "migrations/0001_entries.sql", "src/api.cpp",
              "src/domain.cpp", "src/store.cpp", "src/events.cpp", "src/plugin.cpp", "test/loyalty_test.cpp"}) {
            CPPUNIT_ASSERT_MESSAGE(needed, fs::is_regular_file(folder_ / "loyalty" / needed));
        }
    }

    void whatIsThereIsNeverOverwritten() {
        fs::create_directory(folder_ / "loyalty");
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, refusal(folder_, "loyalty"));
        CPPUNIT_ASSERT(fs::is_empty(folder_ / "loyalty"));
        std::ofstream(folder_ / "points") << "mine";
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, refusal(folder_, "points"));
        CPPUNIT_ASSERT_EQUAL(std::string("mine"), content(folder_ / "points"));
    }

    void aFolderThatIsNotThereIsSaidSo() {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, refusal(folder_ / "nowhere", "loyalty"));
    }

    void namesThatCannotBeAreRefused() {
        for (const char* wrong : {"", "Loyalty", "1st", "_x", "x_", "a__b", "a-b", "a.b", "../a", "a b", "class",
                                  "test", "std", "stoa", "a1234567890123456789012345678901234567890"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(wrong, stoa_status{STOA_INVALID}, refusal(folder_, wrong));
        }
        CPPUNIT_ASSERT(fs::is_empty(folder_));
        for (const char* right : {"loyalty", "loyalty_points", "a1", "x2_y"}) {
            CPPUNIT_ASSERT_EQUAL(std::string(), nameProblem(right));
        }
    }

    static void aNameOfTwoWordsIsATypeToo() {
        CPPUNIT_ASSERT_EQUAL(std::string("class LoyaltyPointsPlugin; // loyalty_points"),
                             renamed("class NewcomerPlugin; // newcomer", "loyalty_points"));
    }

    void whatFollowsIsSaid() {
        const std::string text = account(".", "loyalty", {"CMakeLists.txt"});
        CPPUNIT_ASSERT(text.find("  loyalty/CMakeLists.txt\n") != std::string::npos);
        CPPUNIT_ASSERT(text.find("--plugin=loyalty/build/plugins/loyalty.so") != std::string::npos);
    }

private:
    fs::path folder_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(NewPluginTest);

}  // namespace
}  // namespace stoa::stoactl
