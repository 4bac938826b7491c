#include "host/events/plugin_events.h"

#include <utility>

namespace stoa::host::events {
namespace {

std::vector<TopicSpec> topicsOf(const validate::Manifest& manifest) {
    std::vector<TopicSpec> topics;
    for (const validate::Publication& publication : manifest.publishes) {
        topics.push_back({publication.topic, publication.partitions});
    }
    return topics;
}

}  // namespace

PluginEvents::PluginEvents(Surroundings surroundings, std::string host_id,
                           std::shared_ptr<const validate::Manifest> manifest, Handle handle, Submit submit,
                           PluginEventsOptions options) {
    options.relay.service = manifest->name;
    options.relay.host_id = std::move(host_id);
    options.consumer.service = manifest->name;
    relay_ = std::make_unique<OutboxRelay>(surroundings, std::move(options.relay));
    relay_->ensureTopics(topicsOf(*manifest));
    writer_ = std::make_unique<OutboxWriter>(manifest->name, surroundings.clock, [this] { relay_->wake(); });
    consumer_ = std::make_unique<Consumer>(surroundings, std::move(manifest), *writer_, std::move(handle),
                                           std::move(submit), std::move(options.consumer));
}

PluginEvents::~PluginEvents() { close(false); }

void PluginEvents::start() {
    relay_->start();
    consumer_->start();
}

void PluginEvents::update(std::shared_ptr<const validate::Manifest> manifest) {
    relay_->ensureTopics(topicsOf(*manifest));
    consumer_->update(std::move(manifest));
}

void PluginEvents::wake() { relay_->wake(); }

bool PluginEvents::drainConsumer(Deadline deadline) { return consumer_->drain(deadline); }

bool PluginEvents::flushOutbox(Deadline deadline) { return relay_->flush(deadline); }

void PluginEvents::close(bool leave) {
    consumer_->close(leave);
    relay_->stop();
}

PluginEventsStatus PluginEvents::status() const { return {relay_->status(), consumer_->status()}; }

std::string PluginEvents::problem() const {
    const PluginEventsStatus now = status();
    return now.outbox.problem.empty() ? now.consumer.problem : now.outbox.problem;
}

}  // namespace stoa::host::events
