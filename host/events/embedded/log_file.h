/// One log file as this process sees it: shared by the publishers and all subscriptions.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "host/events/embedded/group_writer.h"
#include "host/events/embedded/sqlite.h"
#include "host/events/event_log.h"

namespace stoa::host::events::embedded {

struct EmbeddedOptions {
    std::chrono::milliseconds poll{20};  ///< how often commits of other processes are looked for
    std::chrono::milliseconds heartbeat{1000};
    std::chrono::milliseconds lease{4000};   ///< a member that was not heard of for this long is gone
    std::chrono::milliseconds kept{10'000};  ///< membership after close(false)
    std::chrono::milliseconds offset_flush{100};
    std::chrono::milliseconds retention_interval{60'000};
    std::chrono::hours retention_age{7 * 24};
    std::int64_t retention_bytes = std::int64_t{4} << 30;  ///< of the file; unread records go only when it is exceeded
    std::chrono::hours group_age{14 * 24};                 ///< a group without a member for this long is forgotten
};

struct Partition {
    std::int64_t id = 0;
    int number = 0;
};

/// Something that wants the file's chores done for it on the file's thread: a subscription.
class Tenant {
public:
    virtual ~Tenant() = default;
    /// In a transaction of the writer, once per heartbeat.
    virtual void beat(Connection& connection) = 0;
    /// Whether flush() has anything to write.
    virtual bool dirty() = 0;
    virtual void flush(Connection& connection) = 0;
};

/// Any thread.
class LogFile {
public:
    LogFile(std::string path, EmbeddedOptions options);
    ~LogFile();
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    const std::string& path() const { return path_; }
    const EmbeddedOptions& options() const { return options_; }
    GroupWriter& writer() { return writer_; }
    /// Runs `work` on the one reading connection.
    void read(const std::function<void(Connection&)>& work);

    void ensureTopics(std::span<const TopicSpec> topics);
    /// Partitions of a topic by number; empty: no such topic.
    std::vector<Partition> partitions(const std::string& topic);
    std::vector<std::string> topicNames() const;

    /// Offset after the last record that is known to be there.
    std::int64_t end(std::int64_t partition) const;
    void appended(const std::map<std::int64_t, std::int64_t>& ends);
    /// Counts up with everything that changes who owns what in the group.
    std::int64_t generation(const std::string& group) const;

    /// Counts up whenever something may have become visible to a subscription.
    std::uint64_t tick() const;
    /// Until the tick is another one than `seen`; false: not before `until`.
    bool waitForTick(std::uint64_t seen, std::chrono::steady_clock::time_point until) const;
    void wakeAll();
    /// Reads again what other processes have changed.
    void refresh();

    void enlist(Tenant& tenant);
    /// When it returns the tenant is not called any more.
    void discharge(Tenant& tenant);

private:
    struct Topic {
        std::int64_t id = 0;
        std::vector<Partition> partitions;
    };

    void run();
    void lookForCommits();
    void doChores();
    void beatAll();
    void flushAll();

    const std::string path_;
    const EmbeddedOptions options_;
    GroupWriter writer_;

    std::mutex reading_;
    Connection reader_;
    std::int64_t data_version_ = 0;

    mutable std::mutex mutex_;
    mutable std::condition_variable ticked_;
    std::uint64_t tick_ = 0;
    std::map<std::string, Topic> topics_;
    std::unordered_map<std::int64_t, std::int64_t> ends_;
    std::map<std::string, std::int64_t> generations_;

    std::mutex tenants_mutex_;
    std::condition_variable tenants_changed_;
    std::set<Tenant*> tenants_;
    bool stopping_ = false;
    std::chrono::steady_clock::time_point next_beat_{};
    std::chrono::steady_clock::time_point next_flush_{};
    std::chrono::steady_clock::time_point next_retention_{};
    std::thread thread_;
};

}  // namespace stoa::host::events::embedded
