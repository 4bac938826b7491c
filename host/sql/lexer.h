/// Just enough of SQL's lexical rules to find the end of a statement and its parameters: no grammar.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace stoa::host::sql {

struct Token {
    enum class Kind { kWord, kQuoted, kLiteral, kNumber, kParameter, kSymbol };
    Kind kind;
    std::string_view text;  ///< view into the statement

    bool isSymbol(char c) const { return kind == Kind::kSymbol && text[0] == c; }
    /// Compares without case; `word` is in upper case.
    bool isWord(std::string_view word) const;
};

/// Tokens of SQL text without white space and comments. Knows '…', E'…', "…", $tag$…$tag$, -- and nested /* */. An
/// unfinished quote or comment reaches to the end of the text.
class Lexer {
public:
    explicit Lexer(std::string_view sql) : sql_(sql) {}
    /// False at the end.
    bool next(Token& token);

private:
    void skipBlank();
    std::size_t quotedEnd(char quote, bool backslashes) const;
    std::size_t dollarEnd() const;
    std::size_t wordEnd() const;

    std::string_view sql_;
    std::size_t at_ = 0;
};

/// The statements of a script, split at the semicolons outside of quotes and comments; empty ones are left out.
std::vector<std::string_view> splitStatements(std::string_view script);

/// The first word of a statement; empty when there is none.
std::string_view firstWord(std::string_view statement);

/// SELECT, INSERT, UPDATE, DELETE, WITH, VALUES: worth keeping prepared. The rest runs once.
bool isRepeatable(std::string_view statement);

/// The highest n of the parameters $n; 0 without any.
std::size_t highestParameter(std::string_view statement);

}  // namespace stoa::host::sql
