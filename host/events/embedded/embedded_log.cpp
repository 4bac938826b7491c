#include "host/events/embedded/embedded_log.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "host/events/embedded/record_rows.h"
#include "host/events/embedded/schema.h"
#include "host/events/embedded/subscription.h"
#include "host/events/partitioner.h"
#include "host/observe/log.h"

namespace stoa::host::events::embedded {
namespace {

class EmbeddedLog : public EventLog {
public:
    EmbeddedLog(const std::string& path, std::string member, EmbeddedOptions options)
        : file_(std::make_shared<LogFile>(path, options)), member_(std::move(member)) {}

    void ensureTopics(std::span<const TopicSpec> topics) override { file_->ensureTopics(topics); }
    std::vector<stoa_status> publish(std::span<const Record> records) override;
    std::unique_ptr<Subscription> subscribe(SubscriptionOptions options) override {
        return std::make_unique<EmbeddedSubscription>(file_, member_, std::move(options));
    }
    std::vector<TopicInfo> topics(const std::vector<std::string>& names) override;
    std::vector<Delivery> browse(const std::string& topic, int partition, std::int64_t from,
                                 std::size_t limit) override;
    std::vector<std::int64_t> committed(const std::string& group, const std::string& topic) override;
    std::string describe() const override { return "sqlite:" + file_->path(); }

private:
    struct Placed {
        const Record* record;
        std::int64_t partition;
    };
    std::vector<Placed> place(std::span<const Record> records, std::vector<stoa_status>& statuses);

    std::shared_ptr<LogFile> file_;
    std::string member_;
};

std::vector<EmbeddedLog::Placed> EmbeddedLog::place(std::span<const Record> records,
                                                    std::vector<stoa_status>& statuses) {
    std::vector<Placed> placed;
    std::set<std::pair<std::string_view, std::string_view>> broken;  // (topic, key): nothing later may pass
    for (std::size_t i = 0; i < records.size(); ++i) {
        const Record& record = records[i];
        const std::vector<Partition> partitions = file_->partitions(record.topic);
        if (partitions.empty()) {
            statuses[i] = STOA_NOT_FOUND;
        } else if (recordBytes(record) > kMaxRecordBytes) {
            statuses[i] = STOA_INVALID;
        } else if (broken.contains({record.topic, record.key})) {
            statuses[i] = STOA_UNAVAILABLE;
        } else {
            const int number = partitionOf(record.key, static_cast<int>(partitions.size()));
            placed.push_back({&record, partitions[static_cast<std::size_t>(number)].id});
            continue;
        }
        broken.emplace(record.topic, record.key);
    }
    return placed;
}

void append(Connection& connection, std::int64_t partition, const Record& record, std::int64_t time_us,
            std::int64_t& end) {
    {
        Statement next = connection.prepare("UPDATE partitions SET next=next+1 WHERE id=? RETURNING next");
        next.bind(partition);
        while (next.step()) {
            end = next.integer(0);
        }
    }
    const std::string headers = encodeHeaders(record);
    connection.prepare("INSERT INTO records (id, time_us, key, value, headers) VALUES (?, ?, ?, ?, ?)")
        .bind(rowId(partition, end - 1))
        .bind(time_us)
        .bindBytes(record.key)
        .bindBytes(record.value)
        .bindBytes(headers)
        .run();
}

std::vector<stoa_status> EmbeddedLog::publish(std::span<const Record> records) {
    std::vector<stoa_status> statuses(records.size(), STOA_OK);
    const std::vector<Placed> placed = place(records, statuses);
    if (placed.empty()) {
        return statuses;
    }
    std::map<std::int64_t, std::int64_t> ends;
    try {
        file_->writer().run(
            [&](Connection& connection) {
                const std::int64_t now = wallMicros();
                for (const Placed& one : placed) {
                    append(connection, one.partition, *one.record, now, ends[one.partition]);
                }
            },
            Durability::kDisk);
    } catch (const Error& error) {
        observe::error("event log: append failed", {{"error", error.what()}});
        for (stoa_status& status : statuses) {
            status = status == STOA_OK ? error.status() : status;
        }
        return statuses;
    }
    file_->appended(ends);
    return statuses;
}

std::vector<TopicInfo> EmbeddedLog::topics(const std::vector<std::string>& names) {
    const std::set<std::string> wanted(names.begin(), names.end());
    std::vector<TopicInfo> topics;
    file_->read([&](Connection& connection) {
        Statement rows = connection.prepare(
            "SELECT t.name, p.first, p.next FROM topics t JOIN partitions p ON p.topic=t.id ORDER BY t.name, p.number");
        while (rows.step()) {
            std::string name = rows.bytes(0);
            if (!wanted.contains(name)) {
                continue;
            }
            if (topics.empty() || topics.back().name != name) {
                topics.push_back({std::move(name), {}, {}});
            }
            topics.back().begin.push_back(rows.integer(1));
            topics.back().end.push_back(rows.integer(2));
        }
    });
    return topics;
}

std::vector<Delivery> EmbeddedLog::browse(const std::string& topic, int partition, std::int64_t from,
                                          std::size_t limit) {
    const std::vector<Partition> partitions = file_->partitions(topic);
    if (partition < 0 || static_cast<std::size_t>(partition) >= partitions.size()) {
        throw Error(STOA_NOT_FOUND, "event log: no partition " + std::to_string(partition) + " of topic " + topic);
    }
    std::vector<Delivery> deliveries;
    file_->read([&](Connection& connection) {
        readRecords(connection, topic, partitions[static_cast<std::size_t>(partition)], from < 0 ? 0 : from, limit,
                    [&](Delivery&& delivery) {
                        deliveries.push_back(std::move(delivery));
                        return true;
                    });
    });
    return deliveries;
}

std::vector<std::int64_t> EmbeddedLog::committed(const std::string& group, const std::string& topic) {
    std::vector<std::int64_t> offsets;
    file_->read([&](Connection& connection) {
        Statement rows = connection.prepare(
            "SELECT coalesce(o.next, -1) FROM topics t JOIN partitions p ON p.topic=t.id "
            "LEFT JOIN offsets o ON o.partition=p.id AND o.group_name=? WHERE t.name=? ORDER BY p.number");
        rows.bind(group).bind(topic);
        while (rows.step()) {
            offsets.push_back(rows.integer(0));
        }
    });
    return offsets;
}

}  // namespace

std::unique_ptr<EventLog> openEmbeddedLog(const std::string& path, const std::string& member, EmbeddedOptions options) {
    return std::make_unique<EmbeddedLog>(path, member, options);
}

}  // namespace stoa::host::events::embedded
