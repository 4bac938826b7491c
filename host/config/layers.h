/// The layers laid over each other: what is set, by whom, already checked against the table.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/config/config.h"
#include "host/config/keys.h"

namespace stoa::host::config {

struct Entry {
    Json::Value value;   ///< in the form of its type
    std::string text;    ///< as it was written
    std::string origin;  ///< "host.yaml:12"
};

/// Fill it from the weakest layer to the strongest. Mistakes are collected, so that people see all of them at once.
class Layers {
public:
    /// A whole host.yaml (`root` empty) or plugins.d/<name>.yaml (`root` = plugins.<name>). `shown` is its name in
    /// messages.
    void addFile(const std::string& file, const std::string& shown, const Path& root);
    void addFolder(const std::string& folder, const std::string& shown);
    void addEnvironment(const std::vector<std::pair<std::string, std::string>>& environment);
    void addFlag(const Flag& flag);

    const std::map<Path, Entry>& entries() const { return entries_; }
    const std::vector<std::string>& mistakes() const { return mistakes_; }
    void mistake(const std::string& origin, const std::string& what) { mistakes_.push_back(origin + ": " + what); }

private:
    void addText(const Path& path, const std::string& text, const std::string& origin);
    /// Takes away what the new value hides: what was below it, and what it is now below of.
    void put(const Path& path, Entry entry);

    std::map<Path, Entry> entries_;
    std::vector<std::string> mistakes_;
};

}  // namespace stoa::host::config
