/// What every driver must do alike. A driver's test derives from this and says how to open an empty database.
#pragma once

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>

#include "host/sql/database.h"

namespace stoa::host::sql {

class Conformance : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(Conformance);
    CPPUNIT_TEST(everyTypeComesBackAsItWent);
    CPPUNIT_TEST(aStatementTakesAnyMixOfTypesAndNulls);
    CPPUNIT_TEST(returningGivesTypedColumns);
    CPPUNIT_TEST(sumsAndCountsAreIntegers);
    CPPUNIT_TEST(dollarsAndQuotesInLiteralsAreNoParameters);
    CPPUNIT_TEST(parametersMayComeInAnyOrderAndTwice);
    CPPUNIT_TEST(textThatNobodyCouldReadBackIsRefused);
    CPPUNIT_TEST(affectedCountsChangedRows);
    CPPUNIT_TEST(failuresHaveTheirStatus);
    CPPUNIT_TEST(afterAFailureOnlyRollbackIsLeft);
    CPPUNIT_TEST(whatIsNotCommittedIsGone);
    CPPUNIT_TEST(anEndedTransactionTakesNothingMore);
    CPPUNIT_TEST(readingTransactionsDoNotWrite);
    CPPUNIT_TEST(tooManyRowsAreAnErrorNotATruncation);
    CPPUNIT_TEST(severalStatementsAtOnceAreRefused);
    CPPUNIT_TEST(aFullPoolTurnsAwayWithinItsTime);
    CPPUNIT_TEST(waitersAreServedInOrder);
    CPPUNIT_TEST(aStatementEndsAtTheDeadline);
    CPPUNIT_TEST(aPassedDeadlineBeginsNothing);
    CPPUNIT_TEST(hooksRunAfterACommitOnly);
    CPPUNIT_TEST(theLastStatementMayCommit);
    CPPUNIT_TEST(aFailedLastStatementLeavesNothing);
    CPPUNIT_TEST(aStatementMayBeATransaction);
    CPPUNIT_TEST(transactTriesAgainAfterAConflict);
    CPPUNIT_TEST(transactDoesNotRepeatAConstraintViolation);
    CPPUNIT_TEST(migrationsApplyOnceAndInOrder);
    CPPUNIT_TEST(aChangedMigrationIsRefusedByName);
    CPPUNIT_TEST(aMigrationThatFailsHalfwayLeavesNothing);
    CPPUNIT_TEST(indexesOnTablesThatWereThereApply);
    CPPUNIT_TEST(anOlderPluginLivesWithNewerMigrations);
    CPPUNIT_TEST(hostsThatMigrateAtOnceShareTheWork);
    CPPUNIT_TEST(manyDifferentStatementsDoNotPileUp);
    CPPUNIT_TEST_SUITE_END_ABSTRACT();

public:
    void setUp() override { database_ = open({}); }
    void tearDown() override { database_.reset(); }

protected:
    /// The same database on every call within one test, empty at the test's start.
    virtual std::unique_ptr<Database> open(const Options& options) = 0;
    /// Whether a second Database sees what the first one wrote.
    virtual bool shared() const { return true; }
    /// How many transactions of this mode a database with `max_connections` 2 lets in at once.
    virtual int roomForTwo(Mode) const { return 2; }
    /// A statement that takes some seconds.
    virtual std::string slowStatement() const = 0;

    void everyTypeComesBackAsItWent();
    void aStatementTakesAnyMixOfTypesAndNulls();
    void returningGivesTypedColumns();
    void sumsAndCountsAreIntegers();
    void dollarsAndQuotesInLiteralsAreNoParameters();
    void parametersMayComeInAnyOrderAndTwice();
    void textThatNobodyCouldReadBackIsRefused();
    void affectedCountsChangedRows();
    void failuresHaveTheirStatus();
    void afterAFailureOnlyRollbackIsLeft();
    void whatIsNotCommittedIsGone();
    void anEndedTransactionTakesNothingMore();
    void readingTransactionsDoNotWrite();
    void tooManyRowsAreAnErrorNotATruncation();
    void severalStatementsAtOnceAreRefused();
    void aFullPoolTurnsAwayWithinItsTime();
    void waitersAreServedInOrder();
    void aStatementEndsAtTheDeadline();
    void aPassedDeadlineBeginsNothing();
    void hooksRunAfterACommitOnly();
    void theLastStatementMayCommit();
    void aFailedLastStatementLeavesNothing();
    void aStatementMayBeATransaction();
    void transactTriesAgainAfterAConflict();
    void transactDoesNotRepeatAConstraintViolation();
    void migrationsApplyOnceAndInOrder();
    void aChangedMigrationIsRefusedByName();
    void aMigrationThatFailsHalfwayLeavesNothing();
    void indexesOnTablesThatWereThereApply();
    void anOlderPluginLivesWithNewerMigrations();
    void hostsThatMigrateAtOnceShareTheWork();
    void manyDifferentStatementsDoNotPileUp();

    /// Runs statements in one transaction and commits.
    void run(std::initializer_list<const char*> statements);
    std::int64_t number(const std::string& query);

    std::unique_ptr<Database> database_;
};

/// The status of the stoa::Error that `body` throws; fails the test when it throws none.
template <class Body>
stoa_status statusOfFailure(Body&& body) {
    try {
        body();
    } catch (const Error& error) {
        return error.status();
    }
    CPPUNIT_FAIL("nothing was thrown");
    return STOA_OK;
}

/// Its message.
template <class Body>
std::string messageOfFailure(Body&& body) {
    try {
        body();
    } catch (const Error& error) {
        return error.what();
    }
    CPPUNIT_FAIL("nothing was thrown");
    return {};
}

}  // namespace stoa::host::sql
