#include <cppunit/extensions/HelperMacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "host/sql/conformance/conformance.h"

namespace stoa::host::sql {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kSlow =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(i) FROM n";

class SqliteFileTest : public Conformance {
    CPPUNIT_TEST_SUB_SUITE(SqliteFileTest, Conformance);
    CPPUNIT_TEST(booleansKeepTheirTypeThroughReturning);
    CPPUNIT_TEST(readersSeeASnapshotWhileAnotherWrites);
    CPPUNIT_TEST(oneWriterPerFileHoweverManyDatabases);
    CPPUNIT_TEST(acknowledgedIsDurable);
    CPPUNIT_TEST(aFileOfSomebodyElseIsNoDatabase);
    CPPUNIT_TEST(aPlaceThatCannotBeOpenedIsUnavailable);
    CPPUNIT_TEST(anotherProcessWithTheLockIsWaitedForInBounds);
    CPPUNIT_TEST(urlsThatMeanNothingAreRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        auto pattern = (std::filesystem::temp_directory_path() / "stoa-sql-XXXXXX").string();
        CPPUNIT_ASSERT(mkdtemp(pattern.data()));
        directory_ = pattern;
        Conformance::setUp();
    }
    void tearDown() override {
        Conformance::tearDown();
        std::filesystem::remove_all(directory_);
    }

protected:
    std::unique_ptr<Database> open(const Options& options) override {
        return Database::open("sqlite:plugin/shop.sqlite", directory_, options);
    }
    int roomForTwo(Mode) const override { return 1; }
    std::string slowStatement() const override { return kSlow; }

    void booleansKeepTheirTypeThroughReturning() {
        run({"CREATE TABLE t (id bigint, a bool, b boolean NOT NULL DEFAULT TRUE)"});
        const auto tx = database_->begin(Mode::kWrite);
        const auto result = tx->execute("INSERT INTO t (id, a) VALUES (1, $1) RETURNING a, b", {false});
        CPPUNIT_ASSERT((result.rows[0] == std::vector<Value>{false, true}));
    }

    void readersSeeASnapshotWhileAnotherWrites() {
        run({"CREATE TABLE t (id bigint)"});
        const auto reader = database_->begin(Mode::kRead);
        const auto count = [&] {
            return std::get<std::int64_t>(reader->execute("SELECT count(*) FROM t", {}).rows[0][0]);
        };
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, count());
        run({"INSERT INTO t (id) VALUES (1)"});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, count());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT count(*) FROM t"));
    }

    void oneWriterPerFileHoweverManyDatabases() {
        const auto other = open({});
        const auto held = database_->begin(Mode::kWrite);
        const auto message =
            messageOfFailure([&] { other->begin(Mode::kWrite, steady_clock::now() + milliseconds{20}); });
        CPPUNIT_ASSERT_MESSAGE(message, message.find("all 1 connections") != std::string::npos);
    }

    void acknowledgedIsDurable() {
        const auto* const check =
            "SELECT (SELECT synchronous FROM pragma_synchronous) * 10 + "
            "(SELECT foreign_keys FROM pragma_foreign_keys)";
        const auto tx = database_->begin(Mode::kWrite);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{21}, std::get<std::int64_t>(tx->execute(check, {}).rows[0][0]));
        const auto mode = tx->execute("SELECT journal_mode FROM pragma_journal_mode", {});
        CPPUNIT_ASSERT_EQUAL(std::string{"wal"}, std::get<std::string>(mode.rows[0][0]));
    }

    void aFileOfSomebodyElseIsNoDatabase() {
        std::ofstream{directory_ + "/letter.txt"} << std::string(2000, 'x');
        const auto database = Database::open("sqlite:letter.txt", directory_, {});
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INTERNAL}, statusOfFailure([&] { database->ping(); }));
    }

    void aPlaceThatCannotBeOpenedIsUnavailable() {
        std::filesystem::create_directory(directory_ + "/taken");
        const auto database = Database::open("sqlite:taken", directory_, {});
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, statusOfFailure([&] { database->begin(Mode::kWrite); }));
        const auto again = messageOfFailure([&] { database->begin(Mode::kWrite); });
        CPPUNIT_ASSERT_MESSAGE(again, again.find("is not asked again") != std::string::npos);
    }

    void anotherProcessWithTheLockIsWaitedForInBounds() {
        run({"CREATE TABLE t (id bigint)"});
        database_.reset();
        int ready[2];
        CPPUNIT_ASSERT_EQUAL(0, pipe(ready));
        const pid_t child = fork();
        if (child == 0) {
            const auto mine = open({});
            const auto held = mine->begin(Mode::kWrite);
            [[maybe_unused]] const auto told = write(ready[1], "x", 1);
            pause();
        }
        char mark;
        CPPUNIT_ASSERT_EQUAL(ssize_t{1}, read(ready[0], &mark, 1));
        database_ = open({});
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_EXHAUSTED}, statusOfFailure([&] {
                                 database_->begin(Mode::kWrite, steady_clock::now() + milliseconds{50});
                             }));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(*) FROM t"));
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        close(ready[0]);
        close(ready[1]);
        run({"INSERT INTO t (id) VALUES (1)"});
    }

    void urlsThatMeanNothingAreRefused() {
        for (const auto* url : {"", "sqlite:", "sqlite::other:", "mysql://x/y", "sqlite:a/", "sqlite:x?mode=ro"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(url, stoa_status{STOA_INVALID},
                                         statusOfFailure([&] { Database::open(url, directory_, {}); }));
        }
        CPPUNIT_ASSERT_EQUAL("sqlite:" + directory_ + "/plugin/shop.sqlite", database_->describe());
    }

    std::string directory_;
};

class SqliteMemoryTest : public Conformance {
    CPPUNIT_TEST_SUB_SUITE(SqliteMemoryTest, Conformance);
    CPPUNIT_TEST_SUITE_END();

protected:
    std::unique_ptr<Database> open(const Options& options) override {
        return Database::open("sqlite::memory:", "/nonexistent", options);
    }
    bool shared() const override { return false; }
    int roomForTwo(Mode) const override { return 1; }
    std::string slowStatement() const override { return kSlow; }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SqliteFileTest);
CPPUNIT_TEST_SUITE_REGISTRATION(SqliteMemoryTest);

}  // namespace
}  // namespace stoa::host::sql
