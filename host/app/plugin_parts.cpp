// The stateful parts of a plugin: events and timers; and how everything is taken down.

#include "host/app/plugin_set.h"
#include "host/events/plugin_events.h"
#include "host/observe/log.h"
#include "host/timer/timer_service.h"

namespace stoa::host::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

}  // namespace

void PluginSet::startParts(plugin::Service& service, const Manifest& manifest) {
    if (!service.database()) {
        return;
    }
    if (service.events()) {
        service.events()->update(asConfigured(manifest));
    } else {
        attachEvents(service, manifest);
    }
    if (!service.timers()) {
        attachTimers(service);
    }
}

PluginSet::Manifest PluginSet::asConfigured(const Manifest& manifest) {
    const std::string on_poison = section(manifest->name).on_poison;
    if (on_poison == "manifest") {
        return manifest;
    }
    auto changed = std::make_shared<validate::Manifest>(*manifest);
    for (validate::Subscription& subscription : changed->subscribes) {
        subscription.hold_on_poison = on_poison == "hold";
    }
    return changed;
}

void PluginSet::attachEvents(plugin::Service& service, const Manifest& manifest) {
    if (!manifest->needs(STOA_EVENTS_ID)) {
        return;
    }
    const config::Events& wanted = surroundings_.config.events;
    events::PluginEventsOptions options;
    options.relay.lease = wanted.outbox_lease;
    options.relay.batch = static_cast<std::size_t>(wanted.outbox_batch);
    options.relay.wake_owner = [wake = surroundings_.wake_host, name = service.name()](const std::string& host) {
        wake(host, name);
    };
    options.consumer.schedule = wanted.retries;
    options.consumer.settled = [&service](std::uint64_t generation, bool failed) {
        service.countEvent(generation, failed);
    };
    options.consumer.inbox_retention = std::chrono::duration_cast<std::chrono::hours>(wanted.inbox_keep);
    auto made = std::make_unique<events::PluginEvents>(
        events::Surroundings{surroundings_.event_log, *service.database(), surroundings_.metrics, surroundings_.clock},
        surroundings_.host_id, asConfigured(manifest),
        [&service](const std::string& topic, const events::IncomingEvent& event, stoa_tx* tx) {
            const stoa_event seen = event.view();
            return service.onEvent(topic, event.partition, seen, tx);
        },
        [&service](std::function<void()> job) { return service.pool().submitBackground(std::move(job)); }, options);
    service.give(std::move(made));
    service.events()->start();
}

void PluginSet::attachTimers(plugin::Service& service) {
    timer::TimerOptions options;
    options.service = service.name();
    options.host_id = surroundings_.host_id;
    options.work_for = [&service](const std::string& name) { return service.workFor(name); };
    auto made = std::make_unique<timer::TimerService>(
        *service.database(), surroundings_.clock, surroundings_.metrics,
        [&service] {
            const auto manifest = service.manifest();
            return manifest ? manifest->timers : std::vector<validate::TimerSpec>{};
        },
        [&service](const std::string& name, const stoa_firing& firing, stoa_tx* tx) {
            return service.onTimer(name, firing, tx);
        },
        [&service](std::function<void()> job) { return service.pool().submitBackground(std::move(job)); }, options);
    service.give(std::move(made));
    service.timers()->start();
}

void PluginSet::shutDown(bool leave, const std::function<bool()>& hurry) {
    const config::Drain& limits = surroundings_.config.drain;
    turns_.close("the host stops", hurry() ? milliseconds{100} : limits.requests);
    const std::lock_guard turn(lifecycle_);
    const auto until = [&](milliseconds limit) { return steady_clock::now() + (hurry() ? milliseconds{100} : limit); };
    const auto all = services();
    for (plugin::Service* service : all) {
        if (service->events() && !service->events()->drainConsumer(until(limits.events))) {
            observe::warn("handlers of events did not end in time; their events come again",
                          {{"service", service->name()}});
        }
    }
    for (plugin::Service* service : all) {
        if (service->timers()) {
            service->timers()->stop();
        }
    }
    for (plugin::Service* service : all) {
        if (service->events() && !service->events()->flushOutbox(until(limits.outbox))) {
            observe::warn("events are left in the outbox; they are published after the next start",
                          {{"service", service->name()}});
        }
    }
    for (plugin::Service* service : all) {
        if (service->events()) {
            service->events()->close(leave);
        }
        service->shutDown(hurry() ? milliseconds{100} : limits.requests);
    }
}

}  // namespace stoa::host::app
