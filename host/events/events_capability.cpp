#include "host/events/events_capability.h"

#include <utility>

#include <stoa/error.h>
#include <stoa/json.h>

#include "host/base/work.h"
#include "host/events/outbox.h"
#include "host/memory/account.h"
#include "host/sql/sql_capability.h"

namespace stoa::host::events {
namespace {

/// stoa.events/1 of one generation.
class EventsBinding : public plugin::Binding {
public:
    EventsBinding(const plugin::Environment& environment, const Clock& clock, std::function<void()> wake)
        : manifest_(environment.manifest), writer_(environment.service, clock, std::move(wake)) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.subscription = &subscription;
        table_.topic = &topicOf;
        table_.publish = &publish;
    }
    const void* table() const override { return &table_; }

private:
    static EventsBinding& of(const stoa_events* events) { return *static_cast<EventsBinding*>(events->self); }

    static stoa_status subscription(const stoa_events* events, stoa_str topic, std::uint32_t* index) {
        const auto& subscribes = of(events).manifest_->subscribes;
        for (std::size_t i = 0; i < subscribes.size(); ++i) {
            if (subscribes[i].topic == text(topic)) {
                *index = static_cast<std::uint32_t>(i);
                return STOA_OK;
            }
        }
        setLastError("the manifest has no subscription to " + std::string{text(topic)});
        return STOA_NOT_FOUND;
    }

    static stoa_status topicOf(const stoa_events* events, std::uint32_t index, stoa_str* topic) {
        const auto& subscribes = of(events).manifest_->subscribes;
        if (index >= subscribes.size()) {
            return STOA_NOT_FOUND;
        }
        *topic = view(subscribes[index].topic);
        return STOA_OK;
    }

    static stoa_status publish(const stoa_events* events, stoa_tx* tx, const stoa_event* event) {
        const memory::HostScope host;
        try {
            of(events).append(*tx, *event);
            return STOA_OK;
        } catch (const Error& error) {
            setLastError(error.what());
            return error.status();
        } catch (const std::exception& error) {
            setLastError(error.what());
            return STOA_INTERNAL;
        }
    }

    void append(stoa_tx& tx, const stoa_event& event) const {
        if (!STOA_HAS(&event, correlation_id)) {
            throw Error(STOA_INVALID, "stoa_event is shorter than its first version: set struct_size");
        }
        OutgoingEvent outgoing;
        outgoing.topic = text(event.topic);
        outgoing.key = text(event.key);
        outgoing.data = text(event.data);
        outgoing.aggregate_type = text(event.aggregate_type);
        outgoing.aggregate_version = event.aggregate_version;
        check(outgoing);
        writer_.append(tx.transaction, std::move(outgoing));
    }

    void check(const OutgoingEvent& event) const {
        const validate::Publication* publication = nullptr;
        for (const validate::Publication& one : manifest_->publishes) {
            publication = one.topic == event.topic ? &one : publication;
        }
        const auto refuse = [&](const std::string& why) {
            throw Error(STOA_INVALID, "event of topic \"" + event.topic + "\" refused: " + why);
        };
        if (publication == nullptr) {
            refuse("the manifest does not publish it");
        }
        if (event.key.empty() || event.key.size() > kMaxKeyBytes || asText(event.key) != event.key) {
            refuse("its key must be text of 1 to 512 bytes");
        }
        if (event.data.size() > kMaxEventBytes) {
            refuse("its data have " + std::to_string(event.data.size()) + " bytes, the most is " +
                   std::to_string(kMaxEventBytes));
        }
        const auto data = parseJson(event.data);
        if (!data) {
            refuse("its data are not JSON: " + data.error());
        }
        if (const auto violations = publication->schema.check(*data); !violations.empty()) {
            refuse("at " + (violations[0].pointer.empty() ? std::string{"the top"} : violations[0].pointer) + ": " +
                   violations[0].why);
        }
    }

    stoa_events table_{};
    std::shared_ptr<const validate::Manifest> manifest_;
    OutboxWriter writer_;
};

}  // namespace

std::unique_ptr<plugin::Binding> EventsCapability::bind(const plugin::Environment& environment) {
    return std::make_unique<EventsBinding>(environment, clock_,
                                           [wake = wake_, service = environment.service] { wake(service); });
}

}  // namespace stoa::host::events
