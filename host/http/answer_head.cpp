#include "host/http/answer_head.h"

#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "host/http/text.h"

namespace stoa::host::http {
namespace {

void appendNumber(std::uint64_t number, std::string& out) {
    char digits[20];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
    out.append(digits, end);
}

/// Headers that only the listener writes.
bool isOwn(std::string_view name) {
    switch (name.size()) {
        case 4:
            return equalsIgnoringCase(name, "Date");
        case 6:
            return equalsIgnoringCase(name, "Server");
        case 10:
            return equalsIgnoringCase(name, "Connection") || equalsIgnoringCase(name, "Keep-Alive");
        case 14:
            return equalsIgnoringCase(name, "Content-Length");
        case 17:
            return equalsIgnoringCase(name, "Transfer-Encoding");
        default:
            return false;
    }
}

}  // namespace

std::string_view httpDate() {
    // Trivial types only: no destructor at thread exit.
    thread_local std::time_t second = 0;
    thread_local char text[32];
    thread_local std::size_t size = 0;
    const std::time_t now = std::time(nullptr);
    if (now != second) {
        second = now;
        std::tm parts{};
        gmtime_r(&now, &parts);
        constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        const auto written = fmt::format_to_n(text, sizeof(text), "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                                              kDays[parts.tm_wday], parts.tm_mday, kMonths[parts.tm_mon],
                                              parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
        size = written.size;
    }
    return {text, size};
}

void appendAnswerHead(const Response& response, const AnswerFraming& framing, std::string& out) {
    if (response.status == 200) {
        out.append("HTTP/1.1 200 OK\r\nDate: ");
    } else {
        out.append("HTTP/1.1 ");
        appendNumber(static_cast<std::uint64_t>(response.status), out);
        out.append(" ").append(reason(response.status)).append("\r\nDate: ");
    }
    out.append(httpDate()).append("\r\nServer: stoa\r\n");
    for (const auto& [name, value] : response.headers) {
        if (!isOwn(name) && isToken(name) && isFieldValue(value)) {
            out.append(name).append(": ").append(value).append("\r\n");
        }
    }
    if (framing.length) {
        out.append("Content-Length: ");
        appendNumber(*framing.length, out);
        out.append("\r\n");
    } else if (framing.chunked) {
        out.append("Transfer-Encoding: chunked\r\n");
    }
    if (framing.close) {
        out.append("Connection: close\r\n");
    } else if (framing.keep_alive) {
        out.append("Connection: keep-alive\r\n");
    }
    out.append("\r\n");
}

}  // namespace stoa::host::http
