/// The plugins of this host: loaded, replaced, reported on, taken down.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/app/surroundings.h"
#include "host/plugin/capability.h"
#include "host/plugin/service.h"
#include "host/plugin/store.h"

namespace stoa::host::app {

/// A line of progress for whoever waits: "loaded", "migrated", ….
using Step = std::function<void(const std::string& step, const std::string& detail)>;

/// A plugin that could not be started yet (its database is down), and why.
struct Pending {
    std::string name;
    std::string why;
    int tries = 0;
    std::chrono::steady_clock::time_point next_try;
    plugin::Staged staged;
    std::string source_sha256;
};

/// Life-cycle calls one at a time, from the main thread and from control commands; the rest from any thread.
class PluginSet {
public:
    PluginSet(Surroundings surroundings, std::vector<std::unique_ptr<plugin::Capability>> capabilities);
    ~PluginSet();

    /// Loads a plugin at the start of the host: the recorded version when `file` is the one that it was staged from.
    /// Throws stoa::Error naming the file. A database that is down is not an error: the plugin waits, see retryPending.
    void load(const std::string& file, bool exact);
    /// Tries again what waits, with back-off. True when nothing waits any more.
    bool retryPending();
    /// Replaces the running version, or loads a new plugin. Whatever fails before publish leaves the old one serving.
    Json::Value upgrade(const std::string& file, const Step& step);
    /// Housekeeping: parked generations that became free, old idempotency keys.
    void tidy();

    plugin::Service* find(const std::string& name);
    std::vector<plugin::Service*> services();
    std::vector<std::string> names();
    /// For /readyz: by plugin, empty when it is fine.
    std::map<std::string, std::string> problems();

    /// For the registration.
    std::function<void()> on_change;

    /// Drain: consumers stop and commit, outboxes are flushed, then everything goes. `hurry` true: no waiting.
    void shutDown(bool leave, const std::function<bool()>& hurry);

private:
    struct Prepared;
    plugin::Staged chosenFor(const std::string& file, bool exact, std::string& source_sha256);
    void bringUp(const plugin::Staged& staged, const std::string& source_sha256, const std::string& why,
                 const Step& step);
    plugin::Environment environmentFor(const plugin::Staged& staged);
    plugin::Service& serviceFor(const validate::Manifest& manifest);
    void migrate(plugin::Service& service, const validate::Manifest& manifest);
    void startParts(plugin::Service& service, const std::shared_ptr<const validate::Manifest>& manifest);
    /// The manifest with what the configuration overrides of its subscriptions.
    std::shared_ptr<const validate::Manifest> asConfigured(
        const std::shared_ptr<const validate::Manifest>& manifest) const;
    void attachEvents(plugin::Service& service, const std::shared_ptr<const validate::Manifest>& manifest);
    void attachTimers(plugin::Service& service);
    void forget(const std::string& name);

    Surroundings surroundings_;
    std::vector<std::unique_ptr<plugin::Capability>> capabilities_;
    plugin::Store store_;
    plugin::Records records_;
    std::mutex lifecycle_;  ///< one life-cycle call at a time
    std::mutex mutex_;      ///< the maps below
    std::map<std::string, std::unique_ptr<plugin::Service>> services_;
    std::vector<Pending> pending_;
    std::uint64_t next_generation_ = 1;
};

}  // namespace stoa::host::app
