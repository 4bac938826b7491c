#include "database.h"

#include <sqlite3.h>

#include <algorithm>
#include <cctype>

#include <stoa/error.h>

namespace stoa::fake {

namespace {

struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

[[noreturn]] void raise(sqlite3* connection, std::string_view statement) {
    const int code = sqlite3_extended_errcode(connection);
    stoa_status status = STOA_INVALID;
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        status = STOA_DUPLICATE;
    } else if ((code & 0xFF) == SQLITE_CONSTRAINT) {
        status = STOA_CONFLICT;
    }
    throw Error(status, std::string(sqlite3_errmsg(connection)) + " in: " + std::string(statement));
}

/// What the real host refuses, because it breaks under an upgrade that adds a column.
void refuseStars(std::string_view statement) {
    std::string words;
    for (const char c : statement) {
        const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
        if (!space || (!words.empty() && words.back() != ' ')) {
            words += space ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        }
    }
    if (words.find("SELECT *") != std::string::npos || words.find("RETURNING *") != std::string::npos) {
        throw BadStatement(STOA_INVALID, "SELECT * and RETURNING * are refused: name the columns");
    }
}

void bind(sqlite3* connection, sqlite3_stmt* statement, std::string_view text, const std::vector<Cell>& parameters) {
    if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) != parameters.size()) {
        throw BadStatement(STOA_INVALID, "the statement does not take " + std::to_string(parameters.size()) +
                                             " parameters: " + std::string(text));
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const int at = sqlite3_bind_parameter_index(statement, ('$' + std::to_string(i + 1)).c_str());
        if (at == 0) {
            throw BadStatement(STOA_INVALID,
                               "the statement has no $" + std::to_string(i + 1) + ": " + std::string(text));
        }
        int code = SQLITE_OK;
        if (const auto* integer = std::get_if<std::int64_t>(&parameters[i])) {
            code = sqlite3_bind_int64(statement, at, *integer);
        } else if (const auto* flag = std::get_if<bool>(&parameters[i])) {
            code = sqlite3_bind_int64(statement, at, *flag ? 1 : 0);
        } else if (const auto* real = std::get_if<double>(&parameters[i])) {
            code = sqlite3_bind_double(statement, at, *real);
        } else if (const auto* string = std::get_if<std::string>(&parameters[i])) {
            code = sqlite3_bind_text(statement, at, string->data(), static_cast<int>(string->size()), SQLITE_TRANSIENT);
        } else if (const auto* bytes = std::get_if<Bytes>(&parameters[i])) {
            code = sqlite3_bind_blob(statement, at, bytes->data.data(), static_cast<int>(bytes->data.size()),
                                     SQLITE_TRANSIENT);
        }
        if (code != SQLITE_OK) {
            raise(connection, text);
        }
    }
}

bool isBoolean(const char* declared) {
    if (declared == nullptr) {
        return false;
    }
    std::string type{declared};
    std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
    return type == "boolean" || type == "bool";
}

Cell cell(sqlite3_stmt* statement, int column) {
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
            if (isBoolean(sqlite3_column_decltype(statement, column))) {
                return sqlite3_column_int64(statement, column) != 0;
            }
            return static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement, column);
        case SQLITE_TEXT:
            return std::string(reinterpret_cast<const char*>(sqlite3_column_text(statement, column)), size);
        case SQLITE_BLOB:
            return Bytes{std::string(static_cast<const char*>(sqlite3_column_blob(statement, column)), size)};
        default:
            return std::monostate{};
    }
}

}  // namespace

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close(connection); }

Database::Database() {
    sqlite3* connection = nullptr;
    const int code = sqlite3_open(":memory:", &connection);
    connection_.reset(connection);
    if (code != SQLITE_OK) {
        throw Error(STOA_INTERNAL, "SQLite can't open a database in memory");
    }
    script("PRAGMA foreign_keys = ON");
}

Result Database::execute(std::string_view statement, const std::vector<Cell>& parameters) {
    refuseStars(statement);
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    const int size = static_cast<int>(statement.size());
    if (sqlite3_prepare_v2(connection_.get(), statement.data(), size, &raw, &rest) != SQLITE_OK) {
        throw BadStatement(STOA_INVALID,
                           std::string(sqlite3_errmsg(connection_.get())) + " in: " + std::string(statement));
    }
    const Statement prepared{raw};
    const std::string_view tail{rest, static_cast<std::size_t>(statement.data() + statement.size() - rest)};
    if (raw == nullptr || tail.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
        throw BadStatement(STOA_INVALID, "one statement at a time: " + std::string(statement));
    }
    bind(connection_.get(), raw, statement, parameters);

    Result result;
    const int columns = sqlite3_column_count(raw);
    for (int i = 0; i < columns; ++i) {
        result.columns.emplace_back(sqlite3_column_name(raw, i));
    }
    const int before = sqlite3_total_changes(connection_.get());
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(raw)) == SQLITE_ROW) {
        std::vector<Cell>& row = result.rows.emplace_back();
        for (int i = 0; i < columns; ++i) {
            row.push_back(cell(raw, i));
        }
    }
    if (code != SQLITE_DONE) {
        raise(connection_.get(), statement);
    }
    if (sqlite3_total_changes(connection_.get()) != before) {
        result.affected = sqlite3_changes(connection_.get());
    }
    return result;
}

void Database::script(const std::string& statements) {
    if (sqlite3_exec(connection_.get(), statements.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        raise(connection_.get(), statements);
    }
}

}  // namespace stoa::fake
