/// A member of a consumer group of the embedded log.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/events/embedded/log_file.h"
#include "host/events/embedded/membership.h"
#include "host/events/event_log.h"

namespace stoa::host::events::embedded {

class EmbeddedSubscription : public Subscription, private Tenant {
public:
    EmbeddedSubscription(std::shared_ptr<LogFile> file, std::string member, SubscriptionOptions options);
    ~EmbeddedSubscription() override;

    std::optional<Delivery> poll(std::chrono::milliseconds wait) override;
    void commit(const std::string& topic, int partition, std::int64_t next_offset) override;
    void pause(const std::string& topic, int partition) override { setPaused(topic, partition, true); }
    void resume(const std::string& topic, int partition) override { setPaused(topic, partition, false); }
    void setTopics(std::vector<std::string> topics) override;
    void close(bool leave) override;

private:
    using TopicPartition = std::pair<std::string, int>;
    struct Assigned {
        std::string topic;
        Partition partition;
        std::int64_t position = 0;   ///< of the next record to fetch
        std::deque<Delivery> ready;  ///< fetched, not yet returned
    };

    void beat(Connection& connection) override;
    bool dirty() override;
    void flush(Connection& connection) override;

    void join();
    void rebalance();
    void giveUp(const std::vector<std::int64_t>& partitions, bool still_owner);
    void takeUp(const std::map<std::int64_t, Taken>& wanted);
    std::optional<Delivery> next();
    void fetch(Assigned& assigned);
    void setPaused(const std::string& topic, int partition, bool paused);
    void say(const std::string& notice) const;

    std::shared_ptr<LogFile> file_;
    SubscriptionOptions options_;
    Membership membership_;

    // Polling thread only.
    bool joined_ = false;
    bool closed_ = false;
    std::int64_t settled_generation_ = -1;
    std::map<std::int64_t, Assigned> assigned_;
    std::int64_t last_served_ = 0;

    std::atomic<bool> lost_{false};  ///< the heartbeat found this member removed or replaced
    std::mutex mutex_;
    std::map<TopicPartition, std::int64_t> ids_;        ///< of what is assigned
    std::map<std::int64_t, std::int64_t> uncommitted_;  ///< partition id to next offset, to be written
    std::set<TopicPartition> paused_;
};

}  // namespace stoa::host::events::embedded
