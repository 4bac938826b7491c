/// A plugin's relational database, whatever stands behind it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <stoa/error.h>

#include "host/base/work.h"

namespace stoa::host::sql {

struct Bytes {
    std::string data;
    friend bool operator==(const Bytes&, const Bytes&) = default;
};

using Value = std::variant<std::monostate, std::int64_t, double, std::string, Bytes, bool>;

/// A result in memory. More rows than `Options::max_rows` are an error, not a truncation.
struct Result {
    std::vector<std::string> columns;
    std::vector<std::vector<Value>> rows;
    std::int64_t affected = 0;
};

enum class Mode { kRead, kWrite };
enum class Dialect { kSqlite, kPostgresql };

/// One transaction on one connection, used by one thread at a time. Destroyed without commit: rolled back.
/// Failures are stoa::Error: STOA_DUPLICATE (unique), STOA_CONFLICT (check, foreign key, serialisation, deadlock),
/// STOA_INVALID (bad SQL), STOA_DEADLINE, STOA_UNAVAILABLE (connection lost), STOA_EXHAUSTED (disk full, too many
/// rows).
class Transaction {
public:
    virtual ~Transaction() = default;
    virtual Result execute(std::string_view statement, std::span<const Value> parameters = {}) = 0;
    /// Returns when durable. STOA_UNAVAILABLE: the outcome is unknown.
    virtual void commit() = 0;
    virtual void rollback() noexcept = 0;
    /// The last statement and the commit, in one round trip where the driver can. Fails as either of them does; the
    /// transaction has ended then, too. More rows than max_rows are an error also when the driver has committed by
    /// then.
    virtual Result executeAndCommit(std::string_view statement, std::span<const Value> parameters = {}) = 0;

    Result execute(std::string_view statement, std::initializer_list<Value> parameters) {
        return execute(statement, std::span<const Value>{parameters.begin(), parameters.size()});
    }
    /// `hook` runs on this thread right after a successful commit: to wake a relay or a timer. Must not throw.
    void onCommit(std::function<void()> hook) { hooks_.push_back(std::move(hook)); }

protected:
    void runCommitHooks() noexcept;

private:
    std::vector<std::function<void()>> hooks_;
};

/// One migration of a plugin, from its manifest; `version` counts from 1 without gaps.
struct Migration {
    std::int64_t version;
    std::string name;
    std::string sql;
    std::string sha256;
};

struct Options {
    int max_connections = 8;                          ///< readers and writers together; SQLite has one writer
    std::chrono::milliseconds acquire_timeout{2000};  ///< wait for a connection when there is no deadline
    std::chrono::seconds max_lifetime{1800};          ///< a pooled connection is replaced after this
    std::size_t max_rows = 100'000;
    /// A transaction for which nothing is asked for so long is ended by the server, if it can: a host that hangs in the
    /// middle of one must not hold up the others.
    std::chrono::milliseconds idle_in_transaction{10'000};
    std::string password;  ///< for PostgreSQL, from a secret; never logged
    std::string owner;     ///< the service whose database it is, for crash points
};

/// Any thread. Made by open(); the pool connects lazily, so that a database that is down makes begin() fail, not
/// open().
class Database {
public:
    virtual ~Database() = default;

    /// Waits for a connection in first-in-first-out order, until the deadline (or acquire_timeout): STOA_EXHAUSTED when
    /// the pool is busy, STOA_UNAVAILABLE when nobody answers. The deadline bounds each statement too. A driver may
    /// tell its server of the transaction together with the first statement.
    virtual std::unique_ptr<Transaction> begin(Mode mode, std::optional<Deadline> deadline = {}) = 0;
    virtual Dialect dialect() const = 0;
    /// Fails when the database can't be reached now. For /readyz; cheap.
    virtual void ping() = 0;
    /// For logs: scheme and place, no password.
    virtual std::string describe() const = 0;

    /// Runs `work` in a transaction, commits, and tries again up to 3 times with jitter on STOA_CONFLICT.
    void transact(Mode mode, std::optional<Deadline> deadline, const std::function<void(Transaction&)>& work);
    /// The same for a single statement.
    Result once(Mode mode, std::optional<Deadline> deadline, std::string_view statement,
                std::span<const Value> parameters);
    Result once(Mode mode, std::optional<Deadline> deadline, std::string_view statement,
                std::initializer_list<Value> parameters = {}) {
        return once(mode, deadline, statement, std::span<const Value>{parameters.begin(), parameters.size()});
    }

    /// Statements each by itself, outside of any transaction, on a connection that is closed at the end: for what no
    /// transaction can run, and for settings and locks of a session. commit() and rollback() change nothing. Only
    /// PostgreSQL has it, others throw STOA_UNSUPPORTED.
    virtual std::unique_ptr<Transaction> beginAlone();

    /// Applies what is missing, in order, under a lock that holds off other hosts; one transaction each. Records
    /// version, name and checksum in `stoa_migrations`. Throws STOA_INVALID when an applied one has another checksum or
    /// is unknown to the plugin with a lower version than its highest, and when a statement fails: nothing of that one
    /// stays. `system` first: the host's own tables (outbox, inbox, timers …), counted apart under the component's
    /// name.
    /// On PostgreSQL a statement waits 50 ms for a lock, and the migration begins again with jitter until `patience` is
    /// over: then STOA_EXHAUSTED. Non-unique indexes on tables that were there are built beside the traffic after the
    /// rest was committed; a call that was cut off there is taken up by the next one.
    void migrate(std::string_view component, std::span<const Migration> migrations,
                 std::chrono::milliseconds patience = std::chrono::seconds{30});

    /// URLs: "sqlite:<path>" (relative to `directory`), "sqlite::memory:" (tests),
    /// "postgresql://user@host:port/name?…".
    static std::unique_ptr<Database> open(const std::string& url, const std::string& directory, Options options);
};

}  // namespace stoa::host::sql
