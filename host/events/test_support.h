/// What the tests of this folder share.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <stoa/json.h>

#include "host/base/ids.h"
#include "host/events/embedded/embedded_log.h"
#include "host/events/event_log.h"
#include "host/events/outbox.h"
#include "host/events/surroundings.h"
#include "host/sql/database.h"

namespace stoa::host::events::test {

/// A folder that goes with the test.
class Folder {
public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "stoa-events-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

inline bool eventually(const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
}

/// A log that a test can take down, or make refuse a key.
class FaultyLog : public EventLog {
public:
    explicit FaultyLog(EventLog& log) : log_(log) {}

    std::atomic<bool> down{false};
    std::atomic<int> publishes{0};
    void refuse(const std::string& key) {
        const std::lock_guard lock(mutex_);
        refused_ = {key};
    }
    void refuseNothing() {
        const std::lock_guard lock(mutex_);
        refused_.clear();
    }

    void ensureTopics(std::span<const TopicSpec> topics) override {
        throwWhenDown();
        log_.ensureTopics(topics);
    }
    std::vector<stoa_status> publish(std::span<const Record> records) override {
        ++publishes;
        std::vector<stoa_status> statuses;
        for (const Record& record : records) {
            const std::lock_guard lock(mutex_);
            if (down || refused_.contains(record.key)) {
                statuses.push_back(down ? STOA_UNAVAILABLE : STOA_INVALID);
            } else {
                statuses.push_back(log_.publish({&record, 1})[0]);
            }
        }
        return statuses;
    }
    std::unique_ptr<Subscription> subscribe(SubscriptionOptions options) override {
        throwWhenDown();
        return log_.subscribe(std::move(options));
    }
    std::vector<TopicInfo> topics(const std::vector<std::string>& names) override { return log_.topics(names); }
    std::vector<Delivery> browse(const std::string& topic, int partition, std::int64_t from,
                                 std::size_t limit) override {
        return log_.browse(topic, partition, from, limit);
    }
    std::vector<std::int64_t> committed(const std::string& group, const std::string& topic) override {
        return log_.committed(group, topic);
    }
    std::string describe() const override { return log_.describe(); }

private:
    void throwWhenDown() const {
        if (down) {
            throw Error(STOA_UNAVAILABLE, "the log is down");
        }
    }

    EventLog& log_;
    std::mutex mutex_;
    std::set<std::string> refused_;
};

/// A database that a test can take down, and that counts transactions.
class FaultyDatabase : public sql::Database {
public:
    explicit FaultyDatabase(std::unique_ptr<sql::Database> database) : database_(std::move(database)) {}

    std::atomic<bool> down{false};
    std::atomic<int> refusals{0};
    std::atomic<int> begun{0};

    std::unique_ptr<sql::Transaction> begin(sql::Mode mode, std::optional<Deadline> deadline) override {
        ++begun;
        if (down) {
            ++refusals;
            throw Error(STOA_UNAVAILABLE, "the database is down");
        }
        return database_->begin(mode, deadline);
    }
    sql::Dialect dialect() const override { return database_->dialect(); }
    void ping() override { database_->ping(); }
    std::string describe() const override { return database_->describe(); }

private:
    std::unique_ptr<sql::Database> database_;
};

inline embedded::EmbeddedOptions quick() {
    embedded::EmbeddedOptions options;
    options.heartbeat = std::chrono::milliseconds{100};
    options.lease = std::chrono::milliseconds{1000};
    options.kept = std::chrono::milliseconds{1000};
    options.offset_flush = std::chrono::milliseconds{10};
    return options;
}

/// Where the databases of a test program are. The same suites run on both (sqlite_place_test.cpp,
/// stack/on_postgresql.cpp).
class DatabasePlace {
public:
    virtual ~DatabasePlace() = default;
    virtual std::unique_ptr<sql::Database> open(const std::string& folder) const = 0;
};
std::unique_ptr<DatabasePlace> newDatabasePlace();

/// An embedded log, a database with the tables of events and one of the test's own, in a folder.
struct Stage {
    Folder folder;
    std::unique_ptr<EventLog> embedded = embedded::openEmbeddedLog(folder.path() + "/events.db", "host-a", quick());
    FaultyLog log{*embedded};
    std::unique_ptr<DatabasePlace> place = newDatabasePlace();
    FaultyDatabase database{place->open(folder.path())};
    observe::Metrics metrics;
    Clock clock;

    Stage() {
        migrate(database);
        database.transact(sql::Mode::kWrite, {}, [](sql::Transaction& transaction) {
            transaction.execute("CREATE TABLE effects (id text PRIMARY KEY, n bigint NOT NULL, what text NOT NULL)",
                                {});
        });
    }

    void addEffect(sql::Transaction& transaction, const std::string& what) {
        transaction.execute("INSERT INTO effects (id, n, what) VALUES ($1, $2, $3)", {newId(clock), ++effects_, what});
    }

    Surroundings surroundings() { return {log, database, metrics, clock}; }

    std::int64_t count(const std::string& statement) {
        const auto transaction = database.begin(sql::Mode::kRead, {});
        return std::get<std::int64_t>(transaction->execute(statement, {}).rows.at(0).at(0));
    }
    std::vector<std::string> effects() {
        const auto transaction = database.begin(sql::Mode::kRead, {});
        std::vector<std::string> effects;
        for (const auto& row : transaction->execute("SELECT what FROM effects ORDER BY n", {}).rows) {
            effects.push_back(std::get<std::string>(row[0]));
        }
        return effects;
    }
    /// Every record of a topic, partition by partition.
    std::vector<Delivery> recordsOf(const std::string& topic) {
        std::vector<Delivery> all;
        for (const TopicInfo& info : embedded->topics({topic})) {
            for (std::size_t partition = 0; partition < info.end.size(); ++partition) {
                for (Delivery& delivery : embedded->browse(topic, static_cast<int>(partition), 0, 100'000)) {
                    all.push_back(std::move(delivery));
                }
            }
        }
        return all;
    }

private:
    std::atomic<std::int64_t> effects_{0};
};

}  // namespace stoa::host::events::test
