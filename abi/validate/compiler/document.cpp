#include "document.h"

#include <cmath>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include <stoa/json.h>

#include "schema_node.h"

namespace stoa::validate {
namespace {

constexpr int kMaxDepth = 64;
constexpr int kMaxNodes = 50'000;

/// Turns YAML into JSON: a quoted scalar is a string, a plain one is what YAML 1.2's core schema says.
class YamlReader {
public:
    YamlReader(const std::filesystem::path& file, std::map<std::string, int>& lines) : file_(file), lines_(lines) {}

    Json::Value read(const YAML::Node& node, const std::string& pointer, int depth) {
        lines_.emplace(pointer, node.Mark().line + 1);
        // An alias of an alias of an alias … can stand for more than memory holds.
        if (depth > kMaxDepth || ++nodes_ > kMaxNodes) {
            fail(node, "nested too deep, or too many aliases");
        }
        switch (node.Type()) {
            case YAML::NodeType::Scalar:
                return scalar(node);
            case YAML::NodeType::Sequence: {
                Json::Value list(Json::arrayValue);
                for (const YAML::Node& item : node) {
                    list.append(read(item, fmt::format("{}/{}", pointer, list.size()), depth + 1));
                }
                return list;
            }
            case YAML::NodeType::Map:
                return map(node, pointer, depth);
            default:
                return {};
        }
    }

private:
    [[noreturn]] void fail(const YAML::Node& node, const std::string& why) const {
        throw SourceError(fmt::format("{}:{}: {}", file_.string(), node.Mark().line + 1, why));
    }

    Json::Value map(const YAML::Node& node, const std::string& pointer, int depth) {
        Json::Value object(Json::objectValue);
        for (const auto& member : node) {
            if (!member.first.IsScalar()) {
                fail(member.first, "a key must be a plain word");
            }
            const std::string name = member.first.Scalar();
            if (name == "<<") {
                fail(member.first, "merge keys are not YAML 1.2; write the members, or use $ref");
            }
            if (object.isMember(name)) {
                fail(member.first, fmt::format("the key \"{}\" stands there twice; remove one", name));
            }
            object[name] = read(member.second, pointer + pointerPart(name), depth + 1);
        }
        return object;
    }

    Json::Value scalar(const YAML::Node& node) const {
        const std::string& text = node.Scalar();
        if (node.Tag() != "?") {  // "?" marks a plain scalar, "!" a quoted one
            if (node.Tag() != "!" && node.Tag() != "tag:yaml.org,2002:str") {
                fail(node, fmt::format("the tag {} is not supported; remove it", node.Tag()));
            }
            return text;
        }
        if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
            return {};
        }
        if (text == "true" || text == "True" || text == "TRUE") {
            return true;
        }
        if (text == "false" || text == "False" || text == "FALSE") {
            return false;
        }
        if (re2::RE2::FullMatch(text, "[-+]?[0-9]+")) {
            std::int64_t number = 0;
            if (!re2::RE2::FullMatch(text, "\\+?(-?[0-9]+)", &number)) {
                fail(node, fmt::format("{} does not fit an int64; quote it when it is text", text));
            }
            return Json::Value(static_cast<Json::Int64>(number));
        }
        if (re2::RE2::FullMatch(text, "[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?")) {
            return std::strtod(text.c_str(), nullptr);
        }
        if (re2::RE2::FullMatch(text, "0x[0-9a-fA-F]+|0o[0-7]+|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)")) {
            fail(node, fmt::format("{} has no counterpart in JSON; quote it when it is text", text));
        }
        return text;
    }

    const std::filesystem::path& file_;
    std::map<std::string, int>& lines_;
    int nodes_ = 0;
};

}  // namespace

std::string readText(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    if (!stream) {
        throw SourceError(fmt::format("{}: can't be read; the manifest names it, so it must be there", file.string()));
    }
    return text.str();
}

Document Document::load(const std::filesystem::path& file) {
    Document document;
    document.file_ = file;
    const std::string text = readText(file);
    if (file.extension() == ".json") {
        auto parsed = parseJson(text);
        if (!parsed) {
            throw SourceError(fmt::format("{}: {}", file.string(), parsed.error()));
        }
        document.value = std::move(*parsed);
        return document;
    }
    try {
        document.value = YamlReader(file, document.lines_).read(YAML::Load(text), "", 0);
    } catch (const YAML::Exception& error) {
        throw SourceError(fmt::format("{}:{}: {}", file.string(), error.mark.line + 1, error.msg));
    }
    return document;
}

void Document::fail(const std::string& pointer, const std::string& why) const {
    std::string line;
    for (std::string part = pointer; !lines_.empty(); part.resize(part.rfind('/'))) {
        if (const auto known = lines_.find(part); known != lines_.end()) {
            line = fmt::format(":{}", known->second);
            break;
        }
        if (part.empty() || part.rfind('/') == std::string::npos) {
            break;
        }
    }
    throw SourceError(fmt::format("{}{}: {}{}{}", file_.string(), line, pointer, pointer.empty() ? "" : ": ", why));
}

void Document::fail(const std::string& pointer_and_why) const {
    const std::size_t colon = pointer_and_why.find(": ");
    if (pointer_and_why.empty() || pointer_and_why.front() != '/' || colon == std::string::npos) {
        fail("", pointer_and_why);
    }
    fail(pointer_and_why.substr(0, colon), pointer_and_why.substr(colon + 2));
}

}  // namespace stoa::validate
