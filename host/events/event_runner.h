/// One try of one event: decoded, checked, and handed to the plugin in the transaction that also holds its inbox row.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <tl/expected.hpp>

#include "host/events/consumer.h"
#include "host/events/inbox.h"
#include "host/events/parked_store.h"

namespace stoa::host::events {

enum class Outcome {
    kDone,       ///< committed
    kDuplicate,  ///< its effect was there before
    kBlocked,    ///< put behind an earlier event of its key that waits
    kTransient,  ///< the handler may succeed at once with another try
    kPoison,     ///< it will not
    kStoreDown,  ///< the plugin's database does not answer: nothing is known about the event itself
    kForeign     ///< not subscribed to (any more)
};

struct Attempt {
    Outcome outcome = Outcome::kDone;
    std::string reason;
    std::uint64_t generation = 0;  ///< that ran the handler; 0: it did not come to that
};

/// The active generation's subscriptions. Any thread.
class Subscriptions {
public:
    void set(std::shared_ptr<const validate::Manifest> manifest);
    std::vector<std::string> topics() const;
    /// Kept alive by the manifest that comes with it.
    std::shared_ptr<const validate::Subscription> find(const std::string& topic) const;

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const validate::Manifest> manifest_;
};

/// Any thread; on the plugin's workers.
class EventRunner {
public:
    EventRunner(const Surroundings& surroundings, const Subscriptions& subscriptions, Handle handle,
                const ConsumerOptions& options);

    /// A record as it came from the log.
    Attempt runFresh(const Delivery& delivery) const;
    /// A parked one; on success its row goes in the same transaction.
    Attempt runParked(const ParkedRow& row) const;
    /// Puts an event that can't be handled now behind those of its key. Throws what the database throws.
    void park(const Delivery& delivery, const std::string& reason) const;

    /// The event's id, or one made of its position when it has none.
    static std::string idOf(const Delivery& delivery);
    const Inbox& inbox() const { return inbox_; }
    const ParkedStore& parked() const { return parked_; }

private:
    /// Decides, in the transaction, whether the handler runs.
    using Admit = std::function<Outcome(sql::Transaction&, const IncomingEvent&)>;

    tl::expected<IncomingEvent, Attempt> read(const Delivery& delivery) const;
    Attempt run(const IncomingEvent& event, const Admit& admit) const;
    Attempt runIn(Work& work, const IncomingEvent& event, const Admit& admit) const;
    Attempt callHandler(const IncomingEvent& event, stoa_tx* tx) const;
    Work workOf(const IncomingEvent& event) const;
    std::int64_t now() const;

    Surroundings surroundings_;
    const Subscriptions& subscriptions_;
    Handle handle_;
    ConsumerOptions options_;
    Inbox inbox_;
    ParkedStore parked_;
    std::shared_ptr<observe::Histogram> duration_;
};

}  // namespace stoa::host::events
