#include "host/sql/sqlite_connection.h"

#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/Utility.h>
#include <Poco/Data/Session.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>

#include "host/sql/lexer.h"

namespace stoa::host::sql {
namespace {

stoa_status statusOf(int code) {
    switch (code & 0xFF) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_FULL:
        case SQLITE_NOMEM:
            return STOA_EXHAUSTED;
        case SQLITE_CONSTRAINT:
            return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
                           code == SQLITE_CONSTRAINT_ROWID
                       ? STOA_DUPLICATE
                       : STOA_CONFLICT;
        case SQLITE_INTERRUPT:
            return STOA_DEADLINE;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
            return STOA_UNAVAILABLE;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return STOA_INTERNAL;
        default:
            return STOA_INVALID;
    }
}

/// The columns of type "bool" or "boolean", which SQLite stores as integers.
bool declaredBool(const char* declared) {
    if (!declared) {
        return false;
    }
    const Token type{Token::Kind::kWord, declared};
    return type.isWord("BOOL") || type.isWord("BOOLEAN");
}

Value readColumn(sqlite3_stmt* statement, int column, bool is_bool) {
    const auto bytes = [&](const void* data) {
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
        return size == 0 ? std::string{} : std::string{static_cast<const char*>(data), size};
    };
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
            return is_bool ? Value{sqlite3_column_int64(statement, column) != 0}
                           : Value{std::int64_t{sqlite3_column_int64(statement, column)}};
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement, column);
        case SQLITE_TEXT:
            return bytes(sqlite3_column_text(statement, column));
        case SQLITE_BLOB:
            return Bytes{bytes(sqlite3_column_blob(statement, column))};
        default:
            return std::monostate{};
    }
}

int bindOne(sqlite3_stmt* statement, int index, const Value& value) {
    struct Binder {
        sqlite3_stmt* statement;
        int index;
        // The caller's values outlive the statement's run, so nothing is copied.
        int operator()(std::monostate) const { return sqlite3_bind_null(statement, index); }
        int operator()(std::int64_t v) const { return sqlite3_bind_int64(statement, index, v); }
        int operator()(bool v) const { return sqlite3_bind_int64(statement, index, v ? 1 : 0); }
        int operator()(double v) const { return sqlite3_bind_double(statement, index, v); }
        int operator()(const std::string& v) const {
            return sqlite3_bind_text64(statement, index, v.data(), v.size(), SQLITE_STATIC, SQLITE_UTF8);
        }
        int operator()(const Bytes& v) const {
            return sqlite3_bind_blob64(statement, index, v.data.data(), v.data.size(), SQLITE_STATIC);
        }
    };
    return std::visit(Binder{statement, index}, value);
}

}  // namespace

struct SqliteConnection::Session {
    explicit Session(const std::string& path) : poco{"SQLite", path, kOpenSeconds} {}
    /// Poco tries again for as long, a minute by itself, to open a file that can't be opened.
    static constexpr std::size_t kOpenSeconds = 1;
    Poco::Data::Session poco;
};

SqliteConnection::SqliteConnection(const std::string& path, bool writer) : path_(path) {
    static std::once_flag registered;
    std::call_once(registered, [] { Poco::Data::SQLite::Connector::registerConnector(); });
    try {
        session_ = std::make_unique<Session>(path);
    } catch (const Poco::Exception& error) {
        throw Error(STOA_UNAVAILABLE,
                    fmt::format("can't open {}: {}; does its directory exist, and may this user write there?", path,
                                error.displayText()));
    }
    db_ = Poco::Data::SQLite::Utility::dbHandle(session_->poco);
    sqlite3_extended_result_codes(db_, 1);
    setBusyTimeout(std::chrono::seconds{1});
    if (path != ":memory:") {
        command("PRAGMA journal_mode=WAL");
        command("PRAGMA synchronous=FULL");
    }
    command("PRAGMA foreign_keys=ON");
    setReadOnly(!writer);
}

SqliteConnection::~SqliteConnection() {
    setDeadline({});
    cache_ = {};
}

void SqliteConnection::setReadOnly(bool on) {
    if (on != read_only_) {
        command(on ? "PRAGMA query_only=ON" : "PRAGMA query_only=OFF");
        read_only_ = on;
    }
}

void SqliteConnection::setBusyTimeout(std::chrono::milliseconds timeout) {
    sqlite3_busy_timeout(db_, static_cast<int>(std::clamp<std::int64_t>(timeout.count(), 0, 3'600'000)));
}

void SqliteConnection::setDeadline(std::optional<Deadline> deadline) {
    constexpr int kStepsBetweenLooks = 5000;  // some 100 us of work
    deadline_ = deadline;
    if (!deadline) {
        sqlite3_progress_handler(db_, 0, nullptr, nullptr);
        return;
    }
    const auto passed = [](void* self) -> int {
        return std::chrono::steady_clock::now() >= *static_cast<SqliteConnection*>(self)->deadline_ ? 1 : 0;
    };
    sqlite3_progress_handler(db_, kStepsBetweenLooks, passed, this);
}

void SqliteConnection::fail(int code, std::string_view statement) {
    const auto status = statusOf(code);
    const auto message = fmt::format("{} (SQLite {}) in {}: {}", sqlite3_errmsg(db_), code, path_, excerpt(statement));
    // The file may be another one by now; a new connection finds out.
    broken_ = broken_ || ((status == STOA_UNAVAILABLE || status == STOA_INTERNAL) && path_ != ":memory:");
    if (status == STOA_CONFLICT) {
        throw ConstraintViolation(message);
    }
    throw Error(status, message);
}

SqliteConnection::Prepared SqliteConnection::prepare(std::string_view statement, unsigned flags) {
    sqlite3_stmt* handle = nullptr;
    const char* tail = nullptr;
    const int code =
        sqlite3_prepare_v3(db_, statement.data(), static_cast<int>(statement.size()), flags, &handle, &tail);
    if (code != SQLITE_OK) {
        fail(code, statement);
    }
    Prepared prepared;
    prepared.handle.reset(handle);
    const std::string_view rest{tail, static_cast<std::size_t>(statement.data() + statement.size() - tail)};
    Token token;
    if (!handle || Lexer{rest}.next(token)) {
        throw Error(STOA_INVALID, "exactly one statement at a time is allowed: " + excerpt(statement));
    }
    nameParameters(prepared, statement);
    for (int i = 0; i < sqlite3_column_count(handle); ++i) {
        prepared.is_bool.push_back(declaredBool(sqlite3_column_decltype(handle, i)));
    }
    prepared.changes_rows = sqlite3_stmt_readonly(handle) == 0 && isRepeatable(statement);
    return prepared;
}

void SqliteConnection::nameParameters(Prepared& prepared, std::string_view statement) {
    // To SQLite $1 is a name: it numbers parameters by where they appear first.
    const int count = sqlite3_bind_parameter_count(prepared.handle.get());
    for (int i = 1; i <= count; ++i) {
        const char* name = sqlite3_bind_parameter_name(prepared.handle.get(), i);
        const std::string_view text = name ? name : "?";
        std::size_t number = 0;
        const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
        if (text[0] != '$' || error != std::errc{} || end != text.data() + text.size() || number == 0) {
            throw Error(STOA_INVALID, fmt::format("parameters are $1, $2 …, not {}: {}", text, excerpt(statement)));
        }
        prepared.parameters.push_back(number - 1);
        prepared.highest = std::max(prepared.highest, number);
    }
}

SqliteConnection::Prepared& SqliteConnection::prepared(std::string_view statement, Prepared& once) {
    if (Prepared* known = cache_.find(statement)) {
        return *known;
    }
    if (!isRepeatable(statement)) {
        return once = prepare(statement, 0);
    }
    return cache_.add(statement, prepare(statement, SQLITE_PREPARE_PERSISTENT), [](Prepared&) {});
}

void SqliteConnection::bind(const Prepared& prepared, std::span<const Value> parameters) {
    checkParameterCount(prepared.highest, parameters.size(), sqlite3_sql(prepared.handle.get()));
    for (std::size_t i = 0; i < prepared.parameters.size(); ++i) {
        const int code = bindOne(prepared.handle.get(), static_cast<int>(i) + 1, parameters[prepared.parameters[i]]);
        if (code != SQLITE_OK) {
            fail(code, sqlite3_sql(prepared.handle.get()));
        }
    }
}

Result SqliteConnection::collect(Prepared& prepared, std::string_view statement, std::size_t max_rows) {
    sqlite3_stmt* const handle = prepared.handle.get();
    Result result;
    int code;
    while ((code = sqlite3_step(handle)) == SQLITE_ROW) {
        checkRowCount(result.rows.size() + 1, max_rows, statement);
        const int count = sqlite3_column_count(handle);
        auto& row = result.rows.emplace_back();
        row.reserve(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i) {
            const auto column = static_cast<std::size_t>(i);
            row.push_back(readColumn(handle, i, column < prepared.is_bool.size() && prepared.is_bool[column]));
        }
    }
    if (code != SQLITE_DONE) {
        fail(code, statement);
    }
    for (int i = 0; i < sqlite3_column_count(handle); ++i) {
        result.columns.emplace_back(sqlite3_column_name(handle, i));
    }
    result.affected = prepared.changes_rows ? sqlite3_changes64(db_) : 0;
    return result;
}

Result SqliteConnection::run(std::string_view statement, std::span<const Value> parameters, std::size_t max_rows) {
    Prepared once;
    Prepared& ready = prepared(statement, once);
    struct Reset {
        sqlite3_stmt* handle;
        ~Reset() {
            sqlite3_reset(handle);
            sqlite3_clear_bindings(handle);
        }
    } const reset{ready.handle.get()};
    bind(ready, parameters);
    return collect(ready, statement, max_rows);
}

void SqliteConnection::command(const std::string& statement) {
    constexpr std::size_t kAnyNumber = 1000;
    auto* known = cache_.find(statement);
    if (!known) {
        known = &cache_.add(statement, prepare(statement, SQLITE_PREPARE_PERSISTENT), [](Prepared&) {});
    }
    const auto reset = [](sqlite3_stmt* handle) { sqlite3_reset(handle); };
    const std::unique_ptr<sqlite3_stmt, decltype(reset)> guard{known->handle.get(), reset};
    collect(*known, statement, kAnyNumber);
}

}  // namespace stoa::host::sql
