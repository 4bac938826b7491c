// What whoever runs migrations has to know of each statement, and the star.

#include <fmt/format.h>

#include <stoa/validate/expand_only.h>

#include "sql_tree.h"

namespace stoa::validate {
namespace {

/// A table's name as it must stand in SQL.
std::string inSql(const Json::Value& range) {
    const std::string schema = range["schemaname"].asString();
    return (schema.empty() ? "" : quotedName(schema) + ".") + quotedName(range["relname"].asString());
}

/// CREATE INDEX is all that may stand before the word.
std::string withConcurrently(const std::string& statement) {
    constexpr std::string_view kCreate = "CREATE";
    constexpr std::string_view kIndex = "INDEX";
    const std::string_view rest = std::string_view(statement).substr(kCreate.size());
    std::string text = statement;
    return text.insert(kCreate.size() + leadingBlank(rest) + kIndex.size(), " CONCURRENTLY");
}

void describe(const SqlStatement& statement, const Tables& made, MigrationStep& step) {
    const Json::Value& node = statement.node;
    const Json::Value& range = node["relation"];
    if (statement.kind == "CreateStmt") {
        step.table = tableName(range);
        step.reversible = !node["if_not_exists"].asBool();
        step.undo = step.reversible ? "DROP TABLE " + inSql(range) : "";
        return;
    }
    if (statement.kind == "AlterTableStmt") {
        const Json::Value& commands = node["cmds"];
        const Json::Value& command = commands[0]["AlterTableCmd"];
        step.table = tableName(range);
        step.reversible =
            made.count(step.table) != 0 ||
            (commands.size() == 1 && command["subtype"] == "AT_AddColumn" && !command["missing_ok"].asBool());
        if (step.reversible && made.count(step.table) == 0) {
            step.undo = fmt::format("ALTER TABLE {} DROP COLUMN {}", inSql(range),
                                    quotedName(command["def"]["ColumnDef"]["colname"].asString()));
        }
        return;
    }
    if (statement.kind == "IndexStmt") {
        step.table = tableName(range);
        step.index = node["idxname"].asString();
        step.index_alone = made.count(step.table) == 0 && !node["unique"].asBool() && !node["concurrent"].asBool() &&
                           !node["if_not_exists"].asBool() && !step.index.empty();
        step.reversible = step.index_alone || made.count(step.table) != 0;
        if (step.index_alone) {
            step.concurrently = withConcurrently(statement.text);
            Json::Value index = range;  // it lies in the schema of its table
            index["relname"] = step.index;
            step.undo = "DROP INDEX CONCURRENTLY IF EXISTS " + inSql(index);
        }
        return;
    }
    if (statement.kind == "InsertStmt") {
        step.table = tableName(range);
        step.reversible = made.count(step.table) != 0;
    }
}

bool isStar(const Json::Value& value) {
    const Json::Value& fields =
        value.isMember("A_Indirection") ? value["A_Indirection"]["indirection"] : value["ColumnRef"]["fields"];
    return fields.isArray() && !fields.empty() && fields[fields.size() - 1].isMember("A_Star");
}

bool hasStar(const Json::Value& tree) {
    if (tree.isArray()) {
        for (const Json::Value& element : tree) {
            if (hasStar(element)) {
                return true;
            }
        }
        return false;
    }
    if (!tree.isObject()) {
        return false;
    }
    if (tree.isMember("ResTarget") && isStar(tree["ResTarget"]["val"])) {
        return true;
    }
    if (tree.isMember("SubLink") && tree["SubLink"]["subLinkType"] == "EXISTS_SUBLINK") {
        Json::Value query = tree["SubLink"]["subselect"];
        query["SelectStmt"].removeMember("targetList");
        return hasStar(query);
    }
    for (const std::string& name : tree.getMemberNames()) {
        if (hasStar(tree[name])) {
            return true;
        }
    }
    return false;
}

}  // namespace

tl::expected<std::vector<MigrationStep>, std::string> migrationSteps(std::string_view sql) {
    std::vector<MigrationStep> steps;
    Tables made;
    for (const SqlStatement& statement : parseSql(sql)) {
        if (!statement.error.empty()) {
            return tl::unexpected(fmt::format("line {}: {}", statement.line, statement.error));
        }
        MigrationStep& step = steps.emplace_back();
        step.sql = statement.text;
        step.line = statement.line;
        describe(statement, made, step);
        if (statement.kind == "CreateStmt" && step.reversible) {
            made.insert(step.table);
        }
    }
    return steps;
}

tl::expected<bool, std::string> usesStar(std::string_view statement) {
    bool star = false;
    for (const SqlStatement& one : parseSql(statement)) {
        if (!one.error.empty()) {
            return tl::unexpected(one.error);
        }
        star = star || hasStar(one.node);
    }
    return star;
}

}  // namespace stoa::validate
