/// How a plugin is to be replaced, and what is told meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <json/value.h>

#include "host/plugin/slot.h"

namespace stoa::host::app {

/// A line of progress for whoever waits: "loaded", "migrated", ….
using Step = std::function<void(const std::string& step, const std::string& detail)>;

/// What a fleet upgrade is about: this file of this service and no other; a host that runs it already is left alone.
struct FleetFile {
    std::string service;
    std::string sha256;
};

struct UpgradeOptions {
    plugin::CanaryShare canary;                       ///< permyriad 0: no canary
    std::chrono::milliseconds canary_window{60'000};  ///< how long it is watched
    std::optional<std::chrono::milliseconds> warm;    ///< the old version stays for a rollback; configuration else
    bool probe = true;                                ///< in a process of its own first
    bool wait = false;                                ///< also for the end of that window
    bool add = false;                                 ///< a plugin that this host does not run yet is loaded
    bool dry_run = false;                             ///< everything that changes nothing
    bool force = false;                               ///< also a version in quarantine
    bool accept_thin = false;                         ///< a canary that saw too little traffic is published
    bool allow_breaking = false;                      ///< callers and readers of the old version may break
    std::optional<FleetFile> fleet;                   ///< one host after the other is upgraded, and this one is one
};

/// As stoactl writes them: {"canary":1000,"for":60000,"accept_thin":true}.
UpgradeOptions upgradeOptions(const Json::Value& arguments);

}  // namespace stoa::host::app
