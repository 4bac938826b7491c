/// Small questions about the text of HTTP messages (RFC 9110, RFC 3986).
#pragma once

#include <string_view>

namespace stoa::host::http {

inline char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter; }

inline bool equalsIgnoringCase(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] != b[i] && lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

inline int hexDigit(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const char small = lower(digit);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// Without spaces and tabs at either end.
std::string_view trim(std::string_view text);

/// Whether a comma-separated list (Connection, Transfer-Encoding …) names `token`, ignoring case.
bool listNames(std::string_view list, std::string_view token);

/// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool isUtf8(std::string_view text);

/// A token of RFC 9110: what a method or a header name may be.
bool isToken(std::string_view text);

/// What may stand in a header's value: visible characters, spaces, tabs and bytes above 127.
bool isFieldValue(std::string_view text);

}  // namespace stoa::host::http
