#include <cppunit/extensions/HelperMacros.h>

#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>

#include "host/app/watcher.h"

namespace stoa::host::app {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class WatcherTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(WatcherTest);
    CPPUNIT_TEST(aFileWrittenInPlaceIsReportedWhenItIsWhole);
    CPPUNIT_TEST(aFileMovedThereIsReported);
    CPPUNIT_TEST(severalWritesInARowAreOneChange);
    CPPUNIT_TEST(otherFilesAreNobodysBusiness);
    CPPUNIT_TEST(aFolderMadeAgainIsWatchedAgain);
    CPPUNIT_TEST(twoFilesOfOneFolderAreToldApart);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::string pattern = (fs::temp_directory_path() / "watcher-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        fs::create_directory(folder_ / "plugins");
        a_ = folder_ / "plugins" / "a.so";
        b_ = folder_ / "plugins" / "b.so";
        write(a_, "first");
        write(b_, "first");
        watcher_ = std::make_unique<Watcher>(
            std::vector<std::string>{a_.string(), b_.string()},
            [this](const std::string& file) {
                std::unique_lock lock(mutex_);
                called_ = true;
                changed_.notify_all();
                changed_.wait(lock, [this] { return !held_; });
                std::ostringstream text;
                text << std::ifstream{file}.rdbuf();
                seen_.push_back(fs::path(file).filename().string() + " " + text.str());
                changed_.notify_all();
            },
            milliseconds{50});
    }
    void tearDown() override {
        watcher_.reset();
        fs::remove_all(folder_);
        seen_.clear();
    }

    static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

    /// The next change; "nothing" when none comes within the time.
    std::string next(milliseconds patience = milliseconds{20'000}) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [this] { return !seen_.empty(); })) {
            return "nothing";
        }
        std::string first = seen_.front();
        seen_.erase(seen_.begin());
        return first;
    }

    void hold(bool held) {
        const std::lock_guard lock(mutex_);
        held_ = held;
        called_ = false;
        changed_.notify_all();
    }
    void waitForCall() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return called_; });
    }

    /// Whatever was to be reported before this has been.
    void nothingElse() {
        write(b_, "end");
        CPPUNIT_ASSERT_EQUAL(std::string("b.so end"), next());
    }

    void aFileWrittenInPlaceIsReportedWhenItIsWhole() {
        std::ofstream file(a_);
        file << "half" << std::flush;
        CPPUNIT_ASSERT_EQUAL(std::string("nothing"), next(milliseconds{200}));  // four times what settles it
        file << " whole" << std::flush;
        file.close();
        CPPUNIT_ASSERT_EQUAL(std::string("a.so half whole"), next());
    }

    void aFileMovedThereIsReported() {
        write(a_.string() + ".tmp", "moved");
        fs::rename(a_.string() + ".tmp", a_);
        CPPUNIT_ASSERT_EQUAL(std::string("a.so moved"), next());
    }

    void severalWritesInARowAreOneChange() {
        // Written while the call back for another file is under way: the notices lie in the queue together.
        hold(true);
        write(b_, "held");
        waitForCall();
        for (const char* text : {"one", "two", "three"}) {
            write(a_, text);
        }
        hold(false);
        CPPUNIT_ASSERT_EQUAL(std::string("b.so held"), next());
        CPPUNIT_ASSERT_EQUAL(std::string("a.so three"), next());
        nothingElse();
    }

    void otherFilesAreNobodysBusiness() {
        write(folder_ / "plugins" / "c.so", "other");
        fs::remove(a_);
        nothingElse();
    }

    void aFolderMadeAgainIsWatchedAgain() {
        fs::remove_all(folder_ / "plugins");
        fs::create_directory(folder_ / "plugins");
        write(a_, "again");
        CPPUNIT_ASSERT_EQUAL(std::string("a.so again"), next());
        write(a_, "once more");
        std::string seen = next();
        while (seen == "a.so again") {  // seen when the folder came back, and when the file was closed
            seen = next();
        }
        CPPUNIT_ASSERT_EQUAL(std::string("a.so once more"), seen);
    }

    void twoFilesOfOneFolderAreToldApart() {
        write(b_, "second");
        CPPUNIT_ASSERT_EQUAL(std::string("b.so second"), next());
        write(a_, "second");
        CPPUNIT_ASSERT_EQUAL(std::string("a.so second"), next());
    }

private:
    fs::path folder_;
    fs::path a_, b_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> seen_;
    bool held_ = false;
    bool called_ = false;
    std::unique_ptr<Watcher> watcher_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(WatcherTest);

}  // namespace
}  // namespace stoa::host::app
