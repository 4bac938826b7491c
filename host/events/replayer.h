/// Tries parked events again, in the order of their keys, and writes dead letters.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "host/events/event_runner.h"
#include "host/events/outbox.h"

namespace stoa::host::events {

/// `due` any thread; `run` one job at a time, on a worker.
class Replayer {
public:
    Replayer(const Surroundings& surroundings, const Subscriptions& subscriptions, const EventRunner& runner,
             const OutboxWriter& outbox, const ConsumerOptions& options);

    /// Whether run() has something to do, as far as is known: parked here, or `replay_poll` has passed.
    bool due() const;
    /// Look at once: something was parked or released.
    void wake() { next_us_ = 0; }
    /// All heads that are due. Throws what the database throws; the rest waits for the next time.
    void run();

private:
    bool replay(ParkedRow row);
    void failed(const ParkedRow& row, const Attempt& attempt);
    void bury(const ParkedRow& row, const std::string& reason);
    void plan();
    std::int64_t now() const;

    Surroundings surroundings_;
    const Subscriptions& subscriptions_;
    const EventRunner& runner_;
    const OutboxWriter& outbox_;
    ConsumerOptions options_;
    std::atomic<std::int64_t> next_us_{0};
    std::shared_ptr<observe::Gauge> parked_;
    std::shared_ptr<observe::Gauge> held_;
    std::shared_ptr<observe::Counter> dead_letters_;
};

}  // namespace stoa::host::events
