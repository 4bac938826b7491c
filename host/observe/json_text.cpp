#include "host/observe/json_text.h"

#include <cstddef>
#include <cstdint>

namespace stoa::host::observe {
namespace {

bool isContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/// Bytes of the well-formed UTF-8 sequence at the start of `text` (Unicode, table 3-7); 0 when there is none.
std::size_t sequenceLength(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = at(0);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return text.size() > 1 && isContinuation(at(1)) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const bool second =
            text.size() > 2 && at(1) >= (first == 0xE0 ? 0xA0 : 0x80) && at(1) <= (first == 0xED ? 0x9F : 0xBF);
        return second && isContinuation(at(2)) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const bool second =
            text.size() > 3 && at(1) >= (first == 0xF0 ? 0x90 : 0x80) && at(1) <= (first == 0xF4 ? 0x8F : 0xBF);
        return second && isContinuation(at(2)) && isContinuation(at(3)) ? 4 : 0;
    }
    return 0;
}

constexpr char kHex[] = "0123456789abcdef";

void appendByte(std::string& out, std::string_view prefix, unsigned char byte) {
    out += prefix;
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
}

void appendAscii(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
        appendByte(out, "\\u00", static_cast<unsigned char>(c));
    } else {
        out += c;
    }
}

}  // namespace

void appendJsonString(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const std::size_t length = sequenceLength(text);
        if (length == 0) {
            appendByte(out, "\\\\x", static_cast<unsigned char>(text[0]));
            text.remove_prefix(1);
        } else if (length == 1) {
            appendAscii(out, text[0]);
            text.remove_prefix(1);
        } else {
            out += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
    out += '"';
}

void appendPrintable(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequenceLength(text);
        const auto first = static_cast<unsigned char>(text[0]);
        // U+0080 to U+009F are control characters for terminals as well.
        const bool control = first < 0x20 || first == 0x7F ||
                             (length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0);
        if (length == 0 || control) {
            appendByte(out, "\\x", first);
            text.remove_prefix(1);
        } else {
            out += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
}

}  // namespace stoa::host::observe
