/// The host's state directory: one host at a time, an id that survives restarts, and which start this is.
#pragma once

#include <cstdint>
#include <string>

#include "host/base/clock.h"

namespace stoa::host::app {

class StateDirectory {
public:
    /// Makes it (0700), locks it, reads or makes `host_id`, writes `epoch`. Throws stoa::Error: STOA_CONFLICT when
    /// another host holds it.
    StateDirectory(const std::string& path, const Clock& clock);
    ~StateDirectory();
    StateDirectory(const StateDirectory&) = delete;
    StateDirectory& operator=(const StateDirectory&) = delete;

    const std::string& hostId() const { return host_id_; }
    /// When this start was, in microseconds; always more than that of the start before, also when the clock was set
    /// back meanwhile: a registration of a lower one is an old one.
    std::int64_t epoch() const { return epoch_; }

private:
    int lock_;
    std::string host_id_;
    std::int64_t epoch_ = 0;
};

}  // namespace stoa::host::app
