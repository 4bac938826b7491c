#include "host/mail/compose.h"

#include <algorithm>
#include <cctype>
#include <ctime>

#include <fmt/format.h>

#include <stoa/base64.h>

namespace stoa::host::mail {
namespace {

constexpr std::size_t kMaxSubject = 1000;
constexpr std::size_t kMaxLine = 76;

bool isControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool hasControl(std::string_view text) { return std::any_of(text.begin(), text.end(), isControl); }

bool isAscii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool isAlphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 && isAscii({&c, 1}); }

/// Dot-separated, no part empty, each made of what `allowed` says.
template <class Allowed>
bool isDotted(std::string_view text, Allowed allowed) {
    if (text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos) {
        return false;
    }
    return std::all_of(text.begin(), text.end(), [&](char c) { return c == '.' || allowed(c); });
}

bool isContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

void appendHex(std::string& out, char c) {
    constexpr char kHex[] = "0123456789ABCDEF";
    out += '=';
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
}

/// One line of text, soft breaks included.
void appendPrintable(std::string& out, std::string_view line) {
    std::size_t column = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        const bool blank = c == ' ' || c == '\t';
        const bool plain = (c > ' ' && c < 0x7F && c != '=') || (blank && i + 1 < line.size());
        const std::size_t width = plain ? 1 : 3;
        if (column + width > kMaxLine - 1) {
            out += "=\r\n";
            column = 0;
        }
        if (plain) {
            out += c;
        } else {
            appendHex(out, c);
        }
        column += width;
    }
}

std::string date(Time now) {
    const std::time_t seconds = toMicros(now) / 1'000'000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[utc.tm_wday], utc.tm_mday, kMonths[utc.tm_mon],
                       utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string part(std::string_view type, std::string_view text) {
    return fmt::format("Content-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n",
                       type, quotedPrintable(text));
}

std::string senderHeader(const Sender& sender) {
    if (sender.name.empty()) {
        return sender.address;
    }
    // An ASCII name that is no plain words would need quoting; encoding it needs no rules of its own.
    const bool words = std::all_of(sender.name.begin(), sender.name.end(),
                                   [](char c) { return isAlphanumeric(c) || c == ' ' || c == '-'; });
    const std::string name = words                  ? sender.name
                             : isAscii(sender.name) ? fmt::format("=?UTF-8?B?{}?=", base64(sender.name))
                                                    : encodeHeader(sender.name);
    return fmt::format("{} <{}>", name, sender.address);
}

}  // namespace

std::string base64(std::string_view bytes) {
    std::string text = base64Url(bytes);
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

bool isAddress(std::string_view text) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254) {
        return false;
    }
    constexpr std::string_view kSpecial = "!#$%&'*+-/=?^_`{|}~";
    const auto atom = [&](char c) { return isAlphanumeric(c) || kSpecial.find(c) != std::string_view::npos; };
    const auto domain = [](char c) { return isAlphanumeric(c) || c == '-'; };
    return isDotted(text.substr(0, at), atom) && isDotted(text.substr(at + 1), domain);
}

std::optional<Sender> parseSender(std::string_view text) {
    const std::size_t open = text.rfind('<');
    Sender sender;
    if (open == std::string_view::npos) {
        sender.address = text;
    } else if (text.back() == '>') {
        sender.address = text.substr(open + 1, text.size() - open - 2);
        sender.name = text.substr(0, open);
        while (!sender.name.empty() && sender.name.back() == ' ') {
            sender.name.pop_back();
        }
    }
    if (!isAddress(sender.address) || hasControl(sender.name) || sender.name.size() > 100) {
        return std::nullopt;
    }
    return sender;
}

std::string check(const Message& message) {
    if (!isAddress(message.to)) {
        return "the recipient is not one plain mail address";
    }
    if (hasControl(message.subject) || message.subject.size() > kMaxSubject) {
        return fmt::format("the subject has control characters, or more than {} bytes", kMaxSubject);
    }
    constexpr std::string_view kIdCharacters = "._-+=~";
    if (message.message_id.size() > 200 || !isDotted(message.message_id, [&](char c) {
            return isAlphanumeric(c) || kIdCharacters.find(c) != std::string_view::npos;
        })) {
        return "the message id may hold letters, digits and ._-+=~ only, at most 200";
    }
    return {};
}

std::string encodeHeader(std::string_view text) {
    if (isAscii(text) && text.size() <= kMaxLine && text.find("=?") == std::string_view::npos) {
        return std::string(text);
    }
    // 45 bytes are 60 characters of base64: with "=?UTF-8?B?" and "?=" 72, within RFC 2047's 75.
    constexpr std::size_t kBytes = 45;
    std::string out;
    while (!text.empty()) {
        std::size_t length = std::min(kBytes, text.size());
        while (length < text.size() && length > kBytes - 4 && isContinuation(text[length])) {
            --length;
        }
        out += out.empty() ? "" : "\r\n ";
        out += fmt::format("=?UTF-8?B?{}?=", base64(text.substr(0, length)));
        text.remove_prefix(length);
    }
    return out;
}

std::string quotedPrintable(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    while (true) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (end != std::string_view::npos && !line.empty() && line.back() == '\r') {
            line.remove_suffix(1);
        }
        appendPrintable(out, line);
        if (end == std::string_view::npos) {
            return out;
        }
        out += "\r\n";
        text.remove_prefix(end + 1);
    }
}

std::string compose(const Message& message, const Sender& sender, Time now) {
    std::string mail = fmt::format(
        "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}@{}>\r\nMIME-Version: 1.0\r\n"
        "Auto-Submitted: auto-generated\r\n",
        senderHeader(sender), message.to, encodeHeader(message.subject), date(now), message.message_id,
        sender.domain());
    if (message.html.empty()) {
        return mail + part("text/plain", message.text);
    }
    // "=_" can't occur in quoted-printable text.
    constexpr std::string_view kBoundary = "=_stoa_alternative";
    return mail +
           fmt::format(
               "Content-Type: multipart/alternative; boundary=\"{0}\"\r\n\r\n--{0}\r\n{1}--{0}\r\n{2}--{0}--\r\n",
               kBoundary, part("text/plain", message.text), part("text/html", message.html));
}

}  // namespace stoa::host::mail
