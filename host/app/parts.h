/// Inside of app/ only: the parts of a Host.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/app/host.h"
#include "host/app/plugin_set.h"
#include "host/app/remote_upgrade.h"
#include "host/app/state_directory.h"
#include "host/app/watcher.h"
#include "host/base/clock.h"
#include "host/config/config.h"
#include "host/control/server.h"
#include "host/dispatch/dispatcher.h"
#include "host/dispatch/idempotency.h"
#include "host/events/event_log.h"
#include "host/http/io.h"
#include "host/http/server.h"
#include "host/mail/mailer.h"
#include "host/observe/memory_series.h"
#include "host/observe/metrics.h"
#include "host/observe/trace.h"
#include "host/outbound/forward.h"
#include "host/outbound/http_client.h"
#include "host/outbound/service_client.h"
#include "host/plugin/worker_pool.h"
#include "host/security/authenticator.h"
#include "host/security/jwks_cache.h"
#include "host/security/keys.h"
#include "host/security/passwords.h"
#include "host/security/signing_keys.h"
#include "registry/registry.h"

namespace stoa::host::app {

enum class HostState { kStarting, kServing, kDraining };

/// Declared in the order of construction: what stands below may use what stands above.
struct Host::Parts {
    Parts(config::Config with, std::vector<PluginFile> files, Reload reload);
    ~Parts();

    const config::Config config;
    const std::vector<PluginFile> files;
    const Reload reload;
    const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    Clock clock;
    StateDirectory state;
    observe::Metrics metrics;
    std::shared_ptr<void> memory_series = observe::memorySeries(metrics);
    std::shared_ptr<http::Io> io;
    std::unique_ptr<outbound::HttpClient> client;
    std::unique_ptr<observe::Tracer> tracer;
    security::HostIdentity identity;
    std::unique_ptr<registry::Sealer> sealer;
    std::mutex registry_mutex;
    bool may_serve_registry = false;                ///< every part is there; the registry's thread asks
    std::unique_ptr<http::Server> registry_server;  ///< when this host serves the registry at an address of its own
    std::unique_ptr<registry::Registry> registry;
    std::mutex announce_mutex;
    std::unique_ptr<security::ServiceTokens> service_tokens;
    std::unique_ptr<outbound::ServiceClient> services;
    std::unique_ptr<security::JwksCache> user_keys;
    std::unique_ptr<security::Authenticator> authenticator;
    dispatch::Idempotency idempotency;
    std::unique_ptr<dispatch::Dispatcher> dispatcher;
    std::unique_ptr<outbound::Forward> forward;
    std::unique_ptr<events::EventLog> event_log;
    std::unique_ptr<mail::Mailer> mailer;
    security::Passwords passwords;
    security::SigningKeys signing_keys;
    std::unique_ptr<PluginSet> plugins;
    std::unique_ptr<RemoteUpgrades> remote_upgrades;  ///< what other hosts of the fleet ask for
    std::unique_ptr<http::Server> server;
    std::unique_ptr<plugin::WorkerPool> readiness;  ///< one thread that looks at databases for /readyz
    std::unique_ptr<control::Server> control;
    std::unique_ptr<Watcher> watcher;  ///< with --watch

    std::atomic<HostState> phase{HostState::kStarting};
    std::atomic<bool> more_to_come{true};
    std::mutex mutex;
    std::condition_variable changed;
    int stop_requests = 0;
    bool leave = false;
    bool drained = false;

    std::vector<std::unique_ptr<plugin::Capability>> capabilities();
    void addOperations();  ///< operations.cpp: health, metrics, OpenAPI, registry
    void addHealth();
    void answerReadiness(const std::shared_ptr<http::Exchange>& exchange);
    void addDocuments(http::Listener listener, const std::string& prefix);
    void addRegistry();
    void addCommands();               ///< commands.cpp: what stoactl asks
    void addUpgradeCommands();        ///< upgrade_commands.cpp
    VersionChanges versionChanges();  ///< fleet_commands.cpp
    Json::Value upgradeFleet(const Json::Value& arguments, control::Progress& progress);
    Json::Value setConfig(const Json::Value& arguments, const Step& step);
    Json::Value reloadConfig(const Json::Value& arguments, const Step& step);
    Json::Value status();  ///< of `stoactl status`
    void watch();          ///< --watch: a rebuilt plugin file replaces what runs
    void stop(bool leave_partitions);
    void expectMore(bool more);  ///< whether plugins of this host are still to come
    void announce();
    registry::Registration registration();
    void listen();
    bool serveRegistry(const std::string& address);
    void wakeHost(const std::string& host_id, const std::string& service);
    bool waitForStop(std::chrono::milliseconds limit);
    bool hurry();
    void drain();
    std::string problem();  ///< for /readyz: empty when ready
};

}  // namespace stoa::host::app
