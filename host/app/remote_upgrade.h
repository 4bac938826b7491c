/// The asked side of an upgrade of the fleet: another host sends a file, or asks for a rollback, over the internal
/// listener. Who may, and for what, is in the order that comes with each request (host/security/upgrade_orders.h).
///
///     POST /stoa/v1/upgrade/<service>        body: the file     → 202 {"id":…}
///     POST /stoa/v1/rollback/<service>                          → 202 {"id":…}
///     GET  /stoa/v1/upgrade/<service>/<id>?after=N              → 200, see Operations::show
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "host/app/file_body.h"
#include "host/app/operation.h"
#include "host/dispatch/dispatcher.h"
#include "host/security/upgrade_orders.h"

namespace stoa::host::app {

inline constexpr const char* kOrderHeader = "Stoa-Upgrade-Order";
/// Text of the file's signature in base64url, when there is one: as good here as beside the file.
inline constexpr const char* kSignatureHeader = "Stoa-Plugin-Signature";
inline constexpr std::string_view kUpgradePath = "/stoa/v1/upgrade/";
inline constexpr std::string_view kRollbackPath = "/stoa/v1/rollback/";

/// What is done for whoever may ask; both throw stoa::Error.
struct VersionChanges {
    std::function<Json::Value(const std::string& file, const UpgradeOptions& options, const Step& step)> upgrade;
    /// Nothing but that file of the service is left: see PluginSet::rollBack.
    std::function<Json::Value(const std::string& service, const std::string& sha256, const Step& step)> roll_back;
};

class RemoteUpgrades {
public:
    /// `epoch`: this host's start. `state`: its state directory; files arrive in a folder of it. `identity` outlives
    /// it.
    RemoteUpgrades(security::HostIdentity& identity, std::int64_t epoch, const std::filesystem::path& state,
                   VersionChanges changes);
    /// Waits for what runs. The listeners are gone by then, and what runs has been told to give up.
    ~RemoteUpgrades();

    /// Before the listeners start.
    void addRoutes(dispatch::Dispatcher& dispatcher);

private:
    class Desk;
    std::shared_ptr<Desk> desk_;
};

}  // namespace stoa::host::app
