#include "json_scan.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace stoa::detail {

namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool isContinuation(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80u;
}

/// Walks over the tokens; the first thing that is wrong ends the walk.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    std::string run() {
        while (error_.empty() && at_ < text_.size()) {
            token();
        }
        return error_;
    }

private:
    void fail(std::string_view why) {
        if (!error_.empty()) {
            return;
        }
        std::size_t line = 1;
        std::size_t column = 1;
        for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) {
            ++column;
            if (text_[i] == '\n') {
                ++line;
                column = 1;
            }
        }
        error_ = "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + std::string(why);
    }

    void token() {
        switch (text_[at_]) {
            case ' ':
            case '\t':
            case '\r':
            case '\n':
            case ',':
            case ':':
                ++at_;
                return;
            case '{':
            case '[':
                ++at_;
                if (++depth_ > kMaxJsonDepth) {
                    fail("nested deeper than 64 levels");
                }
                return;
            case '}':
            case ']':
                ++at_;
                --depth_;
                return;
            case '"':
                ++at_;
                string();
                return;
            default:
                bare();
        }
    }

    void bare() {
        for (const std::string_view literal : {"true", "false", "null"}) {
            if (text_.substr(at_, literal.size()) == literal) {
                at_ += literal.size();
                return;
            }
        }
        if (text_[at_] == '-' || isDigit(text_[at_])) {
            number();
        } else {
            fail("expected a JSON value");
        }
    }

    void string() {
        while (at_ < text_.size()) {
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c == '"') {
                ++at_;
                return;
            }
            if (c < 0x20) {
                return fail("a control character inside a string must be escaped");
            }
            if (c == '\\') {
                escape();
            } else if (const std::size_t length = utf8Length(text_.substr(at_)); length > 0) {
                at_ += length;
            } else {
                fail("not UTF-8");
            }
            if (!error_.empty()) {
                return;
            }
        }
        fail("a string is not closed");
    }

    void escape() {
        const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (c != 'u') {
            if (c == '\0' || std::string_view{"\"\\/bfnrt"}.find(c) == std::string_view::npos) {
                return fail("unknown escape in a string");
            }
            at_ += 2;
            return;
        }
        const std::int32_t unit = hexUnit(at_ + 2);
        if (unit < 0) {
            return fail("\\u needs four hexadecimal digits");
        }
        if (unit == 0) {
            return fail("\\u0000 is not accepted");
        }
        if (unit >= 0xD800 && unit <= 0xDFFF) {
            const bool pair = unit < 0xDC00 && text_.substr(at_ + 6, 2) == "\\u";
            const std::int32_t low = pair ? hexUnit(at_ + 8) : -1;
            if (low < 0xDC00 || low > 0xDFFF) {
                return fail("half of a surrogate pair");
            }
            at_ += 6;
        }
        at_ += 6;
    }

    std::int32_t hexUnit(std::size_t from) const {
        std::uint32_t value = 0;
        const std::string_view digits = from < text_.size() ? text_.substr(from, 4) : std::string_view{};
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        if (digits.size() < 4 || error != std::errc{} || end != digits.data() + 4) {
            return -1;
        }
        return static_cast<std::int32_t>(value);
    }

    void digits() {
        while (at_ < text_.size() && isDigit(text_[at_])) {
            ++at_;
        }
    }

    void number() {
        const std::size_t from = at_;
        bool integer = true;
        at_ += text_[at_] == '-' ? 1 : 0;
        const std::size_t first = at_;
        digits();
        if (at_ == first || (text_[first] == '0' && at_ > first + 1)) {
            return fail("not a number of JSON");
        }
        if (at_ < text_.size() && text_[at_] == '.') {
            integer = false;
            const std::size_t fraction = ++at_;
            digits();
            if (at_ == fraction) {
                return fail("a number needs a digit after its point");
            }
        }
        if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
            integer = false;
            ++at_;
            at_ += at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-') ? 1 : 0;
            const std::size_t exponent = at_;
            digits();
            if (at_ == exponent) {
                return fail("a number needs a digit in its exponent");
            }
        }
        range(text_.substr(from, at_ - from), integer);
    }

    void range(std::string_view literal, bool integer) {
        if (integer) {
            std::int64_t value = 0;
            if (std::from_chars(literal.data(), literal.data() + literal.size(), value).ec != std::errc{}) {
                fail("an integer is beyond 64 bits");
            }
        } else if (!std::isfinite(std::strtod(std::string(literal).c_str(), nullptr))) {
            fail("a number is too large");
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int depth_ = 0;
    std::string error_;
};

}  // namespace

std::size_t utf8Length(std::string_view text) {
    if (text.empty()) {
        return 0;
    }
    const auto lead = static_cast<unsigned char>(text[0]);
    const auto second = text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0;
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {  // C0 and C1 would be overlong
        return isContinuation(text, 1) ? 2 : 0;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        const bool overlong = lead == 0xE0 && second < 0xA0;
        const bool surrogate = lead == 0xED && second > 0x9F;
        return isContinuation(text, 1) && isContinuation(text, 2) && !overlong && !surrogate ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const bool overlong = lead == 0xF0 && second < 0x90;
        const bool beyond = lead == 0xF4 && second > 0x8F;
        const bool continued = isContinuation(text, 1) && isContinuation(text, 2) && isContinuation(text, 3);
        return continued && !overlong && !beyond ? 4 : 0;
    }
    return 0;
}

std::string scanJson(std::string_view text) { return Scanner{text}.run(); }

}  // namespace stoa::detail
