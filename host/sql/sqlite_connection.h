/// One SQLite connection: a Poco::Data session for opening and closing, its native handle for statements.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/sql/driver.h"
#include "host/sql/pool.h"
#include "host/sql/statement_cache.h"

namespace stoa::host::sql {

class SqliteConnection : public PooledConnection {
public:
    /// `path` is ":memory:" or a file, made when it is missing. Throws STOA_UNAVAILABLE.
    SqliteConnection(const std::string& path, bool writer);
    ~SqliteConnection() override;

    bool alive() noexcept override { return !broken_; }

    /// Runs one statement, prepared once when it is a repeatable one.
    Result run(std::string_view statement, std::span<const Value> parameters, std::size_t max_rows);
    /// BEGIN, COMMIT, PRAGMA …: no parameters, no rows of interest.
    void command(const std::string& statement);
    /// Refuses writes while it is on; for the one connection of a database in memory, which reads and writes.
    void setReadOnly(bool on);
    /// How long to wait for another process's lock.
    void setBusyTimeout(std::chrono::milliseconds timeout);
    /// Statements are interrupted (STOA_DEADLINE) from then on; nothing: never.
    void setDeadline(std::optional<Deadline> deadline);
    bool inTransaction() const { return sqlite3_get_autocommit(db_) == 0; }

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    struct Prepared {
        std::unique_ptr<sqlite3_stmt, Finalize> handle;
        std::vector<std::size_t> parameters;  ///< for each of SQLite's own, which $n it is, from 0
        std::size_t highest = 0;              ///< the highest n
        std::vector<bool> is_bool;            ///< per column, by its declared type
        bool changes_rows = false;
    };
    struct Session;

    Prepared prepare(std::string_view statement, unsigned flags);
    void nameParameters(Prepared& prepared, std::string_view statement);
    Prepared& prepared(std::string_view statement, Prepared& once);
    void bind(const Prepared& prepared, std::span<const Value> parameters);
    Result collect(Prepared& prepared, std::string_view statement, std::size_t max_rows);
    [[noreturn]] void fail(int code, std::string_view statement);

    std::unique_ptr<Session> session_;  ///< closes the handle, so it goes last
    sqlite3* db_ = nullptr;
    std::string path_;
    StatementCache<Prepared> cache_;
    std::optional<Deadline> deadline_;
    bool read_only_ = false;
    bool broken_ = false;
};

}  // namespace stoa::host::sql
