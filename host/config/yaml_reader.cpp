#include "host/config/yaml_reader.h"

#include <charconv>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <stoa/json.h>

#include "host/config/convert.h"

namespace stoa::host::config {
namespace {

constexpr int kMaxDepth = 32;
constexpr std::size_t kValueBytes = 100;  // of a value, whatever it is

std::string kindOf(const YAML::Node& node) {
    switch (node.Type()) {
        case YAML::NodeType::Scalar:
            return "a value";
        case YAML::NodeType::Sequence:
            return "a list";
        case YAML::NodeType::Map:
            return "a group of keys";
        default:
            return "empty";
    }
}

/// YAML 1.2's core schema for plain scalars; quoted ones are text.
Json::Value scalarJson(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") {
        return text;
    }
    if (text == "true" || text == "false") {
        return text == "true";
    }
    const char* end = text.data() + text.size();
    std::int64_t integer = 0;
    if (const auto read = std::from_chars(text.data(), end, integer); read.ec == std::errc{} && read.ptr == end) {
        return Json::Int64(integer);
    }
    double number = 0;
    const bool digits = text.find_first_of("0123456789") != std::string::npos;
    if (const auto read = std::from_chars(text.data(), end, number);
        digits && read.ec == std::errc{} && read.ptr == end && std::isfinite(number)) {
        return number;
    }
    return text;
}

}  // namespace

std::string YamlReader::origin(const YAML::Node& node) const {
    return lines_ && node.Mark().line >= 0 ? fmt::format("{}:{}", shown_, node.Mark().line + 1) : shown_;
}

/// Counts what is taken: with aliases of aliases, or of what they stand in, a file of few lines has more values than
/// memory has room for.
void YamlReader::spend(const YAML::Node& node, std::size_t bytes) {
    if (left_ < bytes + kValueBytes) {
        throw YAML::Exception(node.Mark(), "too many settings in one file, those behind aliases counted each time");
    }
    left_ -= bytes + kValueBytes;
}

void YamlReader::mistake(const YAML::Node& node, const std::string& what) {
    if (mistakes_left_-- == 0) {
        throw YAML::Exception(node.Mark(), "more mistakes follow; mend those before first");
    }
    mistake_(origin(node), what);
}

void YamlReader::read(const std::string& text, const Path& root) {
    if (text.size() > kMaxBytes) {
        mistake_(shown_, "is larger than 1 MiB, which no configuration needs to be");
        return;
    }
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.size() > 1) {
            mistake(documents[1], "a second document begins here: keep one");
        } else if (documents.size() == 1 && !documents[0].IsNull()) {
            walk(documents[0], root);
        }
    } catch (const YAML::Exception& error) {
        const std::string place =
            lines_ && error.mark.line >= 0 ? fmt::format("{}:{}", shown_, error.mark.line + 1) : shown_;
        mistake_(place, fmt::format("this is not the YAML that was expected: {}", error.msg));
    }
}

void YamlReader::walk(const YAML::Node& node, const Path& path) {
    spend(node, joinPath(path).size());
    if (const Key* key = findKey(path)) {
        leaf(node, path, *key);
    } else if (node.IsNull()) {
        return;  // "plugins:" with nothing below
    } else if (!node.IsMap()) {
        mistake(node, fmt::format("{} is {}: expected keys and values below it",
                                  path.empty() ? "the file" : joinPath(path), kindOf(node)));
    } else {
        walkMap(node, path);
    }
}

void YamlReader::walkMap(const YAML::Node& node, const Path& path) {
    std::set<std::string> seen;
    for (const auto& member : node) {
        if (!member.first.IsScalar()) {
            mistake(member.first, "a key must be text");
            continue;
        }
        Path below = path;
        below.push_back(member.first.Scalar());
        if (!seen.insert(below.back()).second) {
            mistake(member.first, fmt::format("{} stands here twice: keep one", joinPath(below)));
        } else if (findKey(below) == nullptr && !isSection(below)) {
            unknown(member.first, below);
        } else {
            walk(member.second, below);
        }
    }
}

void YamlReader::unknown(const YAML::Node& name, const Path& path) {
    const std::string near = nearestKey(path);
    mistake(name, fmt::format("unknown key {}{}", joinPath(path),
                              near.empty() ? "; `host config --explain` prints all keys"
                                           : fmt::format("; did you mean {}?", near)));
}

void YamlReader::leaf(const YAML::Node& node, const Path& path, const Key& key) {
    if (key.type == Type::kObject) {
        settings(node, path);
        return;
    }
    tl::expected<Json::Value, std::string> value = tl::unexpected(std::string("expected a value"));
    std::string text = node.IsScalar() ? node.Scalar() : "";
    if (node.IsScalar()) {
        value = convert(key, text);
    } else if (node.IsSequence()) {
        std::vector<std::string> items;
        for (const auto& item : node) {
            spend(item, item.Scalar().size());
            items.push_back(item.IsScalar() ? item.Scalar() : kindOf(item));
            text += (text.empty() ? "[" : ", ") + items.back();
        }
        text += text.empty() ? "[]" : "]";
        value = convertList(key, items);
    }
    if (value) {
        put_(path, {std::move(*value), text, origin(node)});
        return;
    }
    mistake(node, node.IsScalar() ? refusal(path, key, text, value.error())
                                  : fmt::format("{} is {}: {}", joinPath(path), kindOf(node), value.error()));
}

void YamlReader::settings(const YAML::Node& node, const Path& path) {
    spend(node, joinPath(path).size());
    const bool top = findKey(Path(path.begin(), path.end() - 1)) == nullptr;
    if (node.IsMap()) {
        settingsMap(node, path);
        if (node.size() > 0 || top) {
            return;
        }
    } else if (top) {
        if (!node.IsNull()) {
            mistake(node, fmt::format("{} is {}: expected keys and values below it", joinPath(path), kindOf(node)));
        }
        return;
    }
    const Json::Value value = toJson(node);
    put_(path, {value, value.isString() ? value.asString() : writeJson(value), origin(node)});
}

void YamlReader::settingsMap(const YAML::Node& node, const Path& path) {
    if (path.size() >= kMaxDepth) {
        throw YAML::Exception(node.Mark(), "nested too deep");
    }
    std::set<std::string> seen;
    for (const auto& member : node) {
        Path below = path;
        below.push_back(member.first.Scalar());
        if (!member.first.IsScalar() || !seen.insert(below.back()).second) {
            mistake(member.first, fmt::format("{} stands here twice: keep one", joinPath(below)));
            continue;
        }
        settings(member.second, below);
    }
}

Json::Value YamlReader::toJson(const YAML::Node& node, int depth) {
    spend(node, node.Scalar().size());
    if (depth > kMaxDepth) {
        throw YAML::Exception(node.Mark(), "nested too deep");
    }
    if (node.IsScalar()) {
        return scalarJson(node);
    }
    if (node.IsSequence()) {
        Json::Value list(Json::arrayValue);
        for (const auto& item : node) {
            list.append(toJson(item, depth + 1));
        }
        return list;
    }
    if (node.IsMap()) {
        Json::Value object(Json::objectValue);
        for (const auto& member : node) {
            const std::string name = member.first.Scalar();
            if (!member.first.IsScalar() || object.isMember(name)) {
                throw YAML::Exception(member.first.Mark(), fmt::format("key \"{}\" stands here twice", name));
            }
            spend(member.first, name.size());
            object[name] = toJson(member.second, depth + 1);
        }
        return object;
    }
    return Json::nullValue;
}

}  // namespace stoa::host::config
