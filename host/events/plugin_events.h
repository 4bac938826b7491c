/// Everything about events that one plugin has in one host: its relay and its consumer.
#pragma once

#include <memory>
#include <string>

#include <stoa/validate/manifest.h>

#include "host/events/consumer.h"
#include "host/events/outbox.h"
#include "host/events/relay.h"

namespace stoa::host::events {

struct PluginEventsOptions {
    RelayOptions relay;        ///< service and host_id are filled in
    ConsumerOptions consumer;  ///< service is filled in
};

struct PluginEventsStatus {
    RelayStatus outbox;
    ConsumerStatus consumer;
};

/// Made when a plugin is first loaded, kept over swaps: `handle` enters whichever generation is active. The tables of
/// migrate() must be there before start().
class PluginEvents {
public:
    PluginEvents(Surroundings surroundings, std::string host_id, std::shared_ptr<const validate::Manifest> manifest,
                 Handle handle, Submit submit, PluginEventsOptions options = {});
    ~PluginEvents();

    /// Returns at once; topics are made and the group is joined in the background, again and again while the log is
    /// down.
    void start();
    /// A new generation is active: its topics and schemas.
    void update(std::shared_ptr<const validate::Manifest> manifest);
    /// Something was committed to this plugin's outbox, here or in another host. Any thread, returns at once.
    void wake();
    /// Stops taking events, finishes those that run, commits offsets. Before the plugin stops.
    bool drainConsumer(Deadline deadline);
    /// Publishes what lies in the outbox. After the last commit.
    bool flushOutbox(Deadline deadline);
    /// Ends both; `leave` as in Subscription::close.
    void close(bool leave);

    PluginEventsStatus status() const;
    /// For /readyz: why the plugin's events don't move, or empty.
    std::string problem() const;
    /// Parked events, dead letters, redrive, progress.
    Consumer& consumer() { return *consumer_; }

private:
    std::unique_ptr<OutboxRelay> relay_;
    std::unique_ptr<OutboxWriter> writer_;
    std::unique_ptr<Consumer> consumer_;
};

}  // namespace stoa::host::events
