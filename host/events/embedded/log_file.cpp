#include "host/events/embedded/log_file.h"

#include <algorithm>
#include <utility>

#include "host/events/embedded/retention.h"
#include "host/events/embedded/schema.h"
#include "host/observe/log.h"

namespace stoa::host::events::embedded {

using std::chrono::steady_clock;

LogFile::LogFile(std::string path, EmbeddedOptions options)
    : path_(std::move(path)), options_(options), writer_(path_), reader_(path_) {
    {
        const std::lock_guard lock(reading_);
        prepareFile(reader_);
    }
    refresh();
    thread_ = std::thread([this] { run(); });
}

LogFile::~LogFile() {
    {
        const std::lock_guard lock(tenants_mutex_);
        stopping_ = true;
    }
    tenants_changed_.notify_all();
    thread_.join();
}

void LogFile::read(const std::function<void(Connection&)>& work) {
    const std::lock_guard lock(reading_);
    work(reader_);
}

void LogFile::ensureTopics(std::span<const TopicSpec> topics) {
    const auto known = [&](const TopicSpec& topic) { return !partitions(topic.name).empty(); };
    if (std::all_of(topics.begin(), topics.end(), known)) {
        return;
    }
    for (const TopicSpec& topic : topics) {
        if (topic.name.empty() || topic.name.find('\n') != std::string::npos || topic.partitions < 1) {
            throw Error(STOA_INVALID, "event log: topic \"" + topic.name + "\" needs a name and at least 1 partition");
        }
    }
    writer_.run(
        [&](Connection& connection) {
            for (const TopicSpec& topic : topics) {
                connection.prepare("INSERT OR IGNORE INTO topics (name) VALUES (?)").bind(topic.name).run();
                if (connection.changes() == 0) {
                    continue;
                }
                for (int number = 0; number < topic.partitions; ++number) {
                    connection.prepare("INSERT INTO partitions (topic, number) SELECT id, ? FROM topics WHERE name=?")
                        .bind(number)
                        .bind(topic.name)
                        .run();
                }
            }
            // A subscription may wait for one of them.
            connection.prepare("UPDATE groups SET generation=generation+1").run();
        },
        Durability::kDisk);
    refresh();
}

std::vector<Partition> LogFile::partitions(const std::string& topic) {
    for (const bool again : {true, false}) {
        {
            const std::lock_guard lock(mutex_);
            if (const auto found = topics_.find(topic); found != topics_.end()) {
                return found->second.partitions;
            }
        }
        if (again) {
            refresh();  // another process may have made it a moment ago
        }
    }
    return {};
}

std::vector<std::string> LogFile::topicNames() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, topic] : topics_) {
        names.push_back(name);
    }
    return names;
}

std::int64_t LogFile::end(std::int64_t partition) const {
    const std::lock_guard lock(mutex_);
    const auto found = ends_.find(partition);
    return found == ends_.end() ? 0 : found->second;
}

void LogFile::appended(const std::map<std::int64_t, std::int64_t>& ends) {
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [partition, end] : ends) {
            std::int64_t& known = ends_[partition];
            known = std::max(known, end);
        }
        ++tick_;
    }
    ticked_.notify_all();
}

std::int64_t LogFile::generation(const std::string& group) const {
    const std::lock_guard lock(mutex_);
    const auto found = generations_.find(group);
    return found == generations_.end() ? 0 : found->second;
}

std::uint64_t LogFile::tick() const {
    const std::lock_guard lock(mutex_);
    return tick_;
}

bool LogFile::waitForTick(std::uint64_t seen, steady_clock::time_point until) const {
    std::unique_lock lock(mutex_);
    return ticked_.wait_until(lock, until, [&] { return tick_ != seen; });
}

void LogFile::wakeAll() { appended({}); }

void LogFile::refresh() {
    std::map<std::string, Topic> topics;
    std::unordered_map<std::int64_t, std::int64_t> ends;
    std::map<std::string, std::int64_t> generations;
    read([&](Connection& connection) {
        Statement rows = connection.prepare(
            "SELECT t.name, t.id, p.id, p.number, p.next FROM topics t JOIN partitions p ON p.topic=t.id "
            "ORDER BY t.name, p.number");
        while (rows.step()) {
            Topic& topic = topics[rows.bytes(0)];
            topic.id = rows.integer(1);
            topic.partitions.push_back({rows.integer(2), static_cast<int>(rows.integer(3))});
            ends[rows.integer(2)] = rows.integer(4);
        }
        Statement groups = connection.prepare("SELECT name, generation FROM groups");
        while (groups.step()) {
            generations[groups.bytes(0)] = groups.integer(1);
        }
    });
    {
        const std::lock_guard lock(mutex_);
        topics_ = std::move(topics);
        for (const auto& [partition, end] : ends) {
            std::int64_t& known = ends_[partition];  // may be ahead: appended() came after our snapshot
            known = std::max(known, end);
        }
        for (const auto& [group, generation] : generations) {
            std::int64_t& known = generations_[group];
            known = std::max(known, generation);
        }
        ++tick_;
    }
    ticked_.notify_all();
}

void LogFile::enlist(Tenant& tenant) {
    {
        const std::lock_guard lock(tenants_mutex_);
        tenants_.insert(&tenant);
    }
    tenants_changed_.notify_all();
}

void LogFile::discharge(Tenant& tenant) {
    const std::lock_guard lock(tenants_mutex_);
    tenants_.erase(&tenant);
}

void LogFile::run() {
    std::unique_lock lock(tenants_mutex_);
    while (!stopping_) {
        if (tenants_.empty()) {
            tenants_changed_.wait_for(lock, options_.retention_interval,
                                      [this] { return stopping_ || !tenants_.empty(); });
        } else {
            tenants_changed_.wait_for(lock, options_.poll, [this] { return stopping_; });
        }
        if (stopping_) {
            return;
        }
        try {
            doChores();
        } catch (const Error& error) {
            observe::error("event log: chores failed, tried again in a second", {{"error", error.what()}});
            tenants_changed_.wait_for(lock, std::chrono::seconds{1}, [this] { return stopping_; });
        }
    }
}

/// With tenants_mutex_ held, so that no tenant goes while it is called.
void LogFile::doChores() {
    if (!tenants_.empty()) {
        lookForCommits();
    }
    const auto now = steady_clock::now();
    if (now >= next_beat_ && !tenants_.empty()) {
        next_beat_ = now + options_.heartbeat;
        beatAll();
    }
    if (now >= next_flush_) {
        next_flush_ = now + options_.offset_flush;
        flushAll();
    }
    if (now >= next_retention_) {
        next_retention_ = now + options_.retention_interval;
        applyRetention(*this);
    }
}

void LogFile::lookForCommits() {
    bool changed = false;
    read([&](Connection& connection) {
        const std::int64_t version = connection.dataVersion();
        changed = std::exchange(data_version_, version) != version;
    });
    if (changed) {
        refresh();
    }
}

void LogFile::beatAll() {
    writer_.run(
        [&](Connection& connection) {
            for (Tenant* tenant : tenants_) {
                tenant->beat(connection);
            }
        },
        Durability::kProcess);
}

void LogFile::flushAll() {
    if (std::none_of(tenants_.begin(), tenants_.end(), [](Tenant* tenant) { return tenant->dirty(); })) {
        return;
    }
    writer_.run(
        [&](Connection& connection) {
            for (Tenant* tenant : tenants_) {
                tenant->flush(connection);
            }
        },
        Durability::kProcess);
}

}  // namespace stoa::host::events::embedded
