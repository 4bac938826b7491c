#include "host/sql/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace stoa::host::sql {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool startsWord(char c) { return (upper(c) >= 'A' && upper(c) <= 'Z') || c == '_' || static_cast<signed char>(c) < 0; }
bool inWord(char c) { return startsWord(c) || isDigit(c); }

}  // namespace

bool Token::isWord(std::string_view word) const {
    return kind == Kind::kWord &&
           std::equal(text.begin(), text.end(), word.begin(), word.end(), [](char a, char b) { return upper(a) == b; });
}

void Lexer::skipBlank() {
    while (at_ < sql_.size()) {
        if (isBlank(sql_[at_])) {
            ++at_;
        } else if (sql_.substr(at_, 2) == "--") {
            at_ = std::min(sql_.find('\n', at_), sql_.size());
        } else if (sql_.substr(at_, 2) == "/*") {
            int depth = 0;
            do {
                const auto two = sql_.substr(at_, 2);
                const int step = two == "/*" ? 1 : two == "*/" ? -1 : 0;
                depth += step;
                at_ += step == 0 ? 1 : 2;
            } while (depth > 0 && at_ < sql_.size());
        } else {
            return;
        }
    }
}

std::size_t Lexer::quotedEnd(char quote, bool backslashes) const {
    // A doubled quote reads as the end of one literal and the start of the next, which comes to the same.
    for (std::size_t i = at_ + 1; i < sql_.size(); ++i) {
        if (backslashes && sql_[i] == '\\') {
            ++i;
        } else if (sql_[i] == quote) {
            return i + 1;
        }
    }
    return sql_.size();
}

std::size_t Lexer::dollarEnd() const {
    const auto close = sql_.find('$', at_ + 1);
    if (close == std::string_view::npos) {
        return at_;
    }
    const auto tag = sql_.substr(at_, close - at_ + 1);
    const auto name = tag.substr(1, tag.size() - 2);
    if (!name.empty() && (isDigit(name[0]) || !std::all_of(name.begin(), name.end(), inWord))) {
        return at_;
    }
    const auto end = sql_.find(tag, close + 1);
    return end == std::string_view::npos ? sql_.size() : end + tag.size();
}

std::size_t Lexer::wordEnd() const {
    auto i = at_;
    while (i < sql_.size() && inWord(sql_[i])) {
        ++i;
    }
    return i;
}

bool Lexer::next(Token& token) {
    skipBlank();
    if (at_ >= sql_.size()) {
        return false;
    }
    const auto start = at_;
    const char c = sql_[at_];
    const bool escaped = upper(c) == 'E' && at_ + 1 < sql_.size() && sql_[at_ + 1] == '\'';
    if (c == '\'' || escaped) {
        at_ += escaped ? 1 : 0;
        at_ = quotedEnd('\'', escaped);
        token.kind = Token::Kind::kLiteral;
    } else if (c == '"') {
        at_ = quotedEnd('"', false);
        token.kind = Token::Kind::kQuoted;
    } else if (c == '$' && dollarEnd() != at_) {
        at_ = dollarEnd();
        token.kind = Token::Kind::kLiteral;
    } else if (c == '$') {
        ++at_;
        at_ = wordEnd();
        token.kind = Token::Kind::kParameter;
    } else if (startsWord(c)) {
        at_ = wordEnd();
        token.kind = Token::Kind::kWord;
    } else if (isDigit(c)) {
        at_ = wordEnd();
        token.kind = Token::Kind::kNumber;
    } else {
        ++at_;
        token.kind = Token::Kind::kSymbol;
    }
    token.text = sql_.substr(start, at_ - start);
    return true;
}

std::vector<std::string_view> splitStatements(std::string_view script) {
    std::vector<std::string_view> statements;
    const char* begin = nullptr;
    const char* end = nullptr;
    Lexer lexer{script};
    for (Token token; lexer.next(token);) {
        if (!token.isSymbol(';')) {
            begin = begin ? begin : token.text.data();
            end = token.text.data() + token.text.size();
        } else if (begin) {
            statements.emplace_back(begin, static_cast<std::size_t>(end - begin));
            begin = nullptr;
        }
    }
    if (begin) {
        statements.emplace_back(begin, static_cast<std::size_t>(end - begin));
    }
    return statements;
}

std::string_view firstWord(std::string_view statement) {
    Token token;
    return Lexer{statement}.next(token) && token.kind == Token::Kind::kWord ? token.text : std::string_view{};
}

bool isRepeatable(std::string_view statement) {
    static constexpr std::array<std::string_view, 6> kKept{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES"};
    const Token first{Token::Kind::kWord, firstWord(statement)};
    return std::any_of(kKept.begin(), kKept.end(), [&](std::string_view word) { return first.isWord(word); });
}

std::size_t highestParameter(std::string_view statement) {
    std::size_t highest = 0;
    Lexer lexer{statement};
    for (Token token; lexer.next(token);) {
        std::size_t number = 0;
        if (token.kind == Token::Kind::kParameter) {
            std::from_chars(token.text.data() + 1, token.text.data() + token.text.size(), number);
        }
        highest = std::max(highest, number);
    }
    return highest;
}

}  // namespace stoa::host::sql
