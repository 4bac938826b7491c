// Values, statements and failures.

#include <cstdint>
#include <limits>

#include "host/sql/conformance/conformance.h"

namespace stoa::host::sql {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

void Conformance::run(std::initializer_list<const char*> statements) {
    const auto tx = database_->begin(Mode::kWrite);
    for (const char* statement : statements) {
        tx->execute(statement, {});
    }
    tx->commit();
}

std::int64_t Conformance::number(const std::string& query) {
    return std::get<std::int64_t>(database_->begin(Mode::kRead)->execute(query, {}).rows.at(0).at(0));
}

void Conformance::everyTypeComesBackAsItWent() {
    run({"CREATE TABLE t (id bigint PRIMARY KEY, i bigint, d double precision, s text, b bytea, f boolean)"});
    const std::string binary("\0'\\\xff\n\x80", 6);
    const std::vector<std::vector<Value>> rows{
        {std::int64_t{1}, std::numeric_limits<std::int64_t>::max(), 0.1, std::string{"ä 漢 🎉 O'Brien \\ \"q\""},
         Bytes{binary}, true},
        {std::int64_t{2}, std::numeric_limits<std::int64_t>::min(), -5.0, std::string{}, Bytes{}, false},
        {std::int64_t{3}, std::monostate{}, std::monostate{}, std::monostate{}, std::monostate{}, std::monostate{}},
        {std::int64_t{4}, std::int64_t{0}, std::numeric_limits<double>::max(), std::string{"123"}, Bytes{"123"}, true},
    };
    const auto tx = database_->begin(Mode::kWrite);
    for (const auto& row : rows) {
        tx->execute("INSERT INTO t (id, i, d, s, b, f) VALUES ($1, $2, $3, $4, $5, $6)", row);
    }
    const auto result = tx->execute("SELECT id, i, d, s, b, f FROM t ORDER BY id", {});
    CPPUNIT_ASSERT(rows == result.rows);
    CPPUNIT_ASSERT((result.columns == std::vector<std::string>{"id", "i", "d", "s", "b", "f"}));
}

void Conformance::aStatementTakesAnyMixOfTypesAndNulls() {
    run({"CREATE TABLE t (id bigint PRIMARY KEY, s text, i bigint)"});
    const auto tx = database_->begin(Mode::kWrite);
    for (std::int64_t id = 0; id < 8; ++id) {
        std::vector<Value> row(3);
        row[0] = id;
        if (id & 1) {
            row[1] = std::string{"x"};
        }
        if (id & 2) {
            row[2] = id;
        }
        tx->execute("INSERT INTO t (id, s, i) VALUES ($1, $2, $3)", row);
    }
    const auto found =
        tx->execute("SELECT count(s), count(i) FROM t WHERE $1 IS NULL OR s = $1", {Value{std::string{"x"}}});
    CPPUNIT_ASSERT_EQUAL(std::int64_t{4}, std::get<std::int64_t>(found.rows[0][0]));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, std::get<std::int64_t>(found.rows[0][1]));
}

void Conformance::returningGivesTypedColumns() {
    run({"CREATE TABLE t (id bigint PRIMARY KEY, n bigint NOT NULL, s text)"});
    const auto tx = database_->begin(Mode::kWrite);
    const auto result = tx->execute(
        "INSERT INTO t (id, n, s) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET n = 9 "
        "RETURNING n, s",
        {std::int64_t{1}, std::int64_t{5}, std::string{"a"}});
    CPPUNIT_ASSERT_EQUAL(std::int64_t{5}, std::get<std::int64_t>(result.rows.at(0).at(0)));
    CPPUNIT_ASSERT_EQUAL(std::string{"a"}, std::get<std::string>(result.rows.at(0).at(1)));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, result.affected);
}

void Conformance::sumsAndCountsAreIntegers() {
    run({"CREATE TABLE t (n bigint)", "INSERT INTO t (n) VALUES (3000000000), (4)"});
    CPPUNIT_ASSERT_EQUAL(std::int64_t{3000000004}, number("SELECT sum(n) FROM t"));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, number("SELECT count(*) FROM t"));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT coalesce(sum(n), 0) FROM t WHERE n < 0"));
}

void Conformance::dollarsAndQuotesInLiteralsAreNoParameters() {
    const auto tx = database_->begin(Mode::kRead);
    const auto result = tx->execute("SELECT 'costs $5; it''s -- no /* comment', $1 -- and $7 here", {std::string{"x"}});
    CPPUNIT_ASSERT_EQUAL(std::string{"costs $5; it's -- no /* comment"}, std::get<std::string>(result.rows[0][0]));
    CPPUNIT_ASSERT_EQUAL(std::string{"x"}, std::get<std::string>(result.rows[0][1]));
}

void Conformance::parametersMayComeInAnyOrderAndTwice() {
    const auto tx = database_->begin(Mode::kRead);
    const auto result = tx->execute("SELECT $2, $1, $2", {std::string{"one"}, std::string{"two"}});
    CPPUNIT_ASSERT((result.rows[0] == std::vector<Value>{std::string{"two"}, std::string{"one"}, std::string{"two"}}));
}

void Conformance::textThatNobodyCouldReadBackIsRefused() {
    using namespace std::string_literals;
    for (const auto& bad : {"a\0b"s, "\xff"s, "\xc3"s, "\xed\xa0\x80"s, "\xc0\x80"s, "\xf4\x90\x80\x80"s}) {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID},
                             statusOfFailure([&] { database_->begin(Mode::kRead)->execute("SELECT $1", {bad}); }));
    }
    CPPUNIT_ASSERT_EQUAL(
        stoa_status{STOA_INVALID}, statusOfFailure([&] {
            database_->begin(Mode::kRead)->execute("SELECT $1", {std::numeric_limits<double>::quiet_NaN()});
        }));
}

void Conformance::affectedCountsChangedRows() {
    run({"CREATE TABLE t (n bigint)"});
    const auto tx = database_->begin(Mode::kWrite);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, tx->execute("INSERT INTO t (n) VALUES (1), (2), (3)", {}).affected);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, tx->execute("UPDATE t SET n = n + 1 WHERE n > 1", {}).affected);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, tx->execute("SELECT n FROM t", {}).affected);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, tx->execute("DELETE FROM t WHERE n = 100", {}).affected);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, tx->execute("CREATE TABLE u (n bigint)", {}).affected);
}

void Conformance::failuresHaveTheirStatus() {
    run({"CREATE TABLE t (id bigint PRIMARY KEY, n bigint CHECK (n >= 0), u text UNIQUE)",
         "CREATE TABLE child (parent bigint NOT NULL REFERENCES t (id))",
         "INSERT INTO t (id, n, u) VALUES (1, 1, 'a')"});
    const auto status = [&](const char* statement) {
        return statusOfFailure([&] { database_->begin(Mode::kWrite)->execute(statement, {}); });
    };
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DUPLICATE}, status("INSERT INTO t (id) VALUES (1)"));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DUPLICATE}, status("INSERT INTO t (id, u) VALUES (2, 'a')"));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, status("UPDATE t SET n = -1"));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, status("INSERT INTO child (parent) VALUES (7)"));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, status("INSERT INTO child (parent) VALUES (NULL)"));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, status("SELEKT 1"));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, status("SELECT nothing FROM nowhere"));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, status("INSERT INTO t (id) VALUES ($1)"));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOfFailure([&] {
                             database_->begin(Mode::kWrite)->execute("SELECT 1", {std::int64_t{1}});
                         }));
    const auto message = messageOfFailure(
        [&] { database_->begin(Mode::kWrite)->execute("INSERT INTO t (id) VALUES ($1)", {std::int64_t{1}}); });
    CPPUNIT_ASSERT_MESSAGE(message, message.find("INSERT INTO t") != std::string::npos);
}

void Conformance::afterAFailureOnlyRollbackIsLeft() {
    run({"CREATE TABLE t (id bigint PRIMARY KEY)"});
    const auto tx = database_->begin(Mode::kWrite);
    tx->execute("INSERT INTO t (id) VALUES (1)", {});
    const auto insert = [&] { tx->execute("INSERT INTO t (id) VALUES (1)", {}); };
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DUPLICATE}, statusOfFailure(insert));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DUPLICATE}, statusOfFailure([&] { tx->execute("SELECT 1", {}); }));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DUPLICATE}, statusOfFailure([&] { tx->commit(); }));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(*) FROM t"));
}

void Conformance::whatIsNotCommittedIsGone() {
    run({"CREATE TABLE t (id bigint PRIMARY KEY)"});
    database_->begin(Mode::kWrite)->execute("INSERT INTO t (id) VALUES (1)", {});
    const auto tx = database_->begin(Mode::kWrite);
    tx->execute("INSERT INTO t (id) VALUES (2)", {});
    tx->rollback();
    tx->rollback();
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(*) FROM t"));
}

void Conformance::anEndedTransactionTakesNothingMore() {
    const auto tx = database_->begin(Mode::kWrite);
    tx->commit();
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOfFailure([&] { tx->execute("SELECT 1", {}); }));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOfFailure([&] { tx->commit(); }));
}

void Conformance::readingTransactionsDoNotWrite() {
    run({"CREATE TABLE t (id bigint)"});
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOfFailure([&] {
                             database_->begin(Mode::kRead)->execute("INSERT INTO t (id) VALUES (1)", {});
                         }));
    run({"INSERT INTO t (id) VALUES (1)"});
}

void Conformance::tooManyRowsAreAnErrorNotATruncation() {
    run({"CREATE TABLE t (id bigint)", "INSERT INTO t (id) VALUES (1), (2), (3)"});
    Options options;
    options.max_rows = 2;
    const auto small = shared() ? open(options) : nullptr;
    if (small) {
        const auto tx = small->begin(Mode::kRead);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, tx->execute("SELECT id FROM t LIMIT 2", {}).rows.size());
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_EXHAUSTED},
                             statusOfFailure([&] { tx->execute("SELECT id FROM t", {}); }));
    }
}

void Conformance::severalStatementsAtOnceAreRefused() {
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID},
                         statusOfFailure([&] { database_->begin(Mode::kWrite)->execute("SELECT 1; SELECT 2", {}); }));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT 1; -- and a comment"));
}

void Conformance::aStatementEndsAtTheDeadline() {
    const auto tx = database_->begin(Mode::kRead, steady_clock::now() + milliseconds{100});
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DEADLINE}, statusOfFailure([&] { tx->execute(slowStatement(), {}); }));
    tx->rollback();
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT 1"));
}

void Conformance::aPassedDeadlineBeginsNothing() {
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DEADLINE}, statusOfFailure([&] {
                             database_->begin(Mode::kWrite, steady_clock::now() - milliseconds{1});
                         }));
}

void Conformance::manyDifferentStatementsDoNotPileUp() {
    const auto tx = database_->begin(Mode::kRead);
    for (std::int64_t i = 0; i < 600; ++i) {
        const auto statement = "SELECT " + std::to_string(i) + " + $1";
        CPPUNIT_ASSERT_EQUAL(2 * i, std::get<std::int64_t>(tx->execute(statement, {i}).rows[0][0]));
    }
}

}  // namespace stoa::host::sql
