#include <algorithm>

#include <fmt/format.h>

#include "host/config/config.h"
#include "host/config/keys.h"

namespace stoa::host::config {
namespace {

constexpr std::string_view kHead =
    "# The host's configuration: every key at its default. Made by `host config --write-default`.\n"
    "# Weaker than plugins.d/<name>.yaml beside this file, STOA_… variables (STOA_HTTP_EDGE) and flags.\n"
    "# `host config --explain` prints what is in force and where it comes from.\n"
    "# Relative files are relative to the directory the host was started in, databases to `state`.\n"
    "# Secrets never stand here: file:<path>, env:<NAME> or credential:<name> (systemd) refer to them.\n";

constexpr std::string_view kPluginsHead =
    "\n# Plugins by name; the same keys, without the name, may stand in plugins.d/<name>.yaml.\n"
    "plugins: {}\n"
    "#  <name>:\n";

/// A default as a YAML scalar.
std::string scalar(const Key& key) {
    const std::string text = key.fallback;
    const bool plain = !text.empty() && text.back() != ':' && text.find(": ") == std::string::npos &&
                       text.find('#') == std::string::npos;
    return plain || key.type == Type::kDurations ? text : "\"" + text + "\"";
}

std::string comment(const Key& key) {
    std::string text = key.description;
    if (key.type == Type::kChoice) {
        std::string choices = key.choices;
        for (std::size_t bar = choices.find('|'); bar != std::string::npos; bar = choices.find('|')) {
            choices.replace(bar, 1, ", ");
        }
        text += (text.empty() ? "" : " ") + fmt::format("One of {}.", choices);
    }
    return text;
}

void writeKey(std::string& out, std::string_view indent, std::string_view lead, const std::string& name,
              const Key& key) {
    if (const std::string text = comment(key); !text.empty()) {
        out += fmt::format("{}{}# {}\n", lead, indent, text);
    }
    out += fmt::format("{}{}{}: {}\n", lead, indent, name, scalar(key));
}

/// Opens the groups of `path` that are not open yet.
void openGroups(std::string& out, const Path& path, Path& open) {
    std::size_t common = 0;
    while (common < open.size() && common + 1 < path.size() && open[common] == path[common]) {
        ++common;
    }
    open.resize(common);
    for (std::size_t i = common; i + 1 < path.size(); ++i) {
        open.push_back(path[i]);
        const std::string indent(2 * i, ' ');
        out += i == 0 ? "\n" : "";
        for (const Section& section : sections()) {
            if (section.path == joinPath(open)) {
                out += fmt::format("{}# {}\n", indent, section.description);
            }
        }
        out += fmt::format("{}{}:\n", indent, path[i]);
    }
}

void writePluginKeys(std::string& out) {
    out += kPluginsHead;
    Path open;
    for (const Key& key : keys()) {
        Path path = splitPath(key.path);
        if (path[0] != "plugins") {
            continue;
        }
        for (std::size_t i = 2; i + 1 < path.size(); ++i) {
            if (open.size() <= i - 2 || open[i - 2] != path[i]) {
                open.resize(i - 2);
                open.push_back(path[i]);
                out += fmt::format("#{}{}:\n", std::string(2 * i, ' '), path[i] == "*" ? "<name>" : path[i]);
            }
        }
        writeKey(out, std::string(2 * (path.size() - 1), ' '), "#", path.back() == "*" ? "<name>" : path.back(), key);
    }
}

}  // namespace

std::string defaultFile() {
    std::string out(kHead);
    Path open;
    for (const Key& key : keys()) {
        const Path path = splitPath(key.path);
        if (path[0] == "plugins") {
            continue;
        }
        if (path.size() == 1) {
            out += '\n';
        }
        openGroups(out, path, open);
        writeKey(out, std::string(2 * (path.size() - 1), ' '), "", path.back(), key);
    }
    writePluginKeys(out);
    return out;
}

std::string explain(const Config& config) {
    std::size_t path_width = 0;
    std::size_t text_width = 0;
    for (const Value& value : config.values) {
        path_width = std::max(path_width, value.path.size());
        text_width = std::min<std::size_t>(48, std::max(text_width, value.text.size()));
    }
    std::string out;
    for (const Value& value : config.values) {
        out += fmt::format("{:<{}}  {:<{}}  {}\n", value.path, path_width, value.text.empty() ? "-" : value.text,
                           text_width, value.origin);
    }
    return out;
}

}  // namespace stoa::host::config
