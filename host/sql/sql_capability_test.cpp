#include "host/sql/sql_capability.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <thread>

namespace stoa::host::sql {
namespace {

class SqlCapabilityTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SqlCapabilityTest);
    CPPUNIT_TEST(aPluginWritesAndReads);
    CPPUNIT_TEST(starsAreRefused);
    CPPUNIT_TEST(openTransactionsAreCounted);
    CPPUNIT_TEST(whatIsLeftOpenIsRolledBack);
    CPPUNIT_TEST(aPluginCannotEndTheHostsTransaction);
    CPPUNIT_TEST(theHostsCommitFailsWhenTheHandlerHidAFailure);
    CPPUNIT_TEST(badUseIsAnswered);
    CPPUNIT_TEST(theDeadlineOfTheWorkCounts);
    CPPUNIT_TEST(aServiceWithoutDatabaseIsRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        database_ = Database::open("sqlite::memory:", "/", {});
        SqlCapability capability{[this](const plugin::Environment&) { return database_; }};
        binding_ = capability.bind({});
        sql_ = static_cast<const stoa_sql*>(binding_->table());
        const auto tx = database_->begin(Mode::kWrite);
        tx->execute("CREATE TABLE t (id text PRIMARY KEY, f bool)", {});
        tx->commit();
    }

    void tearDown() override {
        rollbackOpen(work_);
        binding_.reset();
        database_.reset();
    }

private:
    stoa_tx* begin(std::uint32_t mode = STOA_TX_WRITE) {
        stoa_tx* tx = nullptr;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, sql_->begin(sql_, mode, &tx));
        return tx;
    }

    stoa_status execute(stoa_tx* tx, std::string_view statement, stoa_rows** rows = nullptr) {
        return sql_->execute(tx, view(statement), nullptr, 0, rows, nullptr);
    }

    std::int64_t count() {
        return std::get<std::int64_t>(database_->begin(Mode::kRead)->execute("SELECT count(*) FROM t", {}).rows[0][0]);
    }

    void aPluginWritesAndReads() {
        stoa_tx* tx = begin();
        stoa_value parameters[2]{};
        parameters[0].type = STOA_TEXT;
        parameters[0].as.s = view("a");
        parameters[1].type = STOA_BOOL;
        parameters[1].as.i = 1;
        std::int64_t affected = 0;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, sql_->execute(tx, view("INSERT INTO t (id, f) VALUES ($1, $2)"),
                                                                 parameters, 2, nullptr, &affected));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, affected);
        stoa_rows* rows = nullptr;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, execute(tx, "SELECT id, f FROM t", &rows));
        std::uint32_t index = 9;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, sql_->column_index(rows, view("f"), &index));
        stoa_value value{};
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, sql_->column(rows, index, &value));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, sql_->next(rows));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, sql_->column(rows, index, &value));
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{STOA_BOOL}, value.type);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, value.as.i);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, sql_->column(rows, 0, &value));
        CPPUNIT_ASSERT_EQUAL(std::string{"a"}, std::string{text(value.as.s)});
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, sql_->next(rows));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_NOT_FOUND}, sql_->next(rows));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, sql_->column(rows, 0, &value));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, sql_->commit(tx));
        sql_->close(rows);  // a result outlives its transaction
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, count());
    }

    void starsAreRefused() {
        stoa_tx* tx = begin();
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, execute(tx, "SELECT * FROM t"));
        CPPUNIT_ASSERT(lastError().find("name the columns") != std::string::npos);
        // The same rule as the probe's: what it lets through is not refused once it serves.
        for (const char* fine : {"SELECT count(*) FROM t", "SELECT 1 FROM t WHERE EXISTS (SELECT * FROM t)"}) {
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, execute(tx, fine));
            CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, execute(tx, fine));
        }
        sql_->rollback(tx);
    }

    void openTransactionsAreCounted() {
        const WorkScope scope{work_};
        stoa_tx* tx = begin();
        CPPUNIT_ASSERT_EQUAL(1, work_.open_transactions);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, sql_->commit(tx));
        CPPUNIT_ASSERT_EQUAL(0, work_.open_transactions);
        {
            TxHandle handle{*database_, database_->begin(Mode::kWrite)};
            CPPUNIT_ASSERT_EQUAL(1, work_.open_transactions);
        }
        CPPUNIT_ASSERT_EQUAL(0, work_.open_transactions);
    }

    void whatIsLeftOpenIsRolledBack() {
        const WorkScope scope{work_};
        stoa_rows* rows = nullptr;
        execute(begin(), "INSERT INTO t (id) VALUES ('a') RETURNING id", &rows);
        CPPUNIT_ASSERT_EQUAL(1, rollbackOpen(work_));
        CPPUNIT_ASSERT_EQUAL(0, rollbackOpen(work_));
        CPPUNIT_ASSERT_EQUAL(0, work_.open_transactions);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, count());
    }

    void aPluginCannotEndTheHostsTransaction() {
        TxHandle handle{*database_, database_->begin(Mode::kWrite)};
        execute(handle.raw(), "INSERT INTO t (id) VALUES ('a')");
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, sql_->commit(handle.raw()));
        sql_->rollback(handle.raw());
        stoa_status elsewhere = STOA_OK;
        std::thread{[&] { elsewhere = sql_->commit(handle.raw()); }}.join();
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, elsewhere);
        handle.commit();
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, count());
    }

    void theHostsCommitFailsWhenTheHandlerHidAFailure() {
        TxHandle handle{*database_, database_->begin(Mode::kWrite)};
        execute(handle.raw(), "INSERT INTO t (id) VALUES ('a')");
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DUPLICATE}, execute(handle.raw(), "INSERT INTO t (id) VALUES ('a')"));
        CPPUNIT_ASSERT_THROW(handle.commit(), Error);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, count());
    }

    void badUseIsAnswered() {
        stoa_tx* tx = nullptr;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, sql_->begin(sql_, 7, &tx));
        tx = begin();
        stoa_value parameter{};
        parameter.type = 77;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID},
                             sql_->execute(tx, view("SELECT $1"), &parameter, 1, nullptr, nullptr));
        stoa_rows* rows = nullptr;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, execute(tx, "SELECT id FROM t", &rows));
        std::uint32_t index = 0;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, sql_->column_index(rows, view("nope"), &index));
        sql_->close(rows);
        sql_->close(rows);
        sql_->rollback(tx);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, sql_->commit(tx));
    }

    void theDeadlineOfTheWorkCounts() {
        work_.deadline = std::chrono::steady_clock::now() - std::chrono::seconds{1};
        const WorkScope scope{work_};
        stoa_tx* tx = nullptr;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DEADLINE}, sql_->begin(sql_, STOA_TX_READ, &tx));
    }

    void aServiceWithoutDatabaseIsRefused() {
        SqlCapability capability{[](const plugin::Environment&) { return nullptr; }};
        CPPUNIT_ASSERT_THROW(capability.bind({}), Error);
    }

    Work work_;
    std::shared_ptr<Database> database_;
    std::unique_ptr<plugin::Binding> binding_;
    const stoa_sql* sql_ = nullptr;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SqlCapabilityTest);

}  // namespace
}  // namespace stoa::host::sql
