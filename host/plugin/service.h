/// One plugin in this host, whichever generation of it serves: what belongs to the host and survives a swap.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <json/value.h>

#include "host/base/clock.h"
#include "host/plugin/generation.h"
#include "host/plugin/slot.h"
#include "host/plugin/worker_pool.h"
#include "host/sql/database.h"

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

    /// Puts a started generation in the place of the old one: one atomic pointer.
    void publish(std::unique_ptr<Generation> next);
    /// Waits until nobody is inside the former generation, then stops, destroys and unmaps it. False after `limit`: it
    /// is parked, kept, and looked at again at the next call.
    bool retireOld(std::chrono::milliseconds limit);
    /// Takes the active generation away and retires everything.
    void shutDown(std::chrono::milliseconds limit);

    std::vector<GenerationReport> report() const;
    /// Empty when the active generation can serve.
    std::string health();
    /// The active generation's manifest, or nullptr.
    std::shared_ptr<const validate::Manifest> manifest() const;

    /// [worker] Hands an event or a firing to the active generation. STOA_UNAVAILABLE when there is none,
    /// STOA_UNSUPPORTED when it does not know the topic or the name.
    stoa_status onEvent(const std::string& topic, const stoa_event& event, stoa_tx* tx);
    stoa_status onTimer(const std::string& timer, const stoa_firing& firing, stoa_tx* tx);
    /// The Work of a firing: new correlation id and trace.
    Work workFor(const std::string& route) const;

    /// Set once by host/app, before the first publish.
    std::unique_ptr<events::PluginEvents> events;
    std::unique_ptr<timer::TimerService> timers;

private:
    struct Former {
        std::unique_ptr<Generation> generation;
        Gate* gate;
    };
    std::string name_;
    ServiceOptions options_;
    std::shared_ptr<sql::Database> database_;
    const Clock& clock_;
    observe::Tracer& tracer_;
    Slot slot_;
    mutable std::mutex mutex_;  // the list of generations; never held while plugin code runs
    std::unique_ptr<Generation> active_;
    Gate* active_gate_ = nullptr;
    std::vector<Former> former_;
    WorkerPool pool_;  // last: its jobs use all of the above
};

}  // namespace stoa::host::plugin
