#include "host/events/embedded/membership.h"

#include <algorithm>
#include <random>
#include <utility>

#include "host/events/embedded/schema.h"
#include "host/events/partitioner.h"

namespace stoa::host::events::embedded {
namespace {

std::string joined(const std::vector<std::string>& topics) {
    std::string text;
    for (const std::string& topic : topics) {
        text += topic + '\n';
    }
    return text;
}

std::int64_t newIncarnation() {
    std::random_device random;
    return static_cast<std::int64_t>((std::uint64_t{random()} << 31 ^ random()) & 0x7fffffffffffffff);
}

}  // namespace

Membership::Membership(std::string group, std::string member, std::chrono::milliseconds lease)
    : group_(std::move(group)),
      member_(std::move(member)),
      incarnation_(newIncarnation()),
      lease_us_(std::chrono::microseconds{lease}.count()) {}

void Membership::join(Connection& connection, const std::vector<std::string>& topics) {
    connection
        .prepare(
            "INSERT INTO groups (name, generation, seen_us) VALUES (?, 1, ?) "
            "ON CONFLICT (name) DO UPDATE SET generation=generation+1, seen_us=excluded.seen_us")
        .bind(group_)
        .bind(wallMicros())
        .run();
    const std::string list = joined(topics);
    connection
        .prepare(
            "INSERT INTO members (group_name, member, incarnation, expires_us, topics) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (group_name, member) DO UPDATE SET incarnation=excluded.incarnation, "
            "expires_us=excluded.expires_us, topics=excluded.topics")
        .bind(group_)
        .bind(member_)
        .bind(incarnation_)
        .bind(monotonicMicros() + lease_us_)
        .bind(list)
        .run();
    for (const std::string& topic : topics) {
        connection.prepare("INSERT OR IGNORE INTO group_topics (group_name, topic) VALUES (?, ?)")
            .bind(group_)
            .bind(topic)
            .run();
    }
    // Retention waits for the topics of a group: not for those that no member reads any more.
    const auto read = membersByTopic(connection);
    for (const std::string& topic : rememberedTopics(connection)) {
        if (!read.contains(topic)) {
            connection.prepare("DELETE FROM group_topics WHERE group_name=? AND topic=?")
                .bind(group_)
                .bind(topic)
                .run();
        }
    }
}

std::vector<std::string> Membership::rememberedTopics(Connection& connection) const {
    std::vector<std::string> topics;
    Statement rows = connection.prepare("SELECT topic FROM group_topics WHERE group_name=?");
    rows.bind(group_);
    while (rows.step()) {
        topics.push_back(rows.bytes(0));
    }
    return topics;
}

bool Membership::beat(Connection& connection) {
    const std::int64_t now = monotonicMicros();
    connection
        .prepare("UPDATE members SET expires_us=? WHERE group_name=? AND member=? AND incarnation=? AND expires_us>?")
        .bind(now + lease_us_)
        .bind(group_)
        .bind(member_)
        .bind(incarnation_)
        .bind(now)
        .run();
    const bool alive = connection.changes() > 0;
    connection.prepare("DELETE FROM members WHERE group_name=? AND expires_us<=?").bind(group_).bind(now).run();
    if (connection.changes() > 0) {
        changed(connection);
    }
    connection.prepare("UPDATE groups SET seen_us=? WHERE name=?").bind(wallMicros()).bind(group_).run();
    return alive;
}

std::map<std::string, std::vector<std::string>> Membership::membersByTopic(Connection& connection) const {
    std::map<std::string, std::vector<std::string>> by_topic;
    Statement members =
        connection.prepare("SELECT member, topics FROM members WHERE group_name=? AND expires_us>? ORDER BY member");
    members.bind(group_).bind(monotonicMicros());
    while (members.step()) {
        const std::string topics = members.bytes(1);
        for (std::size_t at = 0; at < topics.size();) {
            const std::size_t end = topics.find('\n', at);
            by_topic[topics.substr(at, end - at)].push_back(members.bytes(0));
            at = end + 1;
        }
    }
    return by_topic;
}

std::map<std::int64_t, Taken> Membership::target(Connection& connection) const {
    std::map<std::int64_t, Taken> target;
    for (const auto& [topic, members] : membersByTopic(connection)) {
        if (std::find(members.begin(), members.end(), member_) == members.end()) {
            continue;
        }
        // Starting with another member for each topic: with few partitions the first would get them all.
        const std::size_t first = murmur2(topic) % members.size();
        Statement partitions = connection.prepare(
            "SELECT p.id, p.number FROM partitions p JOIN topics t ON t.id=p.topic WHERE t.name=? ORDER BY p.number");
        partitions.bind(topic);
        while (partitions.step()) {
            const auto number = static_cast<std::size_t>(partitions.integer(1));
            if (members[(first + number) % members.size()] == member_) {
                const std::int64_t id = partitions.integer(0);
                target[id] = Taken{topic, {id, static_cast<int>(number)}, 0, 0};
            }
        }
    }
    return target;
}

std::vector<Taken> Membership::take(Connection& connection, const std::map<std::int64_t, Taken>& wanted) const {
    std::vector<Taken> taken;
    for (const auto& [id, partition] : wanted) {
        connection
            .prepare(
                "INSERT INTO owners (group_name, partition, member, incarnation) VALUES (?1, ?2, ?3, ?4) "
                "ON CONFLICT (group_name, partition) DO UPDATE SET member=?3, incarnation=?4 "
                "WHERE owners.member=?3 OR NOT EXISTS (SELECT 1 FROM members m WHERE m.group_name=?1 "
                "AND m.member=owners.member AND m.incarnation=owners.incarnation AND m.expires_us>?5)")
            .bind(group_)
            .bind(id)
            .bind(member_)
            .bind(incarnation_)
            .bind(monotonicMicros())
            .run();
        if (connection.changes() == 0) {
            continue;  // its owner lives; it will let go and count the generation up
        }
        Statement position = connection.prepare(
            "SELECT p.first, o.next FROM partitions p LEFT JOIN offsets o ON o.partition=p.id AND o.group_name=? "
            "WHERE p.id=?");
        position.bind(group_).bind(id);
        if (position.step()) {
            Taken& one = taken.emplace_back(partition);
            const std::int64_t first = position.integer(0);
            const std::int64_t committed = position.isNull(1) ? first : position.integer(1);
            one.position = std::max(first, committed);
            one.lost = one.position - committed;
        }
    }
    return taken;
}

void Membership::release(Connection& connection, const std::vector<std::int64_t>& partitions) const {
    std::int64_t released = 0;
    for (const std::int64_t partition : partitions) {
        connection.prepare("DELETE FROM owners WHERE group_name=? AND partition=? AND member=? AND incarnation=?")
            .bind(group_)
            .bind(partition)
            .bind(member_)
            .bind(incarnation_)
            .run();
        released += connection.changes();
    }
    if (released > 0) {
        changed(connection);
    }
}

void Membership::commit(Connection& connection, const std::map<std::int64_t, std::int64_t>& offsets) const {
    for (const auto& [partition, next] : offsets) {
        // Whoever lost the partition in the meantime has nothing to say about it any more.
        connection
            .prepare(
                "INSERT INTO offsets (group_name, partition, next) SELECT ?1, ?2, ?3 WHERE EXISTS "
                "(SELECT 1 FROM owners WHERE group_name=?1 AND partition=?2 AND member=?4 AND incarnation=?5) "
                "ON CONFLICT (group_name, partition) DO UPDATE SET next=excluded.next "
                "WHERE excluded.next>offsets.next")
            .bind(group_)
            .bind(partition)
            .bind(next)
            .bind(member_)
            .bind(incarnation_)
            .run();
    }
}

void Membership::leave(Connection& connection) const {
    connection.prepare("DELETE FROM owners WHERE group_name=? AND member=? AND incarnation=?")
        .bind(group_)
        .bind(member_)
        .bind(incarnation_)
        .run();
    connection.prepare("DELETE FROM members WHERE group_name=? AND member=? AND incarnation=?")
        .bind(group_)
        .bind(member_)
        .bind(incarnation_)
        .run();
    changed(connection);
}

void Membership::keep(Connection& connection, std::chrono::milliseconds duration) const {
    connection.prepare("UPDATE members SET expires_us=? WHERE group_name=? AND member=? AND incarnation=?")
        .bind(monotonicMicros() + std::chrono::microseconds{duration}.count())
        .bind(group_)
        .bind(member_)
        .bind(incarnation_)
        .run();
}

std::int64_t Membership::generation(Connection& connection) const {
    Statement generation = connection.prepare("SELECT generation FROM groups WHERE name=?");
    generation.bind(group_);
    return generation.step() ? generation.integer(0) : 0;
}

void Membership::changed(Connection& connection) const {
    connection.prepare("UPDATE groups SET generation=generation+1 WHERE name=?").bind(group_).run();
}

}  // namespace stoa::host::events::embedded
