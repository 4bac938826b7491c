// Formats of strings. Linear, no regular expression, no recursion.

#include <stoa/time.h>
#include <stoa/uuid.h>
#include <stoa/validate/schema.h>

namespace stoa::validate {
namespace {

constexpr std::string_view kAtomCharacters = "!#$%&'*+-/=?^_`{|}~";    // RFC 5322, atext
constexpr std::string_view kUriCharacters = "-._~:/?#[]@!$&'()*+,;=";  // RFC 3986, section 2

bool isAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isHex(char c) { return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Parts between dots, none of them empty, each of at most `longest` characters that `allowed` accepts.
template <class Allowed>
bool isDotted(std::string_view text, std::size_t longest, Allowed allowed) {
    while (true) {
        const std::size_t dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        if (part.empty() || part.size() > longest || !allowed(part)) {
            return false;
        }
        if (dot == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(dot + 1);
    }
}

bool isAtom(std::string_view part) {
    for (const char c : part) {
        if (!isAlpha(c) && !isDigit(c) && kAtomCharacters.find(c) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

bool isLabel(std::string_view part) {
    for (const char c : part) {
        if (!isAlpha(c) && !isDigit(c) && c != '-') {
            return false;
        }
    }
    return part.front() != '-' && part.back() != '-';
}

/// local@domain (RFC 5321, section 4.1.2) without quoted parts, comments and address literals.
bool isEmail(std::string_view text) {
    const std::size_t at = text.find('@');
    if (text.size() > 254 || at == std::string_view::npos || at > 64) {
        return false;
    }
    return isDotted(text.substr(0, at), 64, isAtom) && isDotted(text.substr(at + 1), 63, isLabel);
}

/// An absolute URI (RFC 3986): a scheme, a colon and only characters that may stand there.
bool isUri(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (text.size() > 2048 || colon == std::string_view::npos || colon + 1 == text.size() || !isAlpha(text.front())) {
        return false;
    }
    for (const char c : text.substr(0, colon)) {
        if (!isAlpha(c) && !isDigit(c) && c != '+' && c != '-' && c != '.') {
            return false;
        }
    }
    for (std::size_t i = colon + 1; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%') {
            if (i + 2 >= text.size() || !isHex(text[i + 1]) || !isHex(text[i + 2])) {
                return false;
            }
        } else if (!isAlpha(c) && !isDigit(c) && kUriCharacters.find(c) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool isFormat(std::string_view format, std::string_view text) {
    if (format == "uuid") {
        return isUuid(text);
    }
    if (format == "date-time") {
        return parseTime(text).has_value();
    }
    if (format == "date") {
        return isDate(text);
    }
    if (format == "email") {
        return isEmail(text);
    }
    return format == "uri" && isUri(text);
}

}  // namespace stoa::validate
