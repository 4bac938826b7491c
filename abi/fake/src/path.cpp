#include "path.h"

#include <algorithm>
#include <charconv>

namespace stoa::fake {

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
            continue;
        }
        unsigned byte = 0;
        const char* end = text.data() + i + 3;
        if (i + 2 >= text.size() || std::from_chars(text.data() + i + 1, end, byte, 16).ptr != end) {
            return std::nullopt;
        }
        decoded += static_cast<char>(byte);
        i += 2;
    }
    return decoded;
}

std::optional<std::map<std::string, std::string>> matchPath(std::string_view path_template, std::string_view path) {
    std::map<std::string, std::string> parameters;
    while (!path_template.empty() && !path.empty()) {
        const std::string_view wanted = path_template.substr(1, path_template.find('/', 1) - 1);
        const std::string_view segment = path.substr(1, path.find('/', 1) - 1);
        const bool parameter = wanted.size() > 2 && wanted.front() == '{' && wanted.back() == '}';
        if (parameter && wanted[wanted.size() - 2] == '*') {
            parameters[std::string(wanted.substr(1, wanted.size() - 3))] = path.substr(1);
            return parameters;
        }
        const auto value = decode(segment, false);
        if (!value || (parameter ? value->empty() : *value != wanted)) {
            return std::nullopt;
        }
        if (parameter) {
            parameters[std::string(wanted.substr(1, wanted.size() - 2))] = *value;
        }
        path_template.remove_prefix(std::min(path_template.size(), wanted.size() + 1));
        path.remove_prefix(std::min(path.size(), segment.size() + 1));
    }
    return path_template.empty() && path.empty() ? std::optional{parameters} : std::nullopt;
}

std::optional<std::vector<std::pair<std::string, std::string>>> parseQuery(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.empty()) {
            continue;
        }
        const std::string_view name = pair.substr(0, pair.find('='));
        const std::string_view value = name.size() < pair.size() ? pair.substr(name.size() + 1) : std::string_view{};
        auto decoded_name = decode(name, true);
        auto decoded_value = decode(value, true);
        if (!decoded_name || !decoded_value) {
            return std::nullopt;
        }
        pairs.emplace_back(std::move(*decoded_name), std::move(*decoded_value));
    }
    return pairs;
}

}  // namespace stoa::fake
