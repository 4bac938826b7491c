/// The hosts that a fleet upgrade goes to: this one, and others over their internal listeners.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "host/app/fleet_upgrade.h"
#include "host/app/remote_upgrade.h"
#include "host/outbound/http_client.h"
#include "host/security/keys.h"
#include "registry/registry.h"

namespace stoa::host::app {

/// What is to be done everywhere.
struct FleetChange {
    std::string file;     ///< path of it
    FleetFile is;         ///< its service and hash
    Json::Value options;  ///< as stoactl writes them
    /// Whether somebody still waits; false makes a member give up.
    std::function<bool()> wanted;
};

/// All outlive the members.
struct FleetTools {
    security::HostIdentity& identity;
    outbound::HttpClient& client;
    registry::Registry& registry;
    const VersionChanges& here;
};

/// Those that run the service now, this host first: what it refuses nobody else is asked. Throws stoa::Error
/// STOA_NOT_FOUND when this host does not run it.
FleetMembers membersFor(const FleetTools& tools, const FleetChange& change);

}  // namespace stoa::host::app
