#include "host/probe/child/target.h"

#include <cctype>

#include <fmt/format.h>

namespace stoa::host::probe {
namespace {

/// Takes the next segment off.
std::string_view next(std::string_view& path) {
    const auto end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    return segment;
}

bool isParameter(std::string_view segment) { return segment.size() > 3 && segment[1] == '{' && segment.back() == '}'; }

std::string nameIn(std::string_view segment) { return std::string(segment.substr(2, segment.size() - 3)); }

}  // namespace

std::string encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
    }
    return out;
}

std::string expanded(std::string_view path_template, const std::map<std::string, std::string>& values) {
    std::string path;
    while (!path_template.empty()) {
        const std::string_view segment = next(path_template);
        if (!isParameter(segment)) {
            path += segment;
            continue;
        }
        std::string name = nameIn(segment);
        const bool tail = name.back() == '*';
        if (tail) {
            name.pop_back();
        }
        const auto value = values.find(name);
        const std::string text = value == values.end() ? "" : value->second;
        path += '/' + (tail ? text : encoded(text));
    }
    return path;
}

std::optional<std::map<std::string, std::string>> valuesIn(std::string_view path_template, std::string_view path) {
    std::map<std::string, std::string> values;
    while (!path_template.empty() && !path.empty()) {
        const std::string_view wanted = next(path_template);
        const std::string_view given = next(path);
        if (isParameter(wanted) && given.size() > 1) {
            values.emplace(nameIn(wanted), given.substr(1));
        } else if (wanted != given) {
            return std::nullopt;
        }
    }
    return path_template.empty() && path.empty() ? std::optional(values) : std::nullopt;
}

}  // namespace stoa::host::probe
