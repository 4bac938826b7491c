#include "host/plugin/store.h"

#include <cppunit/extensions/HelperMacros.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>

#include <stoa/error.h>

#include "host/plugin/records.h"
#include "host/plugin/testing.h"

namespace stoa::host::plugin {
namespace {

namespace fs = std::filesystem;

std::string fileWith(const fs::path& directory, const std::string& name, const std::string& content) {
    std::ofstream(directory / name, std::ios::binary) << content;
    return (directory / name).native();
}

/// A write beyond so many bytes fails, as on a full disk, until this ends.
class SmallFiles {
public:
    explicit SmallFiles(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit small{bytes, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &small);
    }
    ~SmallFiles() {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    SmallFiles(const SmallFiles&) = delete;
    SmallFiles& operator=(const SmallFiles&) = delete;

private:
    rlimit before_{};
    void (*handler_)(int);
};

class StoreTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StoreTest);
    CPPUNIT_TEST(stagingTwiceGivesTheSameFile);
    CPPUNIT_TEST(refusesWhatIsNoPlugin);
    CPPUNIT_TEST(aDamagedFileInTheStoreIsNotLoaded);
    CPPUNIT_TEST(findsByNameVersionAndHash);
    CPPUNIT_TEST(keepsWhatIsWantedAndTheYoungest);
    CPPUNIT_TEST(sweepsWhatAKillCutOff);
    CPPUNIT_TEST(manyStagesAtOnceGiveOneFile);
    CPPUNIT_TEST(aFullDiskLeavesNothingHalfWritten);
    CPPUNIT_TEST_SUITE_END();

    testing::Directory directory_;

    stoa_status statusOf(const std::string& file) {
        try {
            Store(directory_.path()).stage(file);
        } catch (const Error& refusal) {
            return refusal.status();
        }
        return STOA_OK;
    }

public:
    void stagingTwiceGivesTheSameFile() {
        Store store(directory_.path());
        const Staged first = store.stage(STOA_TEST_PLUGIN);
        const Staged second = store.stage(STOA_TEST_PLUGIN);
        CPPUNIT_ASSERT_EQUAL(first.file.native(), second.file.native());
        CPPUNIT_ASSERT_EQUAL(hashOf(STOA_TEST_PLUGIN), first.sha256);
        CPPUNIT_ASSERT(first.file.native().find("/plain_c/1.0.0+" + first.sha256.substr(0, 12)) != std::string::npos);
    }

    void refusesWhatIsNoPlugin() {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, statusOf(directory_.path() / "missing.so"));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOf(fileWith(directory_.path(), "text.so", "hello")));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOf("/proc/self/exe"));
    }

    void aDamagedFileInTheStoreIsNotLoaded() {
        Store store(directory_.path());
        const Staged staged = store.stage(STOA_TEST_PLUGIN);
        fs::permissions(staged.file, fs::perms::owner_all);
        std::ofstream(staged.file, std::ios::app) << "x";
        CPPUNIT_ASSERT_THROW(store.copyFor(staged, 1), Error);
        CPPUNIT_ASSERT_THROW(store.stage(STOA_TEST_PLUGIN), Error);
    }

    void findsByNameVersionAndHash() {
        Store store(directory_.path());
        const Staged staged = store.stage(STOA_TEST_PLUGIN);
        CPPUNIT_ASSERT_EQUAL(staged.file.native(), store.find("plain_c", "1.0.0", staged.sha256).file.native());
        CPPUNIT_ASSERT_THROW(store.find("plain_c", "1.0.1", staged.sha256), Error);
    }

    void keepsWhatIsWantedAndTheYoungest() {
        const Store store(directory_.path());
        const fs::path versions = directory_.path() / "store" / "order";
        for (const std::string hash : {"aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "dddddddddddd"}) {
            fs::create_directories(versions / ("1.0.0+" + hash));
        }
        fs::last_write_time(versions / "1.0.0+bbbbbbbbbbbb", fs::file_time_type::clock::now() - std::chrono::hours{2});
        fs::last_write_time(versions / "1.0.0+cccccccccccc", fs::file_time_type::clock::now() - std::chrono::hours{1});
        store.collect("order", {std::string("bbbbbbbbbbbb") + std::string(52, '0')}, 2);
        CPPUNIT_ASSERT(fs::exists(versions / "1.0.0+bbbbbbbbbbbb"));
        CPPUNIT_ASSERT(!fs::exists(versions / "1.0.0+cccccccccccc"));
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{2}, std::distance(fs::directory_iterator(versions), {}));
    }

    void sweepsWhatAKillCutOff() {
        const Staged staged = Store(directory_.path()).stage(STOA_TEST_PLUGIN);
        fileWith(staged.file.parent_path(), "plain_c.so.x7Gh2a", "half");
        const Store again(directory_.path());
        CPPUNIT_ASSERT(!fs::exists(staged.file.parent_path() / "plain_c.so.x7Gh2a"));
        CPPUNIT_ASSERT(fs::exists(staged.file));
    }

    void manyStagesAtOnceGiveOneFile() {
        Store store(directory_.path());
        std::vector<std::string> files(8);
        {
            std::vector<std::jthread> threads;
            threads.reserve(files.size());
            for (std::string& file : files) {
                threads.emplace_back([&store, &file] { file = store.stage(STOA_TEST_PLUGIN).file.native(); });
            }
        }
        CPPUNIT_ASSERT_EQUAL(files.size(), static_cast<std::size_t>(std::ranges::count(files, files[0])));
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{1},
                             std::distance(fs::directory_iterator(fs::path(files[0]).parent_path()), {}));
        CPPUNIT_ASSERT_EQUAL(hashOf(STOA_TEST_PLUGIN), hashOf(files[0]));
    }

    void aFullDiskLeavesNothingHalfWritten() {
        Store store(directory_.path());
        {
            const SmallFiles full(fs::file_size(STOA_TEST_PLUGIN) / 2);
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_EXHAUSTED}, statusOf(STOA_TEST_PLUGIN));
        }
        for (const auto& entry : fs::recursive_directory_iterator(directory_.path())) {
            CPPUNIT_ASSERT_MESSAGE(entry.path().native(), entry.is_directory());
        }
        CPPUNIT_ASSERT_EQUAL(hashOf(STOA_TEST_PLUGIN), store.stage(STOA_TEST_PLUGIN).sha256);
    }
};

class RecordsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RecordsTest);
    CPPUNIT_TEST(recordsSurviveAndDamagedOnesAreSaid);
    CPPUNIT_TEST(historyIsKeptInOrderAndACutOffLineIsSkipped);
    CPPUNIT_TEST(quarantineHoldsUntilReleased);
    CPPUNIT_TEST_SUITE_END();

    testing::Directory directory_;

public:
    void recordsSurviveAndDamagedOnesAreSaid() {
        const Records records(directory_.path());
        CPPUNIT_ASSERT(!records.active("order"));
        records.activate("order", {{"1.2.0", "abc"}, "def", Version{"1.1.0", "123"}, "upgrade", 42});
        const auto record = Records(directory_.path()).active("order");
        CPPUNIT_ASSERT((record->active == Version{"1.2.0", "abc"}));
        CPPUNIT_ASSERT((record->previous == Version{"1.1.0", "123"}));
        CPPUNIT_ASSERT_EQUAL(std::string("def"), record->source_sha256);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{42}, record->at_us);
        fileWith(directory_.path() / "plugins/order", "active.json", "{");
        CPPUNIT_ASSERT_THROW(records.active("order"), Error);
    }

    void historyIsKeptInOrderAndACutOffLineIsSkipped() {
        const Records records(directory_.path());
        records.remember("order", {1, "start", {"1.0.0", "a"}, ""});
        records.remember("order", {2, "upgrade", {"1.1.0", "b"}, "fine"});
        std::ofstream(directory_.path() / "plugins/order/history.jsonl", std::ios::app) << R"({"what":"up)";
        const auto entries = records.history("order");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, entries.size());
        CPPUNIT_ASSERT_EQUAL(std::string("start"), entries[0].what);
        CPPUNIT_ASSERT_EQUAL(std::string("fine"), entries[1].outcome);
        CPPUNIT_ASSERT(records.history("payment").empty());
    }

    void quarantineHoldsUntilReleased() {
        const Records records(directory_.path());
        CPPUNIT_ASSERT(!records.quarantined("order", "b"));
        records.quarantine("order", {{"1.1.0", "b"}, "it failed", 7});
        CPPUNIT_ASSERT_EQUAL(std::string("it failed"), Records(directory_.path()).quarantined("order", "b")->why);
        CPPUNIT_ASSERT(!records.quarantined("order", "a"));
        records.release("order", "b");
        CPPUNIT_ASSERT(!records.quarantined("order", "b"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StoreTest);
CPPUNIT_TEST_SUITE_REGISTRATION(RecordsTest);

}  // namespace
}  // namespace stoa::host::plugin
