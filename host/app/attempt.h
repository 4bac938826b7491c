/// Inside of app/ only: an upgrade under way.
#pragma once

#include "host/app/plugin_set.h"

namespace stoa::host::app {

struct PluginSet::Attempt {
    Candidate candidate;
    UpgradeOptions options;
    const Step& step;
    const Turns::Turn& turn;
    std::chrono::steady_clock::time_point began;

    std::string stage = {};                               ///< the last one that was passed
    plugin::Service* service = nullptr;                   ///< nullptr: the host does not run it yet
    std::optional<plugin::Environment> former = {};       ///< what serves until now
    std::unique_ptr<plugin::Generation> generation = {};  ///< the new one, until the service owns it
    std::chrono::milliseconds window{0};                  ///< for which the former one stays warm
    bool withdrawn = false;                               ///< by its canary
    std::string verdict = {};                             ///< of the canary, with its numbers
    Json::Value result{Json::objectValue};

    /// A stage is passed: for the operator, and with its time for the result.
    void tell(const std::string& name, const std::string& detail);
    Json::Value report();
};

}  // namespace stoa::host::app
