/// Events on their way to the workers: one lane per partition, in order, with back-pressure.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "host/events/consumer.h"
#include "host/events/event_log.h"

namespace stoa::host::events {

/// What became of a try: finished (commit its offset, or not), or to be tried again after `again_after`.
struct Verdict {
    bool finished = true;
    bool commit = true;
    std::chrono::milliseconds again_after{0};
};

struct LaneOptions {
    std::size_t high = 64;
    std::size_t low = 16;
    std::size_t run_length = 16;
    std::size_t parallel = 4;
};

/// What lanes ask of their surroundings. `handle` gets the record and how often it was tried before.
struct LaneCalls {
    std::function<Verdict(const Delivery&, int tries)> handle;            ///< on a worker
    Submit submit;                                                        ///< must not run the job itself
    std::function<void(const Delivery&)> commit;                          ///< on a worker
    std::function<void(const std::string& topic, int partition)> pause;   ///< in add()
    std::function<void(const std::string& topic, int partition)> resume;  ///< on a worker
};

/// add, dispatch and revoke on the consumer's thread.
class Lanes {
public:
    using TopicPartition = std::pair<std::string, int>;

    Lanes(LaneOptions options, LaneCalls calls) : options_(options), calls_(std::move(calls)) {}
    /// Waits for what runs.
    ~Lanes();

    void add(Delivery delivery);
    /// Hands lanes to the pool that were turned away or wait for another try. True when some still wait for that: call
    /// again soon.
    bool dispatch();
    /// Forgets what has not begun, and waits for what has. False when something still runs at the deadline; its offset
    /// is not committed any more.
    bool revoke(const std::vector<TopicPartition>& partitions, Deadline deadline);
    /// The end: what comes later is dropped as well.
    bool dropAllAndWait(Deadline deadline);
    std::size_t queued() const;
    std::size_t inFlight() const;

private:
    using Instant = std::chrono::steady_clock::time_point;
    struct Lane {
        TopicPartition name;
        std::deque<Delivery> queue;
        int tries = 0;  ///< of the first in the queue
        bool running = false;
        bool paused = false;
        bool closing = false;  ///< nothing begins any more; what runs still counts
        bool revoked = false;  ///< nor does that
        Instant not_before{};
    };
    using LanePtr = std::shared_ptr<Lane>;

    std::vector<LanePtr> closeLocked(const std::vector<TopicPartition>& partitions);
    bool startLocked(const LanePtr& lane);
    void startOthersLocked(const TopicPartition& after);
    void run(const LanePtr& lane);
    bool step(const LanePtr& lane);

    LaneOptions options_;
    LaneCalls calls_;
    mutable std::mutex mutex_;
    std::condition_variable stopped_;  ///< a lane's job ended
    std::map<TopicPartition, LanePtr> lanes_;
    std::size_t running_ = 0;
    bool closed_ = false;
};

}  // namespace stoa::host::events
