#include <stoa/fake/message.h>

#include <algorithm>
#include <cctype>

#include <stoa/json.h>

namespace stoa::fake {

namespace {

Json::Value jsonOf(const std::string& body) {
    auto value = parseJson(body);
    if (!value) {
        throw Violation("the body is not JSON: " + value.error() + " in: " + body);
    }
    return std::move(*value);
}

}  // namespace

std::string findHeader(const Headers& headers, const std::string& name) {
    const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
        return std::equal(header.first.begin(), header.first.end(), name.begin(), name.end(), same);
    });
    return found == headers.end() ? std::string{} : found->second;
}

Json::Value Answer::json() const { return jsonOf(body); }

std::string Answer::problem() const {
    constexpr std::string_view kPrefix = "urn:stoa:problem:";
    if (header("Content-Type") != "application/problem+json") {
        return {};
    }
    const std::string type = textOr(json(), "type");
    return type.rfind(kPrefix, 0) == 0 ? type.substr(kPrefix.size()) : type;
}

Json::Value Incoming::json() const { return jsonOf(body); }

}  // namespace stoa::fake
