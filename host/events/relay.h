/// Brings outbox rows to the log: in order per aggregate, deleted only after the acknowledgement.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "host/events/event_log.h"
#include "host/events/outbox_store.h"
#include "host/events/surroundings.h"
#include "host/observe/metrics.h"

namespace stoa::host::events {

struct RelayOptions {
    std::string service;
    std::string host_id;  ///< owner of the leases; a restarted host takes its own back at once
    std::chrono::milliseconds lease{3000};
    std::chrono::milliseconds renew{1000};
    std::chrono::milliseconds busy_poll{100};   ///< while there was work lately: rows of other hosts are found by this
    std::chrono::milliseconds idle_poll{1000};  ///< otherwise; a commit of this host wakes the relay at once anyway
    std::chrono::milliseconds busy_for{5000};   ///< how long after the last row the leases are renewed
    std::size_t batch = 500;
    std::chrono::milliseconds max_back_off{2000};  ///< between tries while the log or the database is down
    /// Rows wait in a shard that this host leases, or may lease: to be told over the internal listener. Relay thread;
    /// must not throw.
    std::function<void(const std::string& owner_host_id)> wake_owner;
};

struct RelayStatus {
    double oldest_age_seconds = 0;  ///< 0: nothing waits
    int shards = 0;                 ///< leased by this host now; an idle relay lets them expire
    std::uint64_t published = 0;
    std::uint64_t failures = 0;
    std::string problem;  ///< why rows wait, or empty
};

/// One per plugin database, with one thread that sleeps while nothing is committed.
///
/// A shard belongs to one host by a lease row with an epoch; several hosts of one service share the shards evenly.
/// Whoever lost a lease may publish once more what the next owner publishes as well (consumers drop duplicates), but it
/// deletes nothing: deletes name the epoch.
class OutboxRelay {
public:
    OutboxRelay(const Surroundings& surroundings, RelayOptions options);
    ~OutboxRelay();
    OutboxRelay(const OutboxRelay&) = delete;
    OutboxRelay& operator=(const OutboxRelay&) = delete;

    /// Topics to make before anything is published; again for those of a new generation.
    void ensureTopics(std::vector<TopicSpec> topics);
    void start();
    /// Something was committed, here or (told by another host) elsewhere. Any thread, returns at once.
    void wake();
    /// Waits until nothing waits in the shards of this host, or nobody else's are left; false at the deadline.
    bool flush(Deadline deadline);
    /// Ends the thread after the batch in hand, and gives the leases back. Again is harmless.
    void stop();
    RelayStatus status() const;

private:
    enum class Pass {
        kDone,    ///< nothing is left that this host could publish
        kMore,    ///< the leases want renewing in the middle of a backlog
        kBlocked  ///< rows wait for the log or the database
    };
    struct Published {
        std::vector<const OutboxRow*> acknowledged;
        bool refused = false;  ///< some for a reason of their own, not because the log is down
    };
    using Instant = std::chrono::steady_clock::time_point;

    void run();
    Pass tryPass();
    Pass pass();
    void makeTopics();
    bool holdsFreshLeases() const;
    bool mustRenew() const;
    Pass publishAll();
    Published publish(const std::vector<const OutboxRow*>& rows, std::set<TopicKey>& blocked);
    void wakeOwners();
    Pass settled() const;
    void report(const std::vector<OutboxRow>& oldest_first);
    std::chrono::milliseconds pause(Pass pass);

    Surroundings surroundings_;
    RelayOptions options_;
    OutboxStore store_;
    std::shared_ptr<observe::Gauge> oldest_age_;
    std::shared_ptr<observe::Counter> published_;
    std::shared_ptr<observe::Counter> failures_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<TopicSpec> missing_topics_;
    std::uint64_t wakes_ = 0;    ///< counted up by wake()
    std::uint64_t settled_ = 0;  ///< wakes_ as it was before the last pass that left nothing
    bool stopping_ = false;
    RelayStatus status_;

    // Relay thread only.
    Instant leased_until_{};
    Instant renewed_{};
    Instant last_row_{};
    bool unclaimed_ = false;  ///< rows wait in shards that a host has given back
    std::chrono::milliseconds back_off_{0};
    std::thread thread_;
};

}  // namespace stoa::host::events
