#include "host/config/keys.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

namespace stoa::host::config {
namespace {

constexpr std::string_view kPrefix = "STOA_";

bool fits(const std::string& segment, const std::string& pattern) {
    return segment == pattern || (pattern == "*" && isName(segment));
}

/// Whether the first segments of `path` are those of `pattern`, as far as the shorter one goes.
bool agree(const Path& path, const Path& pattern) {
    const std::size_t common = std::min(path.size(), pattern.size());
    return std::equal(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(common), pattern.begin(), fits);
}

std::size_t editDistance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

std::string nearest(std::string_view text, const std::vector<std::string>& candidates) {
    std::string best;
    std::size_t least = std::max<std::size_t>(3, text.size() / 3) + 1;  // farther off was not meant
    for (const std::string& candidate : candidates) {
        // The distance is at least what one is longer, and takes long to find out where that is much.
        if (std::max(text.size(), candidate.size()) - std::min(text.size(), candidate.size()) >= least) {
            continue;
        }
        if (const std::size_t distance = editDistance(text, candidate); distance < least) {
            least = distance;
            best = candidate;
        }
    }
    return best;
}

std::string variableOf(const Path& path) {
    std::string name = "STOA";
    for (const std::string& segment : path) {
        name += '_';
        std::transform(segment.begin(), segment.end(), std::back_inserter(name),
                       [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
    }
    return name;
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

/// Spreads `text` ("PLUGINS_ORDER_SQL") over the segments of `pattern` from `at` on.
bool spread(std::string_view text, const Path& pattern, std::size_t at, Path& out) {
    if (at == pattern.size()) {
        return text.empty();
    }
    const bool last = at + 1 == pattern.size();
    const auto take = [&](std::size_t length) {
        if (length > text.size() || (length < text.size() && (last || text[length] != '_'))) {
            return false;
        }
        const std::string segment = lower(text.substr(0, length));
        if (!fits(segment, pattern[at])) {
            return false;
        }
        out.push_back(segment);
        const bool rest = length == text.size() ? last : spread(text.substr(length + 1), pattern, at + 1, out);
        if (!rest) {
            out.pop_back();
        }
        return rest;
    };
    if (pattern[at] != "*") {
        return take(pattern[at].size());
    }
    for (std::size_t length = 1; length <= text.size(); ++length) {
        if (take(length)) {
            return true;
        }
    }
    return false;
}

}  // namespace

Path splitPath(std::string_view dotted) {
    Path path;
    while (true) {
        const std::size_t dot = dotted.find('.');
        path.emplace_back(dotted.substr(0, dot));
        if (dot == std::string_view::npos) {
            return path;
        }
        dotted.remove_prefix(dot + 1);
    }
}

bool isBelow(const Path& path, const Path& root) {
    return path.size() > root.size() && std::equal(root.begin(), root.end(), path.begin());
}

std::string joinPath(const Path& path) {
    std::string text;
    for (const std::string& segment : path) {
        text += text.empty() ? "" : ".";
        text += segment;
    }
    return text;
}

bool isName(std::string_view text) {
    const auto allowed = [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_' || c == '-'; };
    return !text.empty() && text.size() <= 64 && std::islower(static_cast<unsigned char>(text[0])) &&
           std::all_of(text.begin(), text.end(), allowed);
}

const Key* findKey(const Path& path) {
    for (const Key& key : keys()) {
        const Path pattern = splitPath(key.path);
        if (agree(path, pattern) &&
            (path.size() == pattern.size() || (path.size() > pattern.size() && key.type == Type::kObject))) {
            return &key;
        }
    }
    return nullptr;
}

bool isSection(const Path& path) {
    return std::any_of(keys().begin(), keys().end(), [&](const Key& key) {
        const Path pattern = splitPath(key.path);
        return path.size() < pattern.size() && agree(path, pattern);
    });
}

std::optional<Path> pathOfVariable(std::string_view name) {
    if (!name.starts_with(kPrefix)) {
        return std::nullopt;
    }
    // STOA_PLUGINS_A_SECRETS_SQL is plugins.a.secrets.sql rather than a plugin "a_secrets": the longer pattern wins.
    std::optional<Path> best;
    for (const Key& key : keys()) {
        Path path;
        if (spread(name.substr(kPrefix.size()), splitPath(key.path), 0, path) &&
            (!best || path.size() > best->size())) {
            best = std::move(path);
        }
    }
    return best;
}

std::string nearestKey(const Path& path) {
    std::vector<std::string> candidates;
    for (const Key& key : keys()) {
        Path pattern = splitPath(key.path);
        for (std::size_t i = 0; i < pattern.size(); ++i) {
            if (pattern[i] == "*") {
                pattern[i] = i < path.size() ? path[i] : "<name>";
            }
            candidates.push_back(joinPath({pattern.begin(), pattern.begin() + static_cast<std::ptrdiff_t>(i) + 1}));
        }
    }
    return nearest(joinPath(path), candidates);
}

std::string nearestVariable(std::string_view name) {
    std::vector<std::string> candidates;
    for (const Key& key : keys()) {
        if (std::string_view(key.path).find('*') == std::string_view::npos) {
            candidates.push_back(variableOf(splitPath(key.path)));
        }
    }
    return nearest(name, candidates);
}

}  // namespace stoa::host::config
