/// SQLite in memory, with the value types of stoa.sql/1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <stoa/error.h>

struct sqlite3;

namespace stoa::fake {

struct Bytes {
    std::string data;
};
using Cell = std::variant<std::monostate, std::int64_t, double, std::string, Bytes, bool>;

struct Result {
    std::vector<std::string> columns;
    std::vector<std::vector<Cell>> rows;
    std::int64_t affected = 0;
};

/// A statement that can't be run, whatever its parameters are and whatever the tables hold.
class BadStatement : public Error {
public:
    using Error::Error;
};

class Database {
public:
    Database();

    /// One statement with $1, $2 …. Throws stoa::Error as stoa.sql/1 says; a BadStatement when the text is to blame.
    Result execute(std::string_view statement, const std::vector<Cell>& parameters = {});
    /// Several statements without parameters or result.
    void script(const std::string& statements);

private:
    struct Close {
        void operator()(sqlite3* connection) const;
    };
    std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace stoa::fake
