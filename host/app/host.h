/// The process: every part of the host, in the order in which they stand on each other.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/config/config.h"

namespace stoa::host::app {

struct PluginFile {
    std::string file;
    bool exact = false;  ///< --plugin-exact: the file, whatever was recorded
};

/// Exit codes of the host besides 0, EX_CONFIG (78) for the configuration.
constexpr int kExitPlugin = 70;       ///< a plugin could not be loaded, and plugins_required is set
constexpr int kExitUnavailable = 69;  ///< a port, the state directory or the control socket is taken

/// Reads the configuration again, from everywhere it came from. Throws config::ConfigError.
using Reload = std::function<config::Config()>;

class Host {
public:
    /// Builds everything; opens no port for requests yet. Throws stoa::Error.
    Host(config::Config config, std::vector<PluginFile> plugins, Reload reload);
    ~Host();

    /// Loads the plugins, listens, registers. Throws PluginFailure or stoa::Error.
    void start();
    /// After start(), for development: a plugin file that is rebuilt replaces what runs of it. A refused one is logged,
    /// and what runs goes on. Throws stoa::Error.
    void watch();
    /// Asks for the end. Any thread (not from a signal handler); again: hurry. `leave`: give event partitions up at
    /// once.
    void requestStop(bool leave = false);
    /// Housekeeping until requestStop, then the drain. The order is reliability's: not ready, de-registered, still
    /// serving for two registry periods, no new connections, requests in flight, events, outbox, plugins.
    void run();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// A plugin that can't be loaded: which, and why.
class PluginFailure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace stoa::host::app
