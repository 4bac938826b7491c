#include "host/http/target.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "host/http/message.h"
#include "host/http/text.h"

namespace stoa::host::http {
namespace {

constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

constexpr std::array<bool, 256> tableOf(std::string_view more) {
    std::array<bool, 256> table{};
    for (const std::string_view part : {kUnreserved, more}) {
        for (const char c : part) {
            table[static_cast<std::uint8_t>(c)] = true;
        }
    }
    return table;
}

constexpr auto kPathCharacters = tableOf("!$&'()*+,;=:@/%");
constexpr auto kAuthorityCharacters = tableOf("!$&'()*+;=:[]%");

bool allOf(std::string_view text, const std::array<bool, 256>& allowed) {
    return std::all_of(text.begin(), text.end(), [&](char c) { return allowed[static_cast<std::uint8_t>(c)]; });
}

bool isControl(char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    return byte < 0x20 || byte == 0x7F;
}

/// What is wrong with one decoded segment, or empty.
std::string_view segmentFault(std::string_view segment) {
    if (segment == "." || segment == "..") {
        return "dot segments are not allowed in a path";
    }
    if (std::any_of(segment.begin(), segment.end(), isControl)) {
        return "control characters are not allowed in a path";
    }
    return {};
}

std::string_view pathFault(std::string_view path) {
    if (!allOf(path, kPathCharacters)) {
        return "the path holds a character that must be percent-encoded";
    }
    if (path == "/") {
        return {};
    }
    const bool escaped = path.find('%') != std::string_view::npos;
    for (std::size_t begin = 1; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view segment = path.substr(begin, end - begin);
        if (segment.empty()) {
            return "empty segments are not allowed in a path";
        }
        if (escaped) {
            const auto decoded = percentDecode(segment);
            if (!decoded) {
                return "the path holds a bad percent-encoding";
            }
            if (const auto fault = segmentFault(*decoded); !fault.empty()) {
                return fault;
            }
        } else if (const auto fault = segmentFault(segment); !fault.empty()) {
            return fault;
        }
        begin = end + 1;
    }
    return {};
}

bool startsIgnoringCase(std::string_view text, std::string_view start) {
    return text.size() >= start.size() && equalsIgnoringCase(text.substr(0, start.size()), start);
}

}  // namespace

bool isAuthority(std::string_view text) { return !text.empty() && allOf(text, kAuthorityCharacters); }

tl::expected<Target, std::string_view> parseTarget(std::string_view text) {
    Target target;
    if (startsIgnoringCase(text, "http://") || startsIgnoringCase(text, "https://")) {
        text.remove_prefix(text.find("//") + 2);
        const std::size_t end = std::min(text.find_first_of("/?"), text.size());
        target.authority = text.substr(0, end);
        text.remove_prefix(end);
        if (!isAuthority(target.authority)) {
            return tl::unexpected<std::string_view>("the target's host is not valid");
        }
    } else if (text.empty() || text.front() != '/') {
        return tl::unexpected<std::string_view>("the target must be a path or an absolute http URI");
    }
    const std::size_t question = std::min(text.find('?'), text.size());
    target.path = question == 0 ? std::string_view{"/"} : text.substr(0, question);
    target.query = question < text.size() ? text.substr(question + 1) : std::string_view{};
    if (const auto fault = pathFault(target.path); !fault.empty()) {
        return tl::unexpected<std::string_view>(fault);
    }
    const bool bad_query = std::any_of(target.query.begin(), target.query.end(), [](char c) {
        return c == '#' || static_cast<std::uint8_t>(c) <= 0x20 || static_cast<std::uint8_t>(c) >= 0x7F;
    });
    if (bad_query) {
        return tl::unexpected<std::string_view>("the query holds a character that must be percent-encoded");
    }
    return target;
}

}  // namespace stoa::host::http
