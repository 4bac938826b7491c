#include "host/config/config.h"

#include <unistd.h>

#include <filesystem>

#include <fmt/format.h>

#include "host/config/layers.h"
#include "host/config/values.h"

namespace stoa::host::config {
namespace {

std::string allOf(const std::vector<std::string>& mistakes) {
    std::string text = mistakes.size() == 1 ? "the configuration has a mistake:"
                                            : fmt::format("the configuration has {} mistakes:", mistakes.size());
    for (const std::string& mistake : mistakes) {
        text += "\n  " + mistake;
    }
    return text;
}

/// What the table can't say: keys that need each other.
void checkTogether(const Values& values, Layers& layers) {
    const auto origin = [&](const std::string& path) { return values.shown(splitPath(path)).origin; };
    if (values.text("http.tls.certificate").empty() != values.text("http.tls.key").empty()) {
        const bool certificate = values.text("http.tls.key").empty();
        layers.mistake(origin(certificate ? "http.tls.certificate" : "http.tls.key"),
                       "http.tls.certificate and http.tls.key need each other: give both or neither");
    }
    if (values.duration("http.deadline") > values.duration("http.max_deadline")) {
        layers.mistake(origin("http.deadline"), "http.deadline is longer than http.max_deadline: make it at most that");
    }
    if (values.text("security.unsigned_plugins") == "refuse" && values.text("security.plugin_keys").empty()) {
        layers.mistake(
            origin("security.unsigned_plugins"),
            "security.unsigned_plugins: refuse needs security.plugin_keys: name the public keys of those who "
            "may sign plugins");
    }
    for (const std::string& name : values.names({"plugins"})) {
        for (const std::string& endpoint : values.names({"plugins", name, "external"})) {
            const std::string url = fmt::format("plugins.{}.external.{}.url", name, endpoint);
            const std::string text = values.text(url);
            if (!text.starts_with("http://") && !text.starts_with("https://")) {
                layers.mistake(origin(url), url + ": expected an address that begins with https:// or http://");
            }
        }
    }
}

/// `overrides`: the folder of what `stoactl config set` has written, or empty while nobody knows where `state` is.
Layers layersOf(const Sources& sources, const std::filesystem::path& overrides) {
    Layers layers;
    if (!sources.file.empty()) {
        const std::filesystem::path file(sources.file);
        layers.addFile(sources.file, file.filename().string(), {});
        layers.addFolder((file.parent_path() / "plugins.d").string(), "plugins.d");
    }
    if (!overrides.empty()) {
        layers.addFolder(overrides.string(), "state/plugins.d");
    }
    layers.addEnvironment(sources.environment);
    for (const Flag& flag : sources.flags) {
        layers.addFlag(flag);
    }
    return layers;
}

}  // namespace

ConfigError::ConfigError(const std::vector<std::string>& mistakes)
    : std::runtime_error(allOf(mistakes)), mistakes_(mistakes) {}

std::filesystem::path overridesIn(const std::string& state) { return std::filesystem::path(state) / "plugins.d"; }

Config load(const Sources& sources) {
    Layers without = layersOf(sources, {});
    Layers layers = layersOf(sources, overridesIn(Values(without).text("state")));
    const Values values(layers);
    checkTogether(values, layers);
    if (!layers.mistakes().empty()) {
        throw ConfigError(layers.mistakes());
    }
    Config config = bind(values);
    config.file = sources.file;
    return config;
}

std::vector<std::pair<std::string, std::string>> processEnvironment() {
    std::vector<std::pair<std::string, std::string>> all;
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        const std::string_view text(*variable);
        const std::size_t equals = text.find('=');
        if (equals != std::string_view::npos) {
            all.emplace_back(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    return all;
}

Plugin Config::plugin(const std::string& name) const {
    const auto known = plugins.find(name);
    if (known != plugins.end()) {
        return known->second;
    }
    const Layers nothing;
    return bindPlugin(Values(nothing), name);
}

}  // namespace stoa::host::config
