/// The inside of Consumer.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/events/consumer.h"
#include "host/events/event_runner.h"
#include "host/events/lanes.h"
#include "host/events/outbox.h"
#include "host/events/replayer.h"

namespace stoa::host::events {

/// The consumer's thread, and what its jobs share. Any thread, but for what is marked. One per Consumer.
class ConsumerRuntime {
public:
    ConsumerRuntime(const Surroundings& surroundings, std::shared_ptr<const validate::Manifest> manifest,
                    const OutboxWriter& outbox, Handle handle, Submit submit, ConsumerOptions options);
    ~ConsumerRuntime() { close(false); }

    void start();
    void update(std::shared_ptr<const validate::Manifest> manifest);
    bool drain(Deadline deadline);
    void close(bool leave);
    ConsumerStatus status() const;
    void wakeReplayer() { replayer_.wake(); }

    const ConsumerOptions& options() const { return options_; }
    const Surroundings& surroundings() const { return surroundings_; }
    const EventRunner& runner() const { return runner_; }
    std::vector<std::string> topics() const { return subscriptions_.topics(); }

private:
    enum class State { kRunning, kDraining, kClosing };

    LaneCalls laneCalls();
    void run();
    bool turn();
    void connect();
    void applyTopics();
    void makeTopics(const std::vector<std::string>& topics);
    void replayIfDue();
    void pruneIfDue();
    bool background(std::function<void()> job);
    Verdict handle(const Delivery& delivery, int tries);
    Verdict judge(const Delivery& delivery, const Attempt& attempt, int tries);
    Verdict park(const Delivery& delivery, const Attempt& attempt, int tries);
    void settle(const Attempt& attempt, bool failed);
    void count(const std::string& topic, const std::string& result);
    void noteLog(const std::string& problem);
    void noteStore(const std::string& problem);
    std::chrono::milliseconds backOff(int tries) const;

    Surroundings surroundings_;
    ConsumerOptions options_;
    Submit submit_;
    Subscriptions subscriptions_;
    EventRunner runner_;
    Replayer replayer_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    State state_ = State::kRunning;
    bool leave_ = false;
    bool drained_ = false;
    bool topics_changed_ = false;
    std::string log_problem_;
    std::string store_problem_;
    bool subscribed_ = false;
    int partitions_ = 0;
    std::size_t background_jobs_ = 0;
    bool replaying_ = false;
    std::map<std::pair<std::string, std::string>, std::shared_ptr<observe::Counter>> counters_;

    std::chrono::steady_clock::time_point next_prune_{};  ///< consumer's thread
    std::unique_ptr<Subscription> subscription_;
    Lanes lanes_;  ///< before subscription_ goes its jobs have ended
    std::thread thread_;
};

}  // namespace stoa::host::events
