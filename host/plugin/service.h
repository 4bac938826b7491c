/// One plugin in this host, whichever generation of it serves: what belongs to the host and survives a swap.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <json/value.h>

#include "host/base/clock.h"
#include "host/plugin/generation.h"
#include "host/plugin/slot.h"
#include "host/plugin/worker_pool.h"
#include "host/sql/database.h"
#include "host/upgrade/judge.h"

namespace stoa::host::events {
class PluginEvents;
}
namespace stoa::host::timer {
class TimerService;
}
namespace stoa::host::observe {
class Tracer;
}

namespace stoa::host::plugin {

struct ServiceOptions {
    WorkerPoolOptions workers;
    std::chrono::milliseconds drain{10'000};  ///< how long a former generation may drain before it counts as parked
    std::chrono::milliseconds timer_timeout{30'000};
};

/// A row of `stoactl plugins`.
struct GenerationReport {
    std::string name, version, state;
    std::uint64_t generation = 0;
    std::int64_t since_us = 0;
    std::uint64_t requests = 0, errors = 0;
    std::int64_t in_flight = 0;
    std::int64_t memory_bytes = 0;
    std::int64_t until_us = 0;  ///< of a warm one: when it goes; 0 otherwise
};

/// What became of former generations.
struct Retirement {
    int unloaded = 0;  ///< verifiably gone from the process
    int pinned = 0;    ///< destroyed, but the library stays mapped: something refers to it
    int draining = 0;  ///< work is still inside
    int parked = 0;    ///< the same, for too long
};

/// The slot, the pool, and the stateful parts that events and timers stand on. Requests come through host/dispatch,
/// which enters the slot itself; events and timers come through onEvent and onTimer below. Life-cycle calls: [control].
class Service {
public:
    Service(std::string name, ServiceOptions options, std::shared_ptr<sql::Database> database, const Clock& clock,
            observe::Tracer& tracer);
    ~Service();

    const std::string& name() const { return name_; }
    Slot& slot() { return slot_; }
    WorkerPool& pool() { return pool_; }
    /// nullptr when the plugin has none.
    const std::shared_ptr<sql::Database>& database() const { return database_; }

    /// Puts a started generation in the place of the old one: one atomic pointer. The old one drains, and is then kept
    /// warm for `window`.
    void publish(std::unique_ptr<Generation> next, std::chrono::milliseconds window = {});
    /// Gives a share of the work to a started generation beside the active one.
    void beginCanary(std::unique_ptr<Generation> canary, CanaryShare share);
    /// The canary becomes the active generation, as by publish.
    void promoteCanary(std::chrono::milliseconds window);
    /// Takes its share away from the canary, which drains and goes.
    void withdrawCanary();
    /// The youngest former generation whose window is open becomes the active one again; what was active drains and
    /// goes. False when there is none.
    bool rollBack();

    /// Waits until nobody is inside a former generation any more, but for parked ones. False after `limit`.
    bool awaitDrained(std::chrono::milliseconds limit) const;
    /// Unmaps former generations that are empty and past their window, waiting up to `limit` for those that drain.
    /// Those that took too long are parked: kept, waited for no longer, and looked at again at the next call.
    Retirement retireOld(std::chrono::milliseconds limit);
    /// Nothing stays warm: windows end now.
    void endWarm();
    /// Whether former generations are still here.
    bool hasFormer() const;
    int parked() const;
    /// Takes the active generation away and retires everything.
    void shutDown(std::chrono::milliseconds limit);

    std::vector<GenerationReport> report() const;
    /// Empty when the active generation can serve.
    std::string health();
    /// The active generation's manifest, or nullptr.
    std::shared_ptr<const validate::Manifest> manifest() const;
    /// What the active generation, the canary, or the one that rollBack() would bring back was made from.
    std::optional<Environment> active() const;
    std::optional<Environment> canary() const;
    std::optional<Environment> warm() const;
    /// Counters of the active generation and of the canary; empty without a canary.
    std::optional<std::pair<upgrade::Sample, upgrade::Sample>> compare() const;

    /// [worker] Hands an event or a firing to the active generation. STOA_UNAVAILABLE when there is none,
    /// STOA_UNSUPPORTED when it does not know the topic or the name.
    /// `partition` decides, with the topic, whether a canary gets the event.
    stoa_status onEvent(const std::string& topic, int partition, const stoa_event& event, stoa_tx* tx);
    /// [worker] What became of an event after all its tries, for a canary's comparison; see events::Settled.
    void countEvent(std::uint64_t generation, bool failed);
    stoa_status onTimer(const std::string& timer, const stoa_firing& firing, stoa_tx* tx);
    /// The Work of a firing: new correlation id and trace.
    Work workFor(const std::string& route) const;

    /// What the plugin has of events and of timers, nullptr until host/app has given it: it serves requests before.
    /// Any thread.
    events::PluginEvents* events() const noexcept { return events_.load(std::memory_order_acquire); }
    timer::TimerService* timers() const noexcept { return timers_.load(std::memory_order_acquire); }
    /// [control] Once each. Before their start(): what they wake asks for them here.
    void give(std::unique_ptr<events::PluginEvents> events);
    void give(std::unique_ptr<timer::TimerService> timers);

private:
    struct Held {
        std::unique_ptr<Generation> generation;
        Gate* gate = nullptr;
    };
    struct Former : Held {
        std::chrono::steady_clock::time_point keep_until;
    };
    /// With mutex_ held.
    Held hold(std::unique_ptr<Generation> generation);
    void replaceActive(Held next, std::chrono::milliseconds window);
    void retireLater(Held held, std::chrono::milliseconds window);
    std::vector<Former>::const_iterator youngestWarm() const;
    std::optional<Former> takeDue();
    void count(Retirement& done);

    std::string name_;
    ServiceOptions options_;
    std::shared_ptr<sql::Database> database_;
    const Clock& clock_;
    observe::Tracer& tracer_;
    Slot slot_;
    mutable std::mutex mutex_;  // the list of generations; never held while plugin code runs
    Held active_;
    Held canary_;
    std::vector<Former> former_;  // oldest first
    std::unique_ptr<events::PluginEvents> owned_events_;
    std::unique_ptr<timer::TimerService> owned_timers_;
    std::atomic<events::PluginEvents*> events_{nullptr};  // /readyz and the like ask while a start goes on
    std::atomic<timer::TimerService*> timers_{nullptr};
    WorkerPool pool_;  // last: its jobs use all of the above
};

}  // namespace stoa::host::plugin
