/// YAML into entries, with the line of each.
#pragma once

#include <functional>
#include <string>

#include "host/config/keys.h"
#include "host/config/layers.h"

namespace YAML {
class Node;
}

namespace stoa::host::config {

/// Strict: one document, keys are plain text, none twice, every key known, every value of its type.
class YamlReader {
public:
    using Put = std::function<void(const Path& path, Entry entry)>;
    using Mistake = std::function<void(const std::string& origin, const std::string& what)>;

    /// `shown`: the file in messages and origins. Without `lines` origins are `shown` alone (variables, flags).
    YamlReader(std::string shown, bool lines, Put put, Mistake mistake)
        : shown_(std::move(shown)), lines_(lines), put_(std::move(put)), mistake_(std::move(mistake)) {}

    void read(const std::string& text, const Path& root);

private:
    static constexpr std::size_t kMaxBytes = 1 << 20;  // of a file, and of what its aliases stand for

    std::string origin(const YAML::Node& node) const;
    void spend(const YAML::Node& node, std::size_t bytes);
    void mistake(const YAML::Node& node, const std::string& what);
    void walk(const YAML::Node& node, const Path& path);
    void walkMap(const YAML::Node& node, const Path& path);
    void leaf(const YAML::Node& node, const Path& path, const Key& key);
    void settings(const YAML::Node& node, const Path& path);
    void settingsMap(const YAML::Node& node, const Path& path);
    Json::Value toJson(const YAML::Node& node, int depth = 0);
    void unknown(const YAML::Node& name, const Path& path);

    std::string shown_;
    bool lines_;
    std::size_t left_ = kMaxBytes;  // that are still taken: of values, and of their names from the outside in
    int mistakes_left_ = 100;
    Put put_;
    Mistake mistake_;
};

}  // namespace stoa::host::config
