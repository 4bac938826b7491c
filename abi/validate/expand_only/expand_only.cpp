// The rules of an expand-only migration, statement by statement.

#include <stoa/validate/expand_only.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "refusal.h"
#include "sql_tree.h"

namespace stoa::validate {
namespace {

std::string excerpt(std::string_view statement) {
    constexpr std::size_t kLongest = 160;
    std::string text;
    for (const char c : statement) {
        const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
        if (!blank) {
            text += c;
        } else if (!text.empty() && text.back() != ' ') {
            text += ' ';
        }
    }
    return text.size() <= kLongest ? text : text.substr(0, kLongest) + "…";
}

bool isTable(const Json::Value& statement) {
    return !statement.isMember("objtype") || statement["objtype"] == "OBJECT_TABLE";
}

/// Follows what tables there are from statement to statement.
void follow(const SqlStatement& statement, Tables& tables) {
    if (statement.kind == "CreateStmt") {
        tables.insert(tableName(statement.node["relation"]));
    } else if (statement.kind == "RenameStmt" && statement.node["renameType"] == "OBJECT_TABLE") {
        Json::Value renamed = statement.node["relation"];
        tables.erase(tableName(renamed));
        renamed["relname"] = statement.node["newname"];
        tables.insert(tableName(renamed));
    } else if (statement.kind == "DropStmt" && statement.node["removeType"] == "OBJECT_TABLE") {
        for (const Json::Value& object : statement.node["objects"]) {
            std::string name;
            for (const Json::Value& part : object["List"]["items"]) {
                const std::string text = part["String"]["sval"].asString();
                name += name.empty() && text == "public" ? "" : (name.empty() ? "" : ".") + text;
            }
            tables.erase(name);
        }
    }
}

class ExpandOnly {
public:
    explicit ExpandOnly(const Tables& existing) : existing_(existing) {}

    void check(const MigrationFile& file) {
        for (const SqlStatement& statement : parseSql(file.sql)) {
            if (!statement.error.empty()) {
                add(file, statement,
                    {fmt::format("PostgreSQL's grammar can't read it ({})", statement.error),
                     "write SQL that both PostgreSQL and SQLite read"});
                continue;
            }
            if (const auto refusal = refuse(statement)) {
                add(file, statement, *refusal);
            }
            if (statement.kind == "CreateStmt") {
                made_.insert(tableName(statement.node["relation"]));
            }
        }
    }

    std::vector<Finding> take() { return std::move(findings_); }

private:
    void add(const MigrationFile& file, const SqlStatement& statement, const Refusal& refusal) {
        Finding finding;
        finding.severity = refusal.warning ? Severity::kWarning : Severity::kError;
        finding.rule = "migration";
        finding.subject = fmt::format("{:04} {}, line {}", file.version, file.name, statement.line);
        finding.reason = refusal.reason;
        finding.cure = refusal.cure;
        finding.statement = excerpt(statement.text);
        finding.line = statement.line;
        findings_.push_back(std::move(finding));
    }

    bool isNew(const Json::Value& range) const {
        return made_.count(tableName(range)) != 0 && existing_.count(tableName(range)) == 0;
    }

    std::optional<Refusal> refuse(const SqlStatement& statement) const {
        const Json::Value& node = statement.node;
        if (statement.kind == "CreateStmt") {
            return refuseTable(node);
        }
        if (statement.kind == "AlterTableStmt" && isTable(node)) {
            return refuseAlteration(node);
        }
        if (statement.kind == "IndexStmt") {
            return refuseIndex(node);
        }
        if (statement.kind == "InsertStmt") {
            return refuseInsert(node);
        }
        return refusalOf(statement.kind);
    }

    std::optional<Refusal> refuseTable(const Json::Value& node) const {
        const Json::Value& range = node["relation"];
        const std::string name = tableName(range);
        if (existing_.count(name) != 0 || made_.count(name) != 0) {
            return Refusal{fmt::format("the table {} is there already", name), "give the new table a name of its own"};
        }
        if (isTemporary(range)) {
            return Refusal{"a temporary table is gone with the connection", "remove it, or make it a table that stays"};
        }
        if (range["relpersistence"] == "u") {
            return Refusal{"an unlogged table is empty after a crash of the database", "remove UNLOGGED"};
        }
        for (const Json::Value& parent : node["inhRelations"]) {
            if (!isNew(parent["RangeVar"])) {
                return Refusal{fmt::format("queries of the version that serves on {} would see its rows too",
                                           tableName(parent["RangeVar"])),
                               "make a table of its own"};
            }
        }
        return referenceWarning(node);
    }

    /// A reference from a new table is allowed, and its author should know what it means for the old version.
    std::optional<Refusal> referenceWarning(const Json::Value& node) const {
        std::vector<Json::Value> constraints;
        for (const char* list : {"tableElts", "constraints"}) {
            for (const Json::Value& element : node[list]) {
                constraints.push_back(element["Constraint"]);
                for (const Json::Value& one : element["ColumnDef"]["constraints"]) {
                    constraints.push_back(one["Constraint"]);
                }
            }
        }
        for (const Json::Value& constraint : constraints) {
            const std::string other = tableName(constraint["pktable"]);
            const std::string on_delete = constraint["fk_del_action"].asString();
            if (constraint["contype"] == "CONSTR_FOREIGN" && existing_.count(other) != 0 &&
                (on_delete == "a" || on_delete == "r")) {
                Refusal warning{fmt::format("the version that serves can't delete a row of {} that the new table "
                                            "refers to",
                                            other),
                                "nothing, if rows there are never deleted; otherwise write ON DELETE CASCADE, or leave "
                                "REFERENCES out"};
                warning.warning = true;
                return warning;
            }
        }
        return std::nullopt;
    }

    std::optional<Refusal> refuseAlteration(const Json::Value& node) const {
        const bool is_new = isNew(node["relation"]);
        for (const Json::Value& one : node["cmds"]) {
            const Json::Value& command = one["AlterTableCmd"];
            if (command["subtype"] != "AT_AddColumn") {
                const Json::Value& constraint = command["def"]["Constraint"];
                const std::string name = command["name"].asString();
                return alterRefusal(command["subtype"].asString(),
                                    name.empty() ? constraint["conname"].asString() : name);
            }
            if (command["missing_ok"].asBool()) {
                return Refusal{"with IF NOT EXISTS it can't be told whether the column is new", "remove IF NOT EXISTS"};
            }
            if (auto refusal = checkNewColumn(command["def"]["ColumnDef"]); refusal && !is_new) {
                return refusal;
            }
        }
        return std::nullopt;
    }

    std::optional<Refusal> refuseIndex(const Json::Value& node) const {
        if (node["concurrent"].asBool()) {
            return Refusal{"SQLite does not know CONCURRENTLY, and a transaction can't run it",
                           "remove the word: on a table that was there, the host builds the index so by itself"};
        }
        if (isNew(node["relation"])) {
            return std::nullopt;
        }
        const std::string table = tableName(node["relation"]);
        if (node["unique"].asBool()) {
            return Refusal{fmt::format("writes of the version that serves on {} may violate the unique index", table),
                           "check it in the service; make it unique in a later release, once no older version runs, or "
                           "put the unique value into a new table"};
        }
        if (node["idxname"].asString().empty()) {
            return Refusal{"an index without a name can't be taken up again after a crash", "give it a name"};
        }
        if (node["if_not_exists"].asBool()) {
            return Refusal{"with IF NOT EXISTS it can't be told whether the index is new", "remove IF NOT EXISTS"};
        }
        bool safe = cannotFail(node["whereClause"]);
        for (const Json::Value& element : node["indexParams"]) {
            safe = safe && cannotFail(element["IndexElem"]["expr"]);
        }
        if (!safe) {
            Refusal warning{fmt::format("writes of the version that serves on {} compute its expression too, and fail "
                                        "when it does",
                                        table),
                            "index a column that the new version writes"};
            warning.warning = true;
            return warning;
        }
        return std::nullopt;
    }

    std::optional<Refusal> refuseInsert(const Json::Value& node) const {
        if (!isNew(node["relation"])) {
            return Refusal{fmt::format("{} was there before: the version that serves would find rows that it did not "
                                       "write",
                                       tableName(node["relation"])),
                           "insert from the service, or into a table that this upgrade makes"};
        }
        const Json::Value& select = node["selectStmt"]["SelectStmt"];
        const bool plain = !node.isMember("withClause") && !select.isMember("withClause") &&
                           !select.isMember("fromClause") && !select.isMember("larg") && !select.isMember("targetList");
        const auto literal = [](const Json::Value& value) {
            return isConstant(value) || value.isMember("SetToDefault") || value.isMember("SQLValueFunction");
        };
        const Json::Value& rows = select["valuesLists"];
        const bool constant = plain && std::all_of(rows.begin(), rows.end(), [&](const Json::Value& row) {
                                  const Json::Value& items = row["List"]["items"];
                                  return std::all_of(items.begin(), items.end(), literal);
                              });
        if (!constant) {
            return Refusal{
                "reference data are literals; this takes rows from elsewhere or calls a function",
                "write INSERT … VALUES with literals; move what is computed from a timer of the new version"};
        }
        return std::nullopt;
    }

    const Tables& existing_;
    Tables made_;
    std::vector<Finding> findings_;
};

}  // namespace

Tables tablesAfter(std::span<const MigrationFile> migrations) {
    Tables tables;
    for (const MigrationFile& file : migrations) {
        for (const SqlStatement& statement : parseSql(file.sql)) {
            follow(statement, tables);
        }
    }
    return tables;
}

std::vector<Finding> checkExpandOnly(std::span<const MigrationFile> fresh, const Tables& existing) {
    ExpandOnly rules(existing);
    for (const MigrationFile& file : fresh) {
        rules.check(file);
    }
    return rules.take();
}

std::vector<Finding> checkMigrations(const Manifest& running, const Manifest& next) {
    std::vector<Finding> findings;
    const std::size_t known = std::min(running.migrations.size(), next.migrations.size());
    for (std::size_t i = 0; i < known; ++i) {
        const MigrationFile& file = next.migrations[i];
        if (running.migrations[i].sha256 != file.sha256) {
            findings.push_back(
                {Severity::kError, "migration", fmt::format("{:04} {}", file.version, file.name),
                 fmt::format("version {} has another text for it, and databases have that one", running.version),
                 "restore the file, and put the change into a new one"});
        }
    }
    const std::span<const MigrationFile> all(next.migrations);
    const auto fresh = checkExpandOnly(all.subspan(known), tablesAfter(running.migrations));
    findings.insert(findings.end(), fresh.begin(), fresh.end());
    return findings;
}

}  // namespace stoa::validate
