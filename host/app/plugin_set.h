/// The plugins of this host: loaded, replaced, reported on, taken down.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "host/app/surroundings.h"
#include "host/app/turns.h"
#include "host/app/upgrade_options.h"
#include "host/plugin/capability.h"
#include "host/plugin/records.h"
#include "host/plugin/service.h"
#include "host/plugin/store.h"
#include "host/probe/probe.h"
#include "host/upgrade/judge.h"

namespace stoa::host::app {

/// What is to become the active version of a service, and why.
struct Candidate {
    plugin::Staged staged;
    std::string source_sha256;  ///< for the record: of the file that --plugin names
    std::string why;            ///< "start", "upgrade", "rollback", "config"
};

/// A plugin that could not be started yet (its database is down), and why.
struct Pending {
    std::string name;
    std::string why;
    int tries = 0;
    std::chrono::steady_clock::time_point next_try;
    Candidate candidate;
};

/// Changes of one service come one after another (Turns), those of several at once; each step that touches the set
/// holds `lifecycle_`; the rest from any thread.
class PluginSet {
public:
    PluginSet(Surroundings surroundings, std::vector<std::unique_ptr<plugin::Capability>> capabilities);
    ~PluginSet();

    /// Loads a plugin at the start of the host: the recorded version when `file` is the one that it was staged from.
    /// Throws stoa::Error naming the file. A database that is down is not an error: the plugin waits, see retryPending.
    void load(const std::string& file, bool exact);
    /// Tries again what waits, with back-off. True when nothing waits any more.
    bool retryPending();
    /// Replaces the running version. Whatever fails before publish leaves the old one serving; the error says why, and
    /// what to do. Takes as long as the canary does.
    Json::Value upgrade(const std::string& file, const UpgradeOptions& options, const Step& step);
    /// Ends a canary; else goes back to the version before: to the warm one at once, to that of the store otherwise.
    /// With `only`, the SHA-256 of a file, nothing happens (STOA_CONFLICT) unless that is what it would leave.
    Json::Value rollBack(const std::string& name, const Step& step, const std::string& only = {});
    /// Runs the same version again with what the configuration says now.
    /// `turn`: taken for this plugin before its configuration was read, so that nobody else changes either meanwhile.
    Json::Value reconfigure(const Turns::Turn& turn, const config::Plugin& section, const Step& step);
    /// The right to change a service; throws stoa::Error naming what is under way.
    std::unique_ptr<Turns::Turn> turn(const std::string& name, const std::string& what) {
        return turns_.take(name, what);
    }
    /// Housekeeping, often: former generations that became free, windows that are over.
    void retireFormer();
    /// Housekeeping, now and then: old idempotency keys.
    void tidy();

    plugin::Service* find(const std::string& name);
    std::vector<plugin::Service*> services();
    std::vector<std::string> names();
    /// For /readyz: by plugin, empty when it is fine.
    std::map<std::string, std::string> problems();
    const plugin::Records& records() const { return records_; }
    /// What the configuration says of a plugin now.
    config::Plugin section(const std::string& name);

    /// For the registration.
    std::function<void()> on_change;

    /// Drain: canaries end, consumers stop and commit, outboxes are flushed, then everything goes. `hurry` true: no
    /// waiting.
    void shutDown(bool leave, const std::function<bool()>& hurry);

private:
    struct Attempt;
    using Manifest = std::shared_ptr<const validate::Manifest>;

    // plugin_set.cpp: at the start of the host
    struct Choice;
    Choice chosenFor(const std::string& file, bool exact);
    void startChosen(const Choice& choice);
    void bringUp(const Candidate& candidate);
    void forget(const std::string& name);

    // generations.cpp: from a file to a generation that could serve
    plugin::Environment environmentFor(const plugin::Staged& staged);
    /// As configured, defaults filled in. Throws stoa::Error STOA_INVALID for what the manifest's schema refuses.
    Json::Value settingsFor(const validate::Manifest& manifest);
    plugin::Service& serviceFor(const validate::Manifest& manifest);
    std::unique_ptr<plugin::Generation> create(const plugin::Staged& staged);
    void migrate(plugin::Service& service, const validate::Manifest& manifest);
    /// `change`: gives up with it; nullptr at the start.
    void startAndWait(plugin::Generation& generation, std::chrono::milliseconds limit, const Turns::Turn* change);
    void serve(plugin::Service& service, const Manifest& also = nullptr);
    void record(const Candidate& candidate, const std::optional<plugin::Version>& previous);
    void settle(plugin::Service& service, const Candidate& candidate);

    // vetting.cpp: throw stoa::Error with all reasons
    /// Whether the version that serves, its callers and its readers can live with the next one. Returns warnings.
    static std::vector<std::string> checkAgainst(const validate::Manifest& running, const validate::Manifest& next,
                                                 bool allow_breaking);
    probe::ProbeResult probed(const plugin::Staged& staged);

    // upgrade.cpp, canary.cpp, rollback.cpp
    plugin::Staged stage(const std::string& file);
    Json::Value replace(Attempt& attempt);
    void check(Attempt& attempt);
    void probe(Attempt& attempt);
    void prepare(Attempt& attempt);
    void handOver(Attempt& attempt);
    void watchCanary(Attempt& attempt);
    static upgrade::Verdict judged(Attempt& attempt, upgrade::Judge judge);
    void publish(Attempt& attempt);
    void retire(Attempt& attempt);
    [[noreturn]] void refuse(Attempt& attempt, const Error& why);
    Json::Value backToWarm(plugin::Service& service, const Step& step);
    void recordBack(const std::string& name, const plugin::Version& from, const plugin::Version& to);
    Json::Value recordedNow(const plugin::Environment& active, const plugin::ActiveRecord& record);
    void quarantine(const std::string& name, const plugin::Version& version, const std::string& why);
    void remember(const plugin::Staged& staged, const std::string& what, const std::string& outcome);
    void collectStore(const std::string& name);

    // plugin_parts.cpp: events and timers
    void startParts(plugin::Service& service, const Manifest& manifest);
    /// The manifest with what the configuration overrides of its subscriptions.
    Manifest asConfigured(const Manifest& manifest);
    void attachEvents(plugin::Service& service, const Manifest& manifest);
    void attachTimers(plugin::Service& service);

    Surroundings surroundings_;
    std::vector<std::unique_ptr<plugin::Capability>> capabilities_;
    plugin::Store store_;
    plugin::Records records_;
    Turns turns_;
    /// Shared by steps that change one service, which its turn keeps apart from others of that service; held alone by
    /// what concerns all: the start, housekeeping, the end.
    std::shared_mutex lifecycle_;
    std::mutex mutex_;  ///< the maps below
    std::map<std::string, std::unique_ptr<plugin::Service>> services_;
    /// Made for a plugin whose first version was then refused. Whoever asks for services holds no count, so they stay;
    /// the next try takes them up again.
    std::map<std::string, std::unique_ptr<plugin::Service>> unused_;
    std::map<std::string, std::filesystem::path> files_;  ///< by plugin: what --plugin or the configuration names
    std::map<std::string, config::Plugin> sections_;      ///< reconfigured since the start
    std::vector<Pending> pending_;
    std::atomic<std::uint64_t> next_generation_{1};
};

}  // namespace stoa::host::app
