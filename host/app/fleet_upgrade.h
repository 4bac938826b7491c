/// One file for all hosts of a fleet that run its service: some at a time, and all the way back at the first refusal.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <json/value.h>

#include <stoa/error.h>

#include "host/app/upgrade_options.h"

namespace stoa::host::app {

/// Nobody knows what became of what was asked for: the host does not answer any more, or nobody waits.
class Vanished : public Error {
public:
    explicit Vanished(const std::string& why) : Error(STOA_UNAVAILABLE, why) {}
};

/// A host, as the one that coordinates sees it. One call at a time; the calls last as long as the change does, and
/// throw stoa::Error: with Vanished the host may have changed, with any other it has not.
class FleetMember {
public:
    virtual ~FleetMember() = default;
    virtual const std::string& hostId() const = 0;
    virtual const std::string& address() const = 0;
    /// The outcome as of PluginSet::upgrade.
    virtual Json::Value upgrade(const Step& step) = 0;
    /// Back to what ran before, if the file is what runs.
    virtual Json::Value rollBack(const Step& step) = 0;
};

using FleetMembers = std::vector<std::unique_ptr<FleetMember>>;

struct FleetPlan {
    std::size_t wave = 1;                ///< hosts that are upgraded at the same time
    std::chrono::milliseconds pause{0};  ///< between two waves
};

/// How it went: {"outcome":"active"|"dry run"|"rolled back"|"rollback incomplete","hosts":[…]}, with a row for each
/// host: host, address, outcome, version, previous, reason.
struct FleetReport {
    bool done = false;
    std::string reason;  ///< why not
    Json::Value result;
};

/// A line of progress of one host. Called from several threads, never from two at once.
using FleetStep = std::function<void(const FleetMember& member, const std::string& step, const std::string& detail)>;

/// In the order of `members`. `wanted` is asked between the steps: false ends it like a refusal does.
FleetReport upgradeFleet(const FleetMembers& members, const FleetPlan& plan, const FleetStep& step,
                         const std::function<bool()>& wanted);

}  // namespace stoa::host::app
