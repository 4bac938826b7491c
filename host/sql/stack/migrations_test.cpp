// Migrations beside traffic on a real PostgreSQL: locks, indexes, crashes.

#include <cppunit/extensions/HelperMacros.h>

#include <functional>
#include <thread>

#include "host/sql/conformance/conformance.h"
#include "host/sql/conformance/test_postgresql.h"

namespace stoa::host::sql {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

const Migration kFirst{1, "things", "CREATE TABLE things (id bigint NOT NULL, note text)", ""};
const Migration kIndex{2, "by note", "CREATE INDEX things_note ON things (note, id)", ""};
const Migration kColumnAndIndex{
    2, "count",
    "ALTER TABLE things ADD COLUMN n bigint; CREATE TABLE kinds (id bigint); INSERT INTO kinds (id) VALUES (1);"
    "CREATE INDEX things_n ON things (n)",
    ""};

class PostgresqlMigrationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PostgresqlMigrationTest);
    CPPUNIT_TEST(aLockThatIsKeptRefusesTheMigrationWithTheReason);
    CPPUNIT_TEST(anIndexIsBuiltWhileOthersWrite);
    CPPUNIT_TEST(anIndexThatACrashLeftInvalidIsBuiltAgain);
    CPPUNIT_TEST(aChangedMigrationDoesNotGoOnWhereTheOldOneWasCutOff);
    CPPUNIT_TEST(anIndexThatCannotBeBuiltLeavesTheSchemaAsItWas);
    CPPUNIT_TEST(anIndexWhoseNameIsTakenLeavesTheSchemaAsItWas);
    CPPUNIT_TEST(anIndexThatWaitsTooLongIsRefusedAndTakenUpLater);
    CPPUNIT_TEST(hostsThatBuildAnIndexAtOnceShareTheWork);
    CPPUNIT_TEST(aPreparedStatementOutlivesAMigration);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        server_ = std::make_unique<TestPostgresql>();
        database_ = server_->open();
        database_->migrate("shop", std::vector{kFirst});
        run("INSERT INTO things (id, note) VALUES (0, 'a'), (1, 'b')");
    }
    void tearDown() override {
        database_.reset();
        server_.reset();
    }

private:
    void run(const std::string& statement) {
        const auto transaction = database_->begin(Mode::kWrite, steady_clock::now() + std::chrono::seconds{5});
        transaction->execute(statement, {});
        transaction->commit();
    }

    std::int64_t number(const std::string& query) {
        return std::get<std::int64_t>(database_->begin(Mode::kRead)->execute(query, {}).rows.at(0).at(0));
    }

    /// Of the indexes with this name, how many are valid (or not).
    std::int64_t indexes(const std::string& name, bool valid) {
        return number("SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = '" +
                      name + "' AND i.indisvalid = " + (valid ? "true" : "false"));
    }

    std::int64_t columns(const std::string& table) {
        return number("SELECT count(*) FROM information_schema.columns WHERE table_name = '" + table + "'");
    }

    void await(const std::function<bool()>& holds) {
        const auto end = steady_clock::now() + std::chrono::seconds{30};
        while (!holds()) {
            CPPUNIT_ASSERT_MESSAGE("it did not come to that within 30 s", steady_clock::now() < end);
            std::this_thread::sleep_for(milliseconds{5});
        }
    }

    /// A transaction that has written to the table and stays open.
    std::unique_ptr<Transaction> longWriter() {
        auto writer = database_->begin(Mode::kWrite);
        writer->execute("INSERT INTO things (id, note) VALUES (7, 'open')", {});
        return writer;
    }

    void assertAsItWas(std::int64_t applied = 1) {
        CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, columns("things"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, columns("kinds"));
        CPPUNIT_ASSERT_EQUAL(applied, number("SELECT count(*) FROM stoa_migrations"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = "
                                                     "i.indexrelid WHERE c.relname LIKE 'things%'"));
    }

    void aLockThatIsKeptRefusesTheMigrationWithTheReason() {
        const Migration column{2, "count", "ALTER TABLE things ADD COLUMN n bigint", ""};
        auto reader = database_->begin(Mode::kRead);
        reader->execute("SELECT id FROM things", {});
        const std::vector<Migration> both{kFirst, column};
        const auto before = steady_clock::now();
        const auto message = messageOfFailure([&] { database_->migrate("shop", both, milliseconds{400}); });
        CPPUNIT_ASSERT(steady_clock::now() - before >= milliseconds{400});
        CPPUNIT_ASSERT_MESSAGE(message,
                               message.find("migration 2 \"count\" of shop, statement 1") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(message, message.find("somebody kept a lock") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_EXHAUSTED},
                             statusOfFailure([&] { database_->migrate("shop", both, milliseconds{0}); }));
        assertAsItWas();
        reader.reset();
        database_->migrate("shop", both);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, columns("things"));
    }

    void anIndexIsBuiltWhileOthersWrite() {
        auto writer = longWriter();
        std::jthread migration{[&] { database_->migrate("shop", std::vector{kFirst, kIndex}); }};
        await([&] { return indexes("things_note", false) == 1; });
        // It waits for the open transaction, and nobody waits for it.
        run("INSERT INTO things (id, note) VALUES (8, 'meanwhile')");
        writer->commit();
        migration.join();
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, indexes("things_note", true));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, number("SELECT count(*) FROM stoa_migrations"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(*) FROM stoa_migration_builds"));
    }

    /// Ends the session of a migration within the build of its index.
    void crashWithin(const Migration& migration, const std::string& index) {
        // Its snapshot keeps the build from ending.
        auto reader = database_->begin(Mode::kRead);
        reader->execute("SELECT 1", {});
        stoa_status status = STOA_OK;
        std::jthread host{[&] {
            status = statusOfFailure([&] { database_->migrate("shop", std::vector{kFirst, migration}); });
        }};
        await([&] { return indexes(index, false) == 1; });
        server_->administer("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '" +
                            server_->name() + "' AND query LIKE 'CREATE INDEX CONCURRENTLY%'");
        host.join();
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, status);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, indexes(index, false));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT count(*) FROM stoa_migrations"));
        reader->rollback();
    }

    void anIndexThatACrashLeftInvalidIsBuiltAgain() {
        crashWithin(kColumnAndIndex, "things_n");
        database_->migrate("shop", std::vector{kFirst, kColumnAndIndex});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, indexes("things_n", true));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, indexes("things_n", false));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT count(*) FROM kinds"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, number("SELECT count(*) FROM stoa_migrations"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(*) FROM stoa_migration_builds"));
    }

    void aChangedMigrationDoesNotGoOnWhereTheOldOneWasCutOff() {
        crashWithin(kColumnAndIndex, "things_n");
        auto changed = kColumnAndIndex;
        changed.sql += "; CREATE TABLE more (id bigint)";
        const auto message = messageOfFailure([&] { database_->migrate("shop", std::vector{kFirst, changed}); });
        CPPUNIT_ASSERT_MESSAGE(message, message.find("was changed after it had been begun") != std::string::npos);
    }

    void anIndexThatCannotBeBuiltLeavesTheSchemaAsItWas() {
        auto broken = kColumnAndIndex;
        broken.sql += "; CREATE INDEX things_bad ON things ((1 / id))";
        const auto message = messageOfFailure([&] { database_->migrate("shop", std::vector{kFirst, broken}); });
        CPPUNIT_ASSERT_MESSAGE(message, message.find("statement 5: division by zero") != std::string::npos);
        assertAsItWas();
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(*) FROM stoa_migration_builds"));
        database_->migrate("shop", std::vector{kFirst, kColumnAndIndex});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, indexes("things_n", true));
    }

    void anIndexWhoseNameIsTakenLeavesTheSchemaAsItWas() {
        auto broken = kColumnAndIndex;
        broken.sql += "; CREATE INDEX things ON things (n)";
        const auto message = messageOfFailure([&] { database_->migrate("shop", std::vector{kFirst, broken}); });
        CPPUNIT_ASSERT_MESSAGE(message, message.find("the name things is taken") != std::string::npos);
        assertAsItWas();
    }

    void anIndexThatWaitsTooLongIsRefusedAndTakenUpLater() {
        auto writer = longWriter();
        const auto message = messageOfFailure([&] {
            database_->migrate("shop", std::vector{kFirst, kIndex}, milliseconds{400});
        });
        CPPUNIT_ASSERT_MESSAGE(message, message.find("somebody kept a lock") != std::string::npos);
        // The writer keeps it from being dropped as well.
        CPPUNIT_ASSERT_MESSAGE(message, message.find("the next try goes on from there") != std::string::npos);
        writer->commit();
        database_->migrate("shop", std::vector{kFirst, kIndex});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, indexes("things_note", true));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, indexes("things_note", false));
    }

    void hostsThatBuildAnIndexAtOnceShareTheWork() {
        std::vector<std::string> failures(3);
        std::vector<std::thread> hosts;
        hosts.reserve(failures.size());
        for (auto& failure : failures) {
            hosts.emplace_back([&] {
                try {
                    server_->open()->migrate("shop", std::vector{kFirst, kColumnAndIndex});
                } catch (const std::exception& error) {
                    failure = error.what();
                }
            });
        }
        for (auto& host : hosts) {
            host.join();
        }
        for (const auto& failure : failures) {
            CPPUNIT_ASSERT_EQUAL(std::string{}, failure);
        }
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, indexes("things_n", true));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT count(*) FROM kinds"));
    }

    void aPreparedStatementOutlivesAMigration() {
        Options one;
        one.max_connections = 1;
        database_ = server_->open(one);
        const auto ask = [&](const std::string& query) {
            return database_->begin(Mode::kRead)->execute(query, {}).rows.at(0).size();
        };
        const std::string named = "SELECT id, note FROM things ORDER BY id";
        const std::string star = "SELECT * FROM things";
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, ask(named));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, ask(star));
        database_->migrate("shop", std::vector{kFirst, kColumnAndIndex});
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, ask(named));
        // SQLSTATE 0A000: prepared again, unseen.
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, ask(star));
    }

    std::unique_ptr<TestPostgresql> server_;
    std::unique_ptr<Database> database_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PostgresqlMigrationTest);

}  // namespace
}  // namespace stoa::host::sql
