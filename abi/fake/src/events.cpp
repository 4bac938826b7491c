#include <algorithm>

#include <stoa/json.h>

#include "world.h"

namespace stoa::fake {

namespace {

stoa_status subscription(const stoa_events* events, stoa_str topic, uint32_t* index) {
    const auto& all = static_cast<World*>(events->self)->manifest.subscribes;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.topic == text(topic); });
    if (found == all.end()) {
        return STOA_NOT_FOUND;
    }
    *index = static_cast<uint32_t>(found - all.begin());
    return STOA_OK;
}

stoa_status topic(const stoa_events* events, uint32_t index, stoa_str* name) {
    const auto& all = static_cast<World*>(events->self)->manifest.subscribes;
    if (index >= all.size()) {
        return STOA_NOT_FOUND;
    }
    *name = view(all[index].topic);
    return STOA_OK;
}

Published checked(const World& world, const stoa_event& event) {
    const std::string name{text(event.topic)};
    const auto& all = world.manifest.publishes;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.topic == name; });
    if (found == all.end()) {
        throw Error(STOA_INVALID, "the manifest does not publish to " + name);
    }
    auto data = parseJson(text(event.data));
    if (!data) {
        throw Error(STOA_INVALID, "the data for " + name + " are not JSON: " + data.error());
    }
    if (const auto wrong = found->schema.check(*data); !wrong.empty()) {
        throw Error(STOA_INVALID, name + " " + wrong.front().pointer + " " + wrong.front().why);
    }
    if (event.key.size == 0 || event.aggregate_type.size == 0 || event.aggregate_version < 1) {
        throw Error(STOA_INVALID, name + " needs a key, an aggregate type, and a version from 1");
    }
    return {name,
            std::string(text(event.aggregate_type)),
            std::string(text(event.key)),
            event.aggregate_version,
            std::move(*data),
            world.now};
}

stoa_status publish(const stoa_events* events, stoa_tx* tx, const stoa_event* event) {
    World& world = *static_cast<World*>(events->self);
    return guarded(world, [&] {
        if (!STOA_HAS(event, correlation_id)) {
            throw Error(STOA_INVALID, "set struct_size of the stoa_event");
        }
        Transaction& transaction = *Transaction::of(tx);
        if (!transaction.writes) {
            throw Error(STOA_INVALID, "a read transaction can't publish");
        }
        transaction.published.push_back(keepingMistakes(world, [&] { return checked(world, *event); }));
    });
}

class Events final : public Capability {
public:
    explicit Events(World& world) : table_{sizeof(stoa_events), 0, &world, subscription, topic, publish} {}
    std::string_view id() const override { return STOA_EVENTS_ID; }
    const void* table() const override { return &table_; }

private:
    stoa_events table_;
};

}  // namespace

std::unique_ptr<Capability> makeEvents(World& world) { return std::make_unique<Events>(world); }

stoa_status World::deliver(const Inbound& event) {
    const auto& all = manifest.subscribes;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.topic == event.topic; });
    if (found == all.end()) {
        throw Violation("the manifest does not subscribe to " + event.topic);
    }
    if (const auto wrong = found->schema.check(event.data); !wrong.empty()) {
        return fail(STOA_INVALID, event.topic + " " + wrong.front().pointer + " " + wrong.front().why);
    }
    const std::string data = writeJson(event.data);
    const stoa_event raw{sizeof(stoa_event),   0,  view(event.topic), view(event.key),   view(data),
                         event.version,        {}, view(event.id),    view("neighbour"), toMicros(now),
                         view("correlation-1")};
    const auto index = static_cast<std::uint32_t>(found - all.begin());
    const stoa_status status = inTransaction([&](Transaction& transaction) -> stoa_status {
        const Result inbox =
            database.execute("INSERT INTO stoa_inbox (id) VALUES ($1) ON CONFLICT DO NOTHING", {event.id});
        return inbox.affected == 0 ? STOA_OK : plugin->on_event(instance, index, &raw, transaction.raw());
    });
    expectNoTransaction("event " + event.topic);
    return status;
}

}  // namespace stoa::fake
