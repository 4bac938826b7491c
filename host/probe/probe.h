/// Tries a plugin file in a process of its own before the host maps it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <json/value.h>

namespace stoa::host::probe {

struct ProbeOptions {
    std::filesystem::path program;                        ///< stoa-probe, installed beside the host
    std::filesystem::path file;                           ///< the plugin; only read
    Json::Value settings;                                 ///< `plugins.<name>.settings`; null: the schema's defaults
    std::chrono::milliseconds timeout{10'000};            ///< for the whole probe; the child is killed after it
    std::uint64_t memory_bytes = std::uint64_t{1} << 30;  ///< address space of the child
};

/// One thing that is wrong with the plugin.
struct ProbeFailure {
    std::string stage;   ///< as in ProbeResult
    std::string reason;  ///< what happened, and what to do
};

struct ProbeStage {
    std::string name;
    std::chrono::microseconds took{};
    std::string said;  ///< of a route or an event: what the plugin answered, such as "user 201, service 404"
};

struct ProbeResult {
    bool passed = false;
    /// What the plugin could not do: "mapped", "negotiated", "migrated", "created", "started", "healthy", "route X",
    /// "event Y", "timers", "stopped" or "unmapped"; "spawned" when stoa-probe itself can't be run. Empty when it
    /// passed.
    std::string stage;
    /// The first failure in one sentence; names the signal when there was one.
    std::string reason;
    /// Of the plugin's log and of what it wrote to stdout and stderr; the newest last, at most kLastLines.
    std::vector<std::string> last_log_lines;
    std::chrono::milliseconds took{};

    std::vector<ProbeFailure> failures;  ///< all, the first one is `stage` and `reason`
    std::vector<std::string> notes;      ///< what could not be tried, and why
    std::vector<ProbeStage> stages;      ///< in order, up to the one that ended it
};

constexpr std::size_t kLastLines = 20;

/// Loads the file in a child process against a host in memory, runs the self-test and unloads it again. Whatever the
/// plugin does there (crash, hang, exit, take all memory) is a result. Throws nothing but std::bad_alloc. The child
/// gets no descriptor, no environment variable with a secret and no path of the host's. [control; blocks]
ProbeResult probe(const ProbeOptions& options);

}  // namespace stoa::host::probe
