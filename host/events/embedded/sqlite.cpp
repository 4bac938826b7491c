#include "host/events/embedded/sqlite.h"

#include <stoa/error.h>

#include <chrono>
#include <thread>

namespace stoa::host::events::embedded {
namespace {

/// Another process commits in a millisecond or two. SQLite's own handler soon sleeps 25 ms and more between its tries,
/// which starves one writer among many; this one asks often and gives up after about ten seconds.
int waitForLock(void*, int tries) {
    constexpr int kTries = 20'000;
    std::this_thread::sleep_for(std::chrono::microseconds{tries < 20 ? 100 : 500});
    return tries < kTries ? 1 : 0;
}

[[noreturn]] void fail(sqlite3* handle, const char* what) {
    const int code = sqlite3_errcode(handle) & 0xff;
    const std::string message = std::string{"event log: "} + what + ": " + sqlite3_errmsg(handle);
    if (code == SQLITE_FULL) {
        throw Error(STOA_EXHAUSTED, message + "; free space on its file system");
    }
    throw Error(STOA_UNAVAILABLE, message);
}

}  // namespace

Statement::~Statement() {
    if (statement_ != nullptr) {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
}

Statement& Statement::bind(std::int64_t value) {
    sqlite3_bind_int64(statement_, ++bound_, value);
    return *this;
}

// A null pointer would bind NULL instead of an empty value, hence the "".

Statement& Statement::bind(std::string_view text) {
    sqlite3_bind_text64(statement_, ++bound_, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_STATIC,
                        SQLITE_UTF8);
    return *this;
}

Statement& Statement::bindBytes(std::string_view bytes) {
    sqlite3_bind_blob64(statement_, ++bound_, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
    return *this;
}

bool Statement::step() {
    switch (sqlite3_step(statement_)) {
        case SQLITE_ROW:
            return true;
        case SQLITE_DONE:
            return false;
        default:
            fail(sqlite3_db_handle(statement_), sqlite3_sql(statement_));
    }
}

void Statement::run() {
    while (step()) {
    }
}

std::string Statement::bytes(int column) const {
    const void* data = sqlite3_column_blob(statement_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string{} : std::string{static_cast<const char*>(data), size};
}

Connection::Connection(const std::string& path) {
    sqlite3* handle = nullptr;
    // Callers serialise: the connection's own mutex would only cost.
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) {
        throw Error(STOA_UNAVAILABLE, "event log: can't open " + path + ": " + sqlite3_errstr(code) +
                                          "; check that its folder exists and is writable");
    }
    sqlite3_busy_handler(handle, &waitForLock, nullptr);
    execute("PRAGMA cache_size=-1024");
    // Two processes that make the file at once: the switch to WAL reports "locked" without asking the busy handler.
    for (int tries = 0;; ++tries) {
        try {
            execute("PRAGMA journal_mode=WAL");
            return;
        } catch (const Error&) {
            if (tries == 200) {
                throw;
            }
            waitForLock(nullptr, 100);
        }
    }
}

Statement Connection::prepare(std::string_view sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) {
        return Statement{found->second.get()};
    }
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                           &statement, nullptr) != SQLITE_OK) {
        fail(handle_.get(), std::string{sql}.c_str());
    }
    statements_.emplace(sql, statement);
    return Statement{statement};
}

void Connection::execute(const char* sql) {
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        fail(handle_.get(), sql);
    }
}

std::int64_t Connection::dataVersion() {
    Statement version = prepare("PRAGMA data_version");
    return version.step() ? version.integer(0) : 0;
}

std::int64_t Connection::fileBytes() {
    Statement size = prepare(
        "SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p, pragma_freelist_count f, "
        "pragma_page_size s");
    return size.step() ? size.integer(0) : 0;
}

WriteScope::WriteScope(Connection& connection) : connection_(connection) { connection_.execute("BEGIN IMMEDIATE"); }

WriteScope::~WriteScope() {
    if (open_) {
        try {
            connection_.execute("ROLLBACK");
        } catch (const Error&) {
            // SQLite has rolled back by itself after the failure that brought us here.
        }
    }
}

void WriteScope::commit() {
    connection_.execute("COMMIT");
    open_ = false;
}

}  // namespace stoa::host::events::embedded
