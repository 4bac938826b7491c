#include "page.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include <stoa/json.h>

namespace gateway {
namespace {

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "h2{margin-top:2.5rem;border-bottom:1px solid #ccc}p{margin:.2rem 0 1rem}"
    "code{font-size:.95rem}b{display:inline-block;min-width:4.5rem}small{color:#666}"
    "@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}small{color:#999}a{color:#8bf}}";

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            default:
                safe += c;
        }
    }
    return safe;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

std::string operationHtml(const std::string& method, const std::string& path, const Json::Value& operation) {
    std::string html = "<p><b>" + upper(method) + "</b> <code>" + escaped(path) + "</code>";
    html += operation.isMember("security") ? " <small>with a token</small>" : "";
    html += "<br>" + escaped(stoa::textOr(operation, "summary"));
    const std::string description = stoa::textOr(operation, "description");
    return html + (description.empty() ? "" : "<br><small>" + escaped(description) + "</small>") + "</p>\n";
}

std::string operationsOf(const std::string& tag, const Json::Value& paths) {
    constexpr std::array kMethods{"get", "post", "put", "patch", "delete"};
    std::string html;
    for (const std::string& path : paths.getMemberNames()) {
        for (const char* method : kMethods) {
            const Json::Value& operation = paths[path][method];
            if (operation.isObject() && operation["tags"][0].asString() == tag) {
                html += operationHtml(method, path, operation);
            }
        }
    }
    return html;
}

}  // namespace

std::string htmlPage(const Json::Value& document) {
    std::string html = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Stoa</title>";
    html += "<meta name=\"viewport\" content=\"width=device-width\"><style>" + std::string(kStyle) + "</style></head>";
    html += "<body>\n<h1>Stoa</h1>\n<p>" + escaped(document["info"]["description"].asString());
    html += " The same for programs: <a href=\"/openapi.json\">openapi.json</a>.</p>\n";
    for (const Json::Value& tag : document["tags"]) {
        const std::string name = tag["name"].asString();
        html += "<h2>" + escaped(name) + "</h2>\n<p>" + escaped(stoa::textOr(tag, "description")) + "</p>\n";
        html += operationsOf(name, document["paths"]);
    }
    return html + "</body></html>\n";
}

}  // namespace gateway
