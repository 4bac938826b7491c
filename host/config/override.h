/// What `stoactl config set` was told, kept for the next start: `<state>/plugins.d/<name>.yaml`.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace stoa::host::config {

/// Values for one plugin, on disk when it is made; taken back when it goes without keep(). One at a time per plugin.
class Override {
public:
    /// `assignments`: "settings.maxLines=50"; the value is read as YAML. Throws ConfigError for what is no assignment,
    /// stoa::Error when the file can't be written. Whether the values fit is for load() to say.
    Override(const std::string& state, const std::string& plugin, const std::vector<std::string>& assignments);
    ~Override();
    Override(const Override&) = delete;
    Override& operator=(const Override&) = delete;

    void keep() { kept_ = true; }

private:
    std::string file_;
    std::optional<std::string> former_;
    bool kept_ = false;
};

}  // namespace stoa::host::config
