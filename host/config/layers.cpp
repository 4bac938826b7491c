#include "host/config/layers.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "host/config/convert.h"
#include "host/config/yaml_reader.h"

namespace stoa::host::config {
namespace {

/// Variables of other programs, or of tests, that share the prefix.
bool isForeign(std::string_view name) {
    return name.starts_with("STOA_TEST_") || name == "STOA_CONTROL" || name == "STOA_CONFIG";
}

}  // namespace

void Layers::put(const Path& path, Entry entry) {
    for (Path above = path; !above.empty(); above.pop_back()) {
        entries_.erase(above);
    }
    // In the map's order all that lies below a path follows it.
    auto below = entries_.lower_bound(path);
    while (below != entries_.end() && isBelow(below->first, path)) {
        below = entries_.erase(below);
    }
    entries_.emplace_hint(below, path, std::move(entry));
}

void Layers::addFile(const std::string& file, const std::string& shown, const Path& root) {
    std::ifstream in(file, std::ios::binary);
    std::stringstream text;
    if (!in || !(text << in.rdbuf())) {
        // An empty file also ends here, which is fine.
        if (!in.is_open()) {
            mistake(shown, "this file can't be read; give the path of one that exists and may be read");
            return;
        }
    }
    YamlReader reader(
        shown, true, [this](const Path& path, Entry entry) { put(path, std::move(entry)); },
        [this](const std::string& origin, const std::string& what) { mistake(origin, what); });
    reader.read(text.str(), root);
}

void Layers::addFolder(const std::string& folder, const std::string& shown) {
    namespace fs = std::filesystem;
    std::error_code missing;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder, missing)) {
        files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
        const std::string name = shown + "/" + file.filename().string();
        if (file.extension() == ".yml") {
            mistake(name, "is not read: name it .yaml");
        } else if (file.extension() == ".yaml" && !isName(file.stem().string())) {
            mistake(name, "is not named after a plugin (lower-case letters, digits, _ and -)");
        } else if (file.extension() == ".yaml") {
            addFile(file.string(), name, {"plugins", file.stem().string()});
        }
    }
}

void Layers::addText(const Path& path, const std::string& text, const std::string& origin) {
    const Key& key = *findKey(path);
    if (key.type == Type::kDurations || key.type == Type::kObject) {
        YamlReader reader(
            origin, false, [this](const Path& at, Entry entry) { put(at, std::move(entry)); },
            [this](const std::string& place, const std::string& what) { mistake(place, what); });
        reader.read(text, path);
    } else if (auto value = convert(key, text)) {
        put(path, {std::move(*value), text, origin});
    } else {
        mistake(origin, refusal(path, key, text, value.error()));
    }
}

void Layers::addEnvironment(const std::vector<std::pair<std::string, std::string>>& environment) {
    for (const auto& [name, value] : environment) {
        if (!name.starts_with("STOA_") || isForeign(name)) {
            continue;
        }
        if (const auto path = pathOfVariable(name)) {
            addText(*path, value, name);
        } else {
            const std::string near = nearestVariable(name);
            mistake(name, near.empty() ? "this variable stands for no key; remove it"
                                       : fmt::format("this variable stands for no key; did you mean {}?", near));
        }
    }
}

void Layers::addFlag(const Flag& flag) {
    const Path path = splitPath(flag.path);
    if (findKey(path) != nullptr) {
        addText(path, flag.value, flag.name);
        return;
    }
    const std::string near = nearestKey(path);
    mistake(flag.name,
            fmt::format("unknown key {}{}", flag.path, near.empty() ? "" : fmt::format("; did you mean {}?", near)));
}

}  // namespace stoa::host::config
