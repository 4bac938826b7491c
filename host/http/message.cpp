#include "host/http/message.h"

#include <algorithm>

#include <json/value.h>

#include <stoa/json.h>

#include "host/http/text.h"

namespace stoa::host::http {
namespace {

struct Named {
    int status;
    std::string_view reason;
};
constexpr Named kReasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

}  // namespace

std::optional<std::string_view> Headers::find(std::string_view name) const {
    for (const auto& [key, value] : fields_) {
        if (equalsIgnoringCase(key, name)) {
            return std::string_view{value};
        }
    }
    return std::nullopt;
}

/// One step of growth for most messages. As large as glibc still keeps ready per thread (1,032 bytes, with the head of
/// a counted block); a larger one makes it tidy its heap each time.
constexpr std::size_t kUsualFields = 15;

void Headers::add(std::string name, std::string value) {
    if (fields_.size() == fields_.capacity() && fields_.size() < kUsualFields) {
        fields_.reserve(kUsualFields);
    }
    fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
    const auto same = [&](const auto& field) { return equalsIgnoringCase(field.first, name); };
    const auto first = std::find_if(fields_.begin(), fields_.end(), same);
    if (first == fields_.end()) {
        add(std::string{name}, std::move(value));
        return;
    }
    first->second = std::move(value);
    fields_.erase(std::remove_if(first + 1, fields_.end(), same), fields_.end());
}

void Headers::remove(std::string_view name) {
    removeIf([&](const std::string& field) { return equalsIgnoringCase(field, name); });
}

Response problem(int status, std::string_view slug, std::string_view title, std::string_view detail) {
    Json::Value body(Json::objectValue);
    body["type"] = "urn:stoa:problem:" + std::string{slug};
    body["title"] = std::string{title};
    body["status"] = status;
    if (!detail.empty()) {
        body["detail"] = std::string{detail};
    }
    Response response;
    response.status = status;
    response.headers.add("Content-Type", "application/problem+json");
    response.body = writeJson(body);
    return response;
}

std::string_view reason(int status) {
    const auto* const found = std::lower_bound(std::begin(kReasons), std::end(kReasons), status,
                                               [](const Named& named, int wanted) { return named.status < wanted; });
    return found != std::end(kReasons) && found->status == status ? found->reason : std::string_view{};
}

std::optional<std::string> percentDecode(std::string_view text, bool plus_is_space) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char byte = text[i];
        if (byte == '%') {
            if (text.size() - i < 3) {
                return std::nullopt;
            }
            const int high = hexDigit(text[i + 1]);
            const int low = hexDigit(text[i + 2]);
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            byte = static_cast<char>(high * 16 + low);
            i += 2;
        } else if (byte == '+' && plus_is_space) {
            byte = ' ';
        }
        if (byte == '\0') {
            return std::nullopt;
        }
        decoded.push_back(byte);
    }
    if (!isUtf8(decoded)) {
        return std::nullopt;
    }
    return decoded;
}

}  // namespace stoa::host::http
