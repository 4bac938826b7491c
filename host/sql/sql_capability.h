/// stoa.sql/1: a plugin's transactions on its own database, and how the host hands one of its own to a handler.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <stoa/abi/sql.h>

#include "host/base/work.h"
#include "host/plugin/capability.h"
#include "host/sql/database.h"

/// A transaction as a plugin sees it. Events, timers and idempotency write through `transaction`, so that their rows
/// share its commit. Belongs to one thread, like the transaction.
struct stoa_tx {
    stoa::host::sql::Database& database;
    stoa::host::sql::Transaction& transaction;
    stoa::host::Work* work = nullptr;  ///< in which it is counted as open, or nullptr
};

namespace stoa::host::sql {

/// A transaction that the host opened itself, made visible to plugin code: for event consumers, timers and dispatch.
/// Counts as open in `work` until it ends. Destroyed without commit: rolled back.
class TxHandle {
public:
    TxHandle(Database& database, std::unique_ptr<Transaction> transaction, Work* work = currentWork());
    ~TxHandle();
    TxHandle(const TxHandle&) = delete;
    TxHandle& operator=(const TxHandle&) = delete;

    stoa_tx* raw() { return &tx_; }
    Transaction& transaction() { return *transaction_; }
    /// Throws as Transaction::commit does, also when a statement of the handler failed and it went on as if nothing had
    /// happened. Ended in either case.
    void commit();
    void rollback() noexcept;

private:
    void leave() noexcept;

    std::unique_ptr<Transaction> transaction_;
    stoa_tx tx_;
    bool open_ = true;
};

/// Call after a handler has returned, on its thread: rolls back the transactions that it began in `work` and left
/// open, and frees its results that it did not close. The number of transactions, to be logged as the plugin's error.
int rollbackOpen(Work& work) noexcept;

/// Throws stoa::Error STOA_INVALID when the statement holds a star that validate::usesStar finds: it breaks under an
/// upgrade that adds a column. `count(*)` and multiplication are fine.
void refuseStar(std::string_view statement);

/// The capability. `databaseOf` gives the database of an environment's service; the binding keeps it.
class SqlCapability : public plugin::Capability {
public:
    using DatabaseOf = std::function<std::shared_ptr<Database>(const plugin::Environment&)>;

    explicit SqlCapability(DatabaseOf database_of) : database_of_(std::move(database_of)) {}
    std::string_view id() const override { return STOA_SQL_ID; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override;

private:
    DatabaseOf database_of_;
};

}  // namespace stoa::host::sql
