// Statements that the old version could not live with, in words.

#include "refusal.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "sql_tree.h"

namespace stoa::validate {
namespace {

constexpr const char* kContract =
    "stop using it in this version and leave it there; drop it in a later release, once no host runs or could roll "
    "back to a version that uses it, and install that release by a restart";
constexpr const char* kBackfill =
    "let the new version write the new place and read both, and move old rows from a timer in small batches";
constexpr const char* kNoCode =
    "put the logic into the service; a migration of a swap adds tables, columns and indexes";
constexpr const char* kExpand =
    "add a new column or table beside the old, write both, move the readers, and drop the old one in a later release";
constexpr const char* kRemove = "remove the statement";

struct Words {
    const char* reason;
    const char* cure;
};

const std::map<std::string, Words, std::less<>> kStatements = {
    {"DropStmt", {"it drops what the version that serves still uses", kContract}},
    {"RenameStmt", {"the version that serves knows it by its old name", kExpand}},
    {"UpdateStmt", {"it changes rows that the version that serves is working on", kBackfill}},
    {"DeleteStmt", {"it deletes rows that the version that serves may need", kBackfill}},
    {"MergeStmt", {"it changes rows that the version that serves is working on", kBackfill}},
    {"TruncateStmt", {"it empties a table that the version that serves may use", kContract}},
    {"CopyStmt", {"COPY moves data past the service", kBackfill}},
    {"CreateTableAsStmt",
     {"it copies rows while the version that serves goes on changing them, and holds a transaction open for it",
      "create the table empty; let the new version fill it, from a timer in small batches"}},
    {"SelectStmt", {"a query leaves nothing behind, unless it calls a function that changes something", kRemove}},
    {"DoStmt", {"what a DO block does can't be told from its text", kNoCode}},
    {"CallStmt", {"what a procedure does can't be told from its call", kNoCode}},
    {"ExecuteStmt", {"what a prepared statement does can't be told from its name", kNoCode}},
    {"PrepareStmt", {"a prepared statement stays with the session and hides what it does", kRemove}},
    {"ExplainStmt", {"EXPLAIN ANALYZE runs its statement", kRemove}},
    {"CreateFunctionStmt", {"SQLite has no functions, and replacing one changes the version that serves", kNoCode}},
    {"CreateTrigStmt", {"a trigger changes what the writes of the version that serves do", kNoCode}},
    {"CreateEventTrigStmt", {"a trigger changes what the statements of the version that serves do", kNoCode}},
    {"RuleStmt", {"a rule changes what the statements of the version that serves do", kNoCode}},
    {"CreatePolicyStmt", {"a policy hides rows from the version that serves", kNoCode}},
    {"ViewStmt", {"a view forbids later changes of its tables", "write the query in the store of the service"}},
    {"TransactionStmt",
     {"the host runs a migration in one transaction, and this would end it halfway",
      "remove BEGIN, COMMIT and the like"}},
    {"VariableSetStmt", {"a setting stays with the pooled connection", kRemove}},
    {"LockStmt", {"it holds up the version that serves", kRemove}},
    {"CommentStmt", {"SQLite has no COMMENT", "write a comment with -- into the migration"}},
    {"GrantStmt", {"rights may be taken from the version that serves", "grant rights outside of migrations"}},
    {"CreateSeqStmt", {"SQLite has no sequences", "take identifiers from the service (UUIDv7), or count in a table"}},
    {"IndexStmt", {"this index can't be built beside the traffic", kExpand}},
};

const std::map<std::string, Words, std::less<>> kAlterations = {
    {"AT_DropColumn", {"the version that serves still reads or writes the column", kContract}},
    {"AT_AlterColumnType",
     {"changing a type rewrites the table under a lock, and the version that serves expects the old type", kExpand}},
    {"AT_SetNotNull",
     {"the version that serves may write NULL there", "refuse NULL in the service; set it in a later release"}},
    {"AT_DropNotNull", {"the version that serves could not read a NULL that the new one writes", kExpand}},
    {"AT_ColumnDefault", {"inserts of the version that serves may count on the default as it was", kExpand}},
    {"AT_AddConstraint",
     {"writes of the version that serves may violate the constraint, and checking it reads the whole table under a "
      "lock",
      "check it in the service; add the constraint in a later release, once no older version runs"}},
    {"AT_DropConstraint",
     {"the version that serves may count on the constraint (ON CONFLICT, STOA_DUPLICATE)", kContract}},
    {"AT_AddIdentity", {"a generated value changes what inserts of the version that serves do", kExpand}},
    {"AT_DropIdentity", {"inserts of the version that serves may count on the generated value", kExpand}},
    {"AT_EnableRowSecurity", {"it hides rows from the version that serves", kNoCode}},
    {"AT_AddInherit", {"queries on the parent would begin to see other rows", kExpand}},
    {"AT_AttachPartition", {"queries on the parent would begin to see other rows", kExpand}},
};

/// What a constraint of a new column would do to the rows that the old version writes without it.
const std::map<std::string, Words, std::less<>> kColumnConstraints = {
    {"CONSTR_UNIQUE",
     {"every row that the version that serves writes would have the same value there, and the index is built under a "
      "lock",
      "add the column without UNIQUE; make it unique in a later release, once no older version runs"}},
    {"CONSTR_PRIMARY", {"a table that has rows can't be given another key", kExpand}},
    {"CONSTR_FOREIGN",
     {"adding a reference locks both tables, and deletes of the version that serves may begin to fail",
      "add the column without REFERENCES, and check it in the service"}},
    {"CONSTR_CHECK",
     {"checking reads the whole table under a lock, and rows of the version that serves may violate it",
      "add the column without CHECK, and check it in the service"}},
    {"CONSTR_EXCLUSION", {"writes of the version that serves may violate it", "check it in the service"}},
    {"CONSTR_IDENTITY",
     {"numbering the rows that are there rewrites the table under a lock",
      "add a nullable column, and let the service give the value"}},
    {"CONSTR_GENERATED",
     {"computing it for the rows that are there rewrites the table under a lock",
      "add a nullable column, and let the service compute the value"}},
};

bool isSerial(const Json::Value& column) {
    static constexpr std::string_view kSerials[] = {"serial",  "bigserial", "smallserial",
                                                    "serial2", "serial4",   "serial8"};
    const std::string type = lastName(column["typeName"]["names"]);
    return std::find(std::begin(kSerials), std::end(kSerials), type) != std::end(kSerials);
}

bool isOperator(const Json::Value& expression, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), lastName(expression["name"])) != names.end();
}

}  // namespace

Refusal refusalOf(const std::string& kind) {
    if (const auto known = kStatements.find(kind); known != kStatements.end()) {
        return {known->second.reason, known->second.cure};
    }
    return {"this kind of statement is none that the version that serves is sure to live with", kNoCode};
}

Refusal alterRefusal(const std::string& subtype, const std::string& name) {
    const std::string subject = name.empty() ? "" : fmt::format("{}: ", name);
    if (const auto known = kAlterations.find(subtype); known != kAlterations.end()) {
        return {subject + known->second.reason, known->second.cure};
    }
    return {subject + "of ALTER TABLE, a swap can have ADD COLUMN alone", kExpand};
}

std::optional<Refusal> checkNewColumn(const Json::Value& column) {
    const std::string name = column["colname"].asString();
    if (isSerial(column)) {
        return Refusal{fmt::format("{}: numbering the rows that are there rewrites the table under a lock", name),
                       "add a nullable column, and let the service give the value"};
    }
    bool not_null = false;
    bool has_value = false;
    for (const Json::Value& one : column["constraints"]) {
        const Json::Value& constraint = one["Constraint"];
        const std::string kind = constraint["contype"].asString();
        if (const auto bad = kColumnConstraints.find(kind); bad != kColumnConstraints.end()) {
            return Refusal{fmt::format("{}: {}", name, bad->second.reason), bad->second.cure};
        }
        not_null = not_null || kind == "CONSTR_NOTNULL";
        if (kind == "CONSTR_DEFAULT") {
            const Json::Value& value = constraint["raw_expr"];
            if (!isConstant(value)) {
                return Refusal{
                    fmt::format("{}: its default is no constant, so that each row that is there has to be rewritten",
                                name),
                    "give a literal as its default, or make it nullable and let the service write the value"};
            }
            has_value = !value["A_Const"]["isnull"].asBool();
        }
    }
    if (not_null && !has_value) {
        return Refusal{fmt::format("{}: NOT NULL without a default, but the rows that are there and those that the "
                                   "version that serves writes have no value for it",
                                   name),
                       "give it a constant default, or make it nullable"};
    }
    return std::nullopt;
}

bool isConstant(const Json::Value& expression) {
    if (!expression.isObject()) {
        return false;
    }
    if (expression.isMember("A_Const")) {
        return true;
    }
    if (expression.isMember("TypeCast")) {
        return isConstant(expression["TypeCast"]["arg"]);
    }
    if (expression.isMember("A_Expr")) {
        const Json::Value& inner = expression["A_Expr"];
        return inner["kind"] == "AEXPR_OP" && !inner.isMember("lexpr") && isOperator(inner, {"-", "+"}) &&
               isConstant(inner["rexpr"]);
    }
    if (expression.isMember("A_ArrayExpr")) {
        const Json::Value& elements = expression["A_ArrayExpr"]["elements"];
        return std::all_of(elements.begin(), elements.end(), isConstant);
    }
    return false;
}

bool cannotFail(const Json::Value& expression) {
    if (expression.isArray()) {
        return std::all_of(expression.begin(), expression.end(), cannotFail);
    }
    if (!expression.isObject()) {
        return true;
    }
    if (expression.isMember("A_Const") || expression.isMember("ColumnRef")) {
        return true;
    }
    if (expression.isMember("NullTest") || expression.isMember("BooleanTest")) {
        return cannotFail(expression[expression.isMember("NullTest") ? "NullTest" : "BooleanTest"]["arg"]);
    }
    if (expression.isMember("BoolExpr") || expression.isMember("CoalesceExpr")) {
        return cannotFail(expression[expression.isMember("BoolExpr") ? "BoolExpr" : "CoalesceExpr"]["args"]);
    }
    if (expression.isMember("List")) {
        return cannotFail(expression["List"]["items"]);
    }
    if (expression.isMember("A_Expr")) {
        const Json::Value& inner = expression["A_Expr"];
        const bool comparison = inner["kind"] == "AEXPR_IN" || inner["kind"] == "AEXPR_BETWEEN" ||
                                isOperator(inner, {"=", "<>", "<", ">", "<=", ">="});
        return comparison && cannotFail(inner["lexpr"]) && cannotFail(inner["rexpr"]);
    }
    if (expression.isMember("FuncCall")) {
        const std::string name = lastName(expression["FuncCall"]["funcname"]);
        return (name == "lower" || name == "upper" || name == "length") && cannotFail(expression["FuncCall"]["args"]);
    }
    return false;
}

}  // namespace stoa::validate
