#include <cppunit/extensions/HelperMacros.h>

#include <cstdlib>

#include <thread>

#include "host/sql/conformance/conformance.h"
#include "host/sql/conformance/test_postgresql.h"

namespace stoa::host::sql {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class PostgresqlTest : public Conformance {
    CPPUNIT_TEST_SUB_SUITE(PostgresqlTest, Conformance);
    CPPUNIT_TEST(aLostIdleConnectionIsReplacedUnnoticed);
    CPPUNIT_TEST(aConnectionLostBeforeTheFirstStatementIsReplacedUnnoticed);
    CPPUNIT_TEST(aConnectionLostWithinATransactionIsUnavailableThenBack);
    CPPUNIT_TEST(aCommitThatMayHaveHappenedIsNotTriedAgain);
    CPPUNIT_TEST(aServerThatIsNotThereIsUnavailableAtOnceTheSecondTime);
    CPPUNIT_TEST(aWrongPasswordOrNameSaysSo);
    CPPUNIT_TEST(aStaleStatementIsPreparedAgain);
    CPPUNIT_TEST(aForgottenStatementIsPreparedAgain);
    CPPUNIT_TEST(readersSeeASnapshot);
    CPPUNIT_TEST(aDeadlockIsAConflict);
    CPPUNIT_TEST(aWaitForALockEndsAtTheDeadline);
    CPPUNIT_TEST(aSessionsTimeoutIsWhatEachTransactionNeeds);
    CPPUNIT_TEST(aTransactionThatHangsHoldsNobodyUp);
    CPPUNIT_TEST(aMigrationDoesNotHoldUpReadersOfALockedTable);
    CPPUNIT_TEST(copyIsRefused);
    CPPUNIT_TEST(otherTypesComeAsText);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        server_ = std::make_unique<TestPostgresql>();
        Conformance::setUp();
    }
    void tearDown() override {
        Conformance::tearDown();
        server_.reset();
    }

protected:
    std::unique_ptr<Database> open(const Options& options) override { return server_->open(options); }
    std::string slowStatement() const override { return "SELECT pg_sleep(20)"; }

    void killSessions() {
        server_->administer("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '" +
                            server_->name() + "'");
    }

    void aLostIdleConnectionIsReplacedUnnoticed() {
        number("SELECT 1");
        killSessions();
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT 1"));
    }

    void aConnectionLostBeforeTheFirstStatementIsReplacedUnnoticed() {
        for (int i = 0; i < 2; ++i) {  // the second time the statement is one that the lost connection had prepared
            const auto tx = database_->begin(Mode::kWrite);
            killSessions();
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, tx->execute("SELECT 1", {}).rows.size());
            tx->commit();
        }
    }

    void aCommitThatMayHaveHappenedIsNotTriedAgain() {
        run({"CREATE TABLE t (id bigint)"});
        const std::string insert = "INSERT INTO t (id) VALUES (1)";
        run({insert.c_str()});
        const auto tx = database_->begin(Mode::kWrite);
        killSessions();
        const auto why = messageOfFailure([&] { tx->executeAndCommit(insert); });
        CPPUNIT_ASSERT_MESSAGE(why, why.find("not known whether the transaction was committed") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT count(*) FROM t"));
    }

    void aConnectionLostWithinATransactionIsUnavailableThenBack() {
        run({"CREATE TABLE t (id bigint)"});
        const auto tx = database_->begin(Mode::kWrite);
        tx->execute("INSERT INTO t (id) VALUES (1)", {});
        killSessions();
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, statusOfFailure([&] { tx->commit(); }));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(*) FROM t"));
        const auto other = database_->begin(Mode::kWrite);
        other->execute("SELECT 1", {});
        killSessions();
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, statusOfFailure([&] { other->execute("SELECT 1", {}); }));
        other->rollback();
        database_->ping();
    }

    void aServerThatIsNotThereIsUnavailableAtOnceTheSecondTime() {
        const auto nobody = Database::open("postgresql://stoa@127.0.0.1:1/stoa", "/", {});
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, statusOfFailure([&] { nobody->ping(); }));
        const auto again = messageOfFailure([&] { nobody->ping(); });
        CPPUNIT_ASSERT_MESSAGE(again, again.find("is not asked again") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(again, again.find("127.0.0.1") != std::string::npos);
    }

    void aWrongPasswordOrNameSaysSo() {
        const auto url = database_->describe() + "_missing";
        Options right;
        const char* password = std::getenv("STOA_TEST_POSTGRESQL_PASSWORD");
        right.password = password ? password : "";
        const auto missing = messageOfFailure([&] { Database::open(url, "/", right)->ping(); });
        CPPUNIT_ASSERT_MESSAGE(missing, missing.find("can't connect to") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(missing, missing.find("does not exist") != std::string::npos);
        Options wrong;
        wrong.password = "wrong ' \\ password";
        const auto refused = messageOfFailure([&] { Database::open(url, "/", wrong)->ping(); });
        CPPUNIT_ASSERT_MESSAGE(refused, refused.find("can't connect to") != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(refused, refused.find("wrong ") == std::string::npos);
    }

    void aStaleStatementIsPreparedAgain() {
        Options one;
        one.max_connections = 1;
        database_ = open(one);
        run({"CREATE TABLE t (n int)", "INSERT INTO t (n) VALUES (5)"});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{5}, number("SELECT n FROM t"));
        run({"ALTER TABLE t ALTER COLUMN n TYPE bigint"});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{5}, number("SELECT n FROM t"));
        run({"ALTER TABLE t ALTER COLUMN n TYPE int"});
        // Not the first statement: the transaction begins again.
        int tries = 0;
        database_->transact(Mode::kRead, {}, [&](Transaction& tx) {
            ++tries;
            tx.execute("SELECT 1", {});
            tx.execute("SELECT n FROM t", {});
        });
        CPPUNIT_ASSERT_EQUAL(2, tries);
    }

    void aForgottenStatementIsPreparedAgain() {
        Options one;
        one.max_connections = 1;
        database_ = open(one);
        number("SELECT 41");
        run({"DEALLOCATE ALL"});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{41}, number("SELECT 41"));
    }

    void readersSeeASnapshot() {
        run({"CREATE TABLE t (id bigint)"});
        const auto reader = database_->begin(Mode::kRead);
        const auto count = [&] {
            return std::get<std::int64_t>(reader->execute("SELECT count(*) FROM t", {}).rows[0][0]);
        };
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, count());
        run({"INSERT INTO t (id) VALUES (1)"});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, count());
    }

    void aDeadlockIsAConflict() {
        run({"CREATE TABLE t (id bigint PRIMARY KEY, n bigint)", "INSERT INTO t (id, n) VALUES (1, 0), (2, 0)"});
        const auto first = database_->begin(Mode::kWrite);
        const auto second = database_->begin(Mode::kWrite);
        first->execute("UPDATE t SET n = 1 WHERE id = 1", {});
        second->execute("UPDATE t SET n = 2 WHERE id = 2", {});
        stoa_status one = STOA_OK;
        std::thread other{[&] {
            try {
                first->execute("UPDATE t SET n = 1 WHERE id = 2", {});
            } catch (const Error& error) {
                one = error.status();
                first->rollback();
            }
        }};
        stoa_status two = STOA_OK;
        try {
            second->execute("UPDATE t SET n = 2 WHERE id = 1", {});
        } catch (const Error& error) {
            two = error.status();
            second->rollback();
        }
        other.join();
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, std::max(one, two));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, std::min(one, two));
    }

    void aWaitForALockEndsAtTheDeadline() {
        run({"CREATE TABLE t (id bigint PRIMARY KEY)", "INSERT INTO t (id) VALUES (1)"});
        const auto holder = database_->begin(Mode::kWrite);
        holder->execute("UPDATE t SET id = 2", {});
        const auto waiter = database_->begin(Mode::kWrite, steady_clock::now() + milliseconds{100});
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DEADLINE},
                             statusOfFailure([&] { waiter->execute("UPDATE t SET id = 3", {}); }));
    }

    void aSessionsTimeoutIsWhatEachTransactionNeeds() {
        Options one;
        one.max_connections = 1;
        database_ = open(one);
        const auto shown = [&](std::optional<milliseconds> left, bool keep) {
            const auto deadline = left ? std::optional{steady_clock::now() + *left} : std::nullopt;
            const auto tx = database_->begin(Mode::kWrite, deadline);
            const auto rows = tx->execute("SHOW statement_timeout", {}).rows;
            if (keep) {
                tx->commit();
            }
            return std::get<std::string>(rows.at(0).at(0));
        };
        for (const bool keep : {true, false}) {  // a rollback takes back what was set
            CPPUNIT_ASSERT_EQUAL(std::string{"0"}, shown({}, keep));
            CPPUNIT_ASSERT_EQUAL(std::string{"30s"}, shown(milliseconds{29'950}, keep));
            CPPUNIT_ASSERT_EQUAL(std::string{"30s"}, shown(milliseconds{29'900}, keep));
            CPPUNIT_ASSERT_EQUAL(std::string{"5s"}, shown(milliseconds{5'000}, keep));
        }
        CPPUNIT_ASSERT_EQUAL(std::string{"0"}, shown({}, true));
    }

    void aTransactionThatHangsHoldsNobodyUp() {
        run({"CREATE TABLE t (id bigint PRIMARY KEY, n bigint)", "INSERT INTO t (id, n) VALUES (1, 1)"});
        Options impatient;
        impatient.idle_in_transaction = milliseconds{100};
        const auto hanging = open(impatient);
        const auto frozen = hanging->begin(Mode::kWrite);
        frozen->execute("UPDATE t SET n = 2", {});
        run({"UPDATE t SET n = 3"});  // gets the row
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, statusOfFailure([&] { frozen->commit(); }));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, number("SELECT n FROM t"));
    }

    void aMigrationDoesNotHoldUpReadersOfALockedTable() {
        run({"CREATE TABLE t (id bigint)"});
        auto reader = database_->begin(Mode::kRead);
        reader->execute("SELECT id FROM t", {});
        std::thread migration{[&] {
            database_->migrate("shop", std::vector<Migration>{{1, "wide", "ALTER TABLE t ADD COLUMN n bigint", ""}});
        }};
        // Its ALTER TABLE waits for the reader, in pieces: others come through in between.
        for (int i = 0; i < 5; ++i) {
            number("SELECT count(*) FROM t");
        }
        reader.reset();
        migration.join();
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(n) FROM t"));
    }

    void copyIsRefused() {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOfFailure([&] {
                                 database_->begin(Mode::kWrite)->execute("COPY (SELECT 1) TO STDOUT", {});
                             }));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT 1"));
    }

    void otherTypesComeAsText() {
        const auto result =
            database_->begin(Mode::kRead)
                ->execute(
                    "SELECT '0190a1b2-0000-7000-8000-000000000001'::uuid, '2026-01-02 03:04:05.678901+00'::timestamptz "
                    "AT TIME ZONE 'UTC', 1.25::numeric, 12::numeric",
                    {});
        CPPUNIT_ASSERT(
            (result.rows[0] == std::vector<Value>{std::string{"0190a1b2-0000-7000-8000-000000000001"},
                                                  std::string{"2026-01-02 03:04:05.678901"}, 1.25, std::int64_t{12}}));
    }

    std::unique_ptr<TestPostgresql> server_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PostgresqlTest);

}  // namespace
}  // namespace stoa::host::sql
