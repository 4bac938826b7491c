#include "sql_tree.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <json/reader.h>
#include <pg_query.h>

namespace stoa::validate {
namespace {

/// The parser's output recurses once a level: "1+1+1…" of this size stays below 3 MiB of stack (measured: 140 bytes a
/// level), ten times of it overflows 8 MiB.
constexpr std::size_t kLongestStatement = 32 << 10;
constexpr std::size_t kLargestScript = 8 << 20;
constexpr int kDeepestTree = 500;

struct FreeSplit {
    PgQuerySplitResult result;
    ~FreeSplit() { pg_query_free_split_result(result); }
};
struct FreeParse {
    PgQueryParseResult result;
    ~FreeParse() { pg_query_free_parse_result(result); }
};

bool isBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

Json::Value readTree(const char* text) {
    Json::CharReaderBuilder builder;
    builder["stackLimit"] = kDeepestTree;
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
    Json::Value tree;
    try {
        std::string errors;
        if (!reader->parse(text, text + std::char_traits<char>::length(text), &tree, &errors)) {
            return {};
        }
    } catch (const Json::Exception&) {  // too deep
        return {};
    }
    return tree;
}

/// Reads statement.text into kind and node, or says why not.
void parseOne(SqlStatement& statement) {
    if (statement.text.size() > kLongestStatement) {
        statement.error = fmt::format("the statement is longer than {} bytes; split it", kLongestStatement);
        return;
    }
    const FreeParse parsed{pg_query_parse(statement.text.c_str())};
    if (parsed.result.error != nullptr) {
        statement.error = parsed.result.error->message;
        return;
    }
    const Json::Value tree = readTree(parsed.result.parse_tree);
    if (!tree.isObject()) {
        statement.error = "its expressions are nested too deep; write them simpler";
        return;
    }
    const Json::Value& statements = tree["stmts"];
    if (statements.size() != 1 || statements[0]["stmt"].size() != 1) {
        statement.error = "it is not exactly one statement";
        return;
    }
    statement.kind = statements[0]["stmt"].getMemberNames()[0];
    statement.node = statements[0]["stmt"][statement.kind];
}

SqlStatement unreadable(std::string_view sql, const std::string& why) {
    SqlStatement statement;
    statement.text = std::string(sql.substr(0, 200));
    statement.error = why;
    return statement;
}

/// Collects the statements of a text from its start to its end.
class Script {
public:
    explicit Script(std::string_view sql) : sql_(sql) {}

    /// The part from `start` to `end`: one statement, or what the splitter left out between two. It leaves out more
    /// than blanks, namely everything without a keyword.
    void add(std::size_t start, std::size_t end) {
        std::string_view part = sql_.substr(start, end - start);
        std::size_t blank = leadingBlank(part);
        while (blank < part.size() && part[blank] == ';') {
            part.remove_prefix(blank + 1);
            blank = leadingBlank(part);
        }
        part.remove_prefix(blank);
        while (!part.empty() && (isBlank(part.back()) || part.back() == ';')) {
            part.remove_suffix(1);
        }
        if (part.empty()) {
            return;
        }
        const auto from = static_cast<std::size_t>(part.data() - sql_.data());
        line_ += static_cast<int>(std::count(sql_.begin() + static_cast<std::ptrdiff_t>(counted_),
                                             sql_.begin() + static_cast<std::ptrdiff_t>(from), '\n'));
        counted_ = from;
        SqlStatement& statement = statements_.emplace_back();
        statement.text = std::string(part);
        statement.line = line_;
        parseOne(statement);
    }

    std::vector<SqlStatement> take() { return std::move(statements_); }

private:
    std::string_view sql_;
    std::vector<SqlStatement> statements_;
    std::size_t counted_ = 0;
    int line_ = 1;
};

}  // namespace

// Comments nest, as PostgreSQL has it.
std::size_t leadingBlank(std::string_view sql) {
    std::size_t at = 0;
    while (at < sql.size()) {
        if (isBlank(sql[at])) {
            ++at;
        } else if (sql.substr(at, 2) == "--") {
            at = std::min(sql.find('\n', at), sql.size());
        } else if (sql.substr(at, 2) == "/*") {
            int depth = 0;
            do {
                const auto two = sql.substr(at, 2);
                const int step = two == "/*" ? 1 : two == "*/" ? -1 : 0;
                depth += step;
                at += step == 0 ? 1 : 2;
            } while (depth > 0 && at < sql.size());
        } else {
            break;
        }
    }
    return std::min(at, sql.size());
}

std::vector<SqlStatement> parseSql(std::string_view sql) {
    if (sql.find('\0') != std::string_view::npos) {
        // The parser would stop there, and whoever runs the statements would not.
        return {unreadable(sql.substr(0, sql.find('\0')), "a NUL byte stands in the text")};
    }
    if (sql.size() > kLargestScript) {
        return {unreadable(sql, "the text is larger than 8 MiB")};
    }
    const std::string text(sql);
    const FreeSplit split{pg_query_split_with_scanner(text.c_str())};
    if (split.result.error != nullptr) {
        return {unreadable(sql, split.result.error->message)};
    }
    Script script(sql);
    std::size_t end = 0;
    for (int i = 0; i < split.result.n_stmts; ++i) {
        const auto start = static_cast<std::size_t>(split.result.stmts[i]->stmt_location);
        script.add(end, start);
        end = start + static_cast<std::size_t>(split.result.stmts[i]->stmt_len);
        script.add(start, end);
    }
    script.add(end, sql.size());
    return script.take();
}

std::string tableName(const Json::Value& range) {
    std::string name;
    for (const char* part : {"catalogname", "schemaname"}) {
        const std::string text = range[part].asString();
        if (!text.empty() && text != "public") {
            name += text + ".";
        }
    }
    return name + range["relname"].asString();
}

bool isTemporary(const Json::Value& range) {
    return range["relpersistence"] == "t" || range["schemaname"].asString().rfind("pg_temp", 0) == 0;
}

std::string quotedName(std::string_view name) {
    std::string quoted = "\"";
    for (const char c : name) {
        quoted += c == '"' ? std::string(2, c) : std::string(1, c);
    }
    return quoted + "\"";
}

std::string lastName(const Json::Value& names) {
    return names.isArray() && !names.empty() ? names[names.size() - 1]["String"]["sval"].asString() : std::string{};
}

}  // namespace stoa::validate
