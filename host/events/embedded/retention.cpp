#include "host/events/embedded/retention.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "host/events/embedded/log_file.h"
#include "host/events/embedded/schema.h"
#include "host/observe/log.h"

namespace stoa::host::events::embedded {
namespace {

constexpr std::int64_t kChunk = 1000;  ///< records per transaction: publishers wait for it

struct Candidate {
    std::string topic;
    std::int64_t partition = 0;
    std::int64_t number = 0;
    std::int64_t first = 0;
    std::int64_t next = 0;
    std::int64_t read = 0;  ///< every group has read what lies before
};

std::vector<Candidate> candidates(LogFile& file) {
    std::vector<Candidate> all;
    file.read([&](Connection& connection) {
        Statement rows = connection.prepare(
            "SELECT t.name, p.id, p.number, p.first, p.next, "
            "(SELECT min(coalesce(o.next, p.first)) FROM group_topics g LEFT JOIN offsets o "
            " ON o.group_name=g.group_name AND o.partition=p.id WHERE g.topic=t.name) "
            "FROM partitions p JOIN topics t ON t.id=p.topic WHERE p.next>p.first");
        while (rows.step()) {
            const std::int64_t next = rows.integer(4);
            all.push_back({rows.bytes(0), rows.integer(1), rows.integer(2), rows.integer(3), next,
                           rows.isNull(5) ? next : rows.integer(5)});
        }
    });
    return all;
}

/// Drops at most a chunk of the records in [first, before) that are older than `older_us`. How many.
std::int64_t drop(LogFile& file, Candidate& candidate, std::int64_t before, std::int64_t older_us) {
    std::int64_t dropped = 0;
    file.writer().run(
        [&](Connection& connection) {
            const std::int64_t end = std::min(before, candidate.first + kChunk);
            std::int64_t keep = end;  // first record that stays
            {
                Statement young = connection.prepare(
                    "SELECT id FROM records WHERE id>=? AND id<? AND time_us>=? ORDER BY id LIMIT 1");
                young.bind(rowId(candidate.partition, candidate.first)).bind(rowId(candidate.partition, end));
                young.bind(older_us);
                if (young.step()) {
                    keep = offsetOf(young.integer(0));
                }
            }
            connection.prepare("DELETE FROM records WHERE id>=? AND id<?")
                .bind(rowId(candidate.partition, candidate.first))
                .bind(rowId(candidate.partition, keep))
                .run();
            connection.prepare("UPDATE partitions SET first=max(first, ?) WHERE id=?")
                .bind(keep)
                .bind(candidate.partition)
                .run();
            dropped = keep - candidate.first;
        },
        Durability::kProcess);
    candidate.first += dropped;
    return dropped;
}

void dropOld(LogFile& file, std::vector<Candidate>& all) {
    const std::int64_t older = wallMicros() - std::chrono::microseconds{file.options().retention_age}.count();
    for (Candidate& candidate : all) {
        while (candidate.first < candidate.read && drop(file, candidate, candidate.read, older) > 0) {
        }
    }
}

bool tooLarge(LogFile& file) {
    std::int64_t bytes = 0;
    file.read([&](Connection& connection) { bytes = connection.fileBytes(); });
    return bytes > file.options().retention_bytes;
}

/// A chunk at a time, of the partition that has most to give.
void dropForSize(LogFile& file, std::vector<Candidate>& all, bool unread) {
    constexpr std::int64_t kAnyAge = INT64_MAX;
    while (tooLarge(file)) {
        Candidate* largest = nullptr;
        std::int64_t most = 0;
        for (Candidate& candidate : all) {
            const std::int64_t size = (unread ? candidate.next : candidate.read) - candidate.first;
            if (size > most) {
                most = size;
                largest = &candidate;
            }
        }
        if (largest == nullptr) {
            return;
        }
        const std::int64_t dropped = drop(file, *largest, unread ? largest->next : largest->read, kAnyAge);
        if (unread) {
            observe::warn("event log: too large, dropped records that a group has not read; give it more room",
                          {{"topic", largest->topic},
                           {"partition", std::to_string(largest->number)},
                           {"records", std::to_string(dropped)}});
        }
    }
}

void forgetGroups(LogFile& file) {
    const std::int64_t before = wallMicros() - std::chrono::microseconds{file.options().group_age}.count();
    std::vector<std::string> names;
    file.read([&](Connection& connection) {
        Statement old = connection.prepare(
            "SELECT g.name FROM groups g WHERE g.seen_us<? AND NOT EXISTS (SELECT 1 FROM members m "
            "WHERE m.group_name=g.name AND m.expires_us>?)");
        old.bind(before).bind(monotonicMicros());
        while (old.step()) {
            names.push_back(old.bytes(0));
        }
    });
    for (const std::string& name : names) {
        observe::warn("event log: forgets a consumer group that nobody was a member of for long", {{"group", name}});
        file.writer().run(
            [&](Connection& connection) {
                for (const char* sql :
                     {"DELETE FROM offsets WHERE group_name=?", "DELETE FROM owners WHERE group_name=?",
                      "DELETE FROM members WHERE group_name=?", "DELETE FROM group_topics WHERE group_name=?",
                      "DELETE FROM groups WHERE name=?"}) {
                    connection.prepare(sql).bind(name).run();
                }
            },
            Durability::kProcess);
    }
}

}  // namespace

void applyRetention(LogFile& file) {
    forgetGroups(file);
    std::vector<Candidate> all = candidates(file);
    dropOld(file, all);
    dropForSize(file, all, false);
    dropForSize(file, all, true);
}

}  // namespace stoa::host::events::embedded
