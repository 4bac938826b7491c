#include "host/config/override.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "host/base/atomic_file.h"
#include "host/config/config.h"
#include "host/config/keys.h"

namespace stoa::host::config {
namespace {

std::optional<std::string> contentOf(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return in ? std::optional(std::string{std::istreambuf_iterator<char>(in), {}}) : std::nullopt;
}

void put(YAML::Node node, std::span<const std::string> path, const YAML::Node& value) {
    if (path.size() == 1) {
        node[path[0]] = value;
        return;
    }
    if (!node[path[0]].IsMap()) {
        node[path[0]] = YAML::Node(YAML::NodeType::Map);
    }
    put(node[path[0]], path.subspan(1), value);
}

}  // namespace

Override::Override(const std::string& state, const std::string& plugin, const std::vector<std::string>& assignments) {
    const std::filesystem::path folder = overridesIn(state);
    file_ = folder / (plugin + ".yaml");
    former_ = contentOf(file_);
    std::string text;
    try {
        YAML::Node root = YAML::Load(former_.value_or("{}"));
        for (const std::string& assignment : assignments) {
            const std::size_t equals = assignment.find('=');
            if (equals == std::string::npos || equals == 0) {
                throw ConfigError({fmt::format("{}: write KEY=VALUE", assignment)});
            }
            const Path path = splitPath(assignment.substr(0, equals));
            put(root, path, YAML::Load(assignment.substr(equals + 1)));
        }
        YAML::Emitter out;
        out << root;
        text = fmt::format("# Written by `stoactl config set`.\n{}\n", out.c_str());
    } catch (const YAML::Exception& mistake) {
        throw ConfigError({fmt::format("{}: {}", file_, mistake.what())});
    }
    std::filesystem::create_directories(folder);
    writeAtomically(file_, text);
}

Override::~Override() {
    if (kept_) {
        return;
    }
    try {
        if (former_) {
            writeAtomically(file_, *former_);
        } else {
            std::filesystem::remove(file_);
        }
    } catch (const std::exception&) {
        // What is left there was refused: the next start refuses it as well, and names the file.
    }
}

}  // namespace stoa::host::config
