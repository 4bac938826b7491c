#include "host/config/values.h"

#include <algorithm>
#include <stdexcept>

#include "host/config/convert.h"
#include "host/config/yaml_reader.h"

namespace stoa::host::config {
namespace {

/// The default as it is written, for the plugin that `path` speaks of.
std::string fallbackText(const Key& key, const Path& path) {
    std::string text = key.fallback;
    const std::string_view mark = "<name>";
    if (const std::size_t at = text.find(mark); at != std::string::npos) {
        text.replace(at, mark.size(), path.at(1));
    }
    return text;
}

Json::Value fallback(const Key& key, const Path& path) {
    const std::string text = fallbackText(key, path);
    if (key.type != Type::kDurations) {
        auto value = convert(key, text);
        if (!value) {
            throw std::logic_error(std::string("default of ") + key.path + ": " + value.error());
        }
        return *value;
    }
    Json::Value value;
    YamlReader(
        key.path, false, [&](const Path&, Entry entry) { value = std::move(entry.value); },
        [&](const std::string&, const std::string& what) { throw std::logic_error(what); })
        .read(text, path);
    return value;
}

}  // namespace

Json::Value Values::value(const std::string& path) const {
    const Path split = splitPath(path);
    const Key* key = findKey(split);
    if (key == nullptr) {
        throw std::logic_error("no key " + path);
    }
    read_.insert(path);
    const auto entry = layers_.entries().find(split);
    return entry != layers_.entries().end() ? entry->second.value : fallback(*key, split);
}

std::vector<Milliseconds> Values::durations(const std::string& path) const {
    std::vector<Milliseconds> list;
    for (const Json::Value& item : value(path)) {
        list.emplace_back(item.asInt64());
    }
    return list;
}

Address Values::address(const std::string& path) const { return parseAddress(text(path)); }

Json::Value Values::object(const std::string& path) const {
    const Path root = splitPath(path);
    Json::Value whole(Json::objectValue);
    for (const auto& [at, entry] : layers_.entries()) {
        if (!isBelow(at, root)) {
            continue;
        }
        Json::Value* place = &whole;
        for (std::size_t i = root.size(); i < at.size(); ++i) {
            place = &(*place)[at[i]];
        }
        *place = entry.value;
    }
    return whole;
}

Value Values::shown(const Path& path) const {
    const auto entry = layers_.entries().find(path);
    if (entry != layers_.entries().end()) {
        return {joinPath(path), entry->second.text, entry->second.origin};
    }
    return {joinPath(path), fallbackText(*findKey(path), path), "default"};
}

std::set<std::string> Values::names(const Path& path) const {
    std::set<std::string> found;
    for (const auto& [at, entry] : layers_.entries()) {
        if (isBelow(at, path)) {
            found.insert(at[path.size()]);
        }
    }
    return found;
}

std::vector<std::string> Values::unread() const {
    std::vector<std::string> missing;
    for (const Key& key : keys()) {
        if (std::string_view(key.path).find('*') == std::string_view::npos && !read_.contains(key.path)) {
            missing.emplace_back(key.path);
        }
    }
    return missing;
}

}  // namespace stoa::host::config
