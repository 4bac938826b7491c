/// One SQLite connection with its prepared statements, over the C API.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace stoa::host::events::embedded {

/// A prepared statement while it runs. Given back, reset, at the end of the scope. Text and bytes are bound without a
/// copy: they must live until then.
class Statement {
public:
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    Statement& bind(std::int64_t value);
    Statement& bind(std::string_view text);
    Statement& bindBytes(std::string_view bytes);
    /// True while there is a row. Throws stoa::Error.
    bool step();
    /// Runs a statement without rows.
    void run();
    std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    bool isNull(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
    std::string bytes(int column) const;

private:
    sqlite3_stmt* statement_;
    int bound_ = 0;
};

/// Used by one thread at a time.
class Connection {
public:
    /// Opens or makes the file, in WAL mode. Throws stoa::Error (STOA_UNAVAILABLE).
    explicit Connection(const std::string& path);

    /// `sql` is prepared once and kept; use a statement of one text by one scope at a time.
    Statement prepare(std::string_view sql);
    void execute(const char* sql);
    /// Rows changed by the last statement.
    std::int64_t changes() const { return sqlite3_changes64(handle_.get()); }
    /// Changes when another connection, in this or another process, has committed.
    std::int64_t dataVersion();
    std::int64_t fileBytes();

private:
    struct CloseStatement {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    struct CloseHandle {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };

    std::unique_ptr<sqlite3, CloseHandle> handle_;
    std::map<std::string, std::unique_ptr<sqlite3_stmt, CloseStatement>, std::less<>> statements_;
};

/// BEGIN IMMEDIATE, and ROLLBACK unless committed.
class WriteScope {
public:
    explicit WriteScope(Connection& connection);
    ~WriteScope();
    void commit();

private:
    Connection& connection_;
    bool open_ = true;
};

}  // namespace stoa::host::events::embedded
