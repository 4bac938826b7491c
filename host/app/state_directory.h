/// The host's state directory: one host at a time, and an id that survives restarts.
#pragma once

#include <string>

namespace stoa::host::app {

class StateDirectory {
public:
    /// Makes it (0700), locks it, reads or makes `host_id`. Throws stoa::Error: STOA_CONFLICT when another host holds
    /// it.
    explicit StateDirectory(const std::string& path);
    ~StateDirectory();
    StateDirectory(const StateDirectory&) = delete;
    StateDirectory& operator=(const StateDirectory&) = delete;

    const std::string& hostId() const { return host_id_; }

private:
    int lock_;
    std::string host_id_;
};

}  // namespace stoa::host::app
