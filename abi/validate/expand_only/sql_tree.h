/// SQL text → statements as trees of JSON, by libpg_query.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <json/value.h>

namespace stoa::validate {

struct SqlStatement {
    std::string text;   ///< without blanks and comments around it, without semicolon
    int line = 1;       ///< of its first word
    std::string kind;   ///< of the node, such as "CreateStmt"; empty when it can't be read
    Json::Value node;   ///< that node's members
    std::string error;  ///< why it can't be read
};

/// Never throws for what is in the text, never recurses deeper than 3 MiB of stack.
std::vector<SqlStatement> parseSql(std::string_view sql);

/// How many bytes of blanks and comments the text begins with.
std::size_t leadingBlank(std::string_view sql);

/// A RangeVar's name as Tables has it.
std::string tableName(const Json::Value& range);

/// Its schema is one that goes with the session ("pg_temp"), or the relation is temporary.
bool isTemporary(const Json::Value& range);

/// A name as it must stand in SQL: "order", "a""b".
std::string quotedName(std::string_view name);

/// The last part of a list of String nodes: the name of a type, an operator or a function.
std::string lastName(const Json::Value& names);

}  // namespace stoa::validate
