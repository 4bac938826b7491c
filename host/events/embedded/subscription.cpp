#include "host/events/embedded/subscription.h"

#include <algorithm>
#include <utility>

#include "host/events/embedded/record_rows.h"
#include "host/observe/log.h"

namespace stoa::host::events::embedded {
namespace {

constexpr std::size_t kFetchRecords = 64;
constexpr std::size_t kFetchBytes = 1 << 20;

}  // namespace

EmbeddedSubscription::EmbeddedSubscription(std::shared_ptr<LogFile> file, std::string member,
                                           SubscriptionOptions options)
    : file_(std::move(file)),
      options_(std::move(options)),
      membership_(options_.group, std::move(member), file_->options().lease) {}

EmbeddedSubscription::~EmbeddedSubscription() {
    try {
        close(false);
    } catch (const Error& error) {
        observe::warn("event log: closing a subscription failed", {{"group", options_.group}, {"error", error.what()}});
    }
}

std::optional<Delivery> EmbeddedSubscription::poll(std::chrono::milliseconds wait) {
    const auto until = std::chrono::steady_clock::now() + wait;
    if (closed_) {
        throw Error(STOA_INVALID, "event log: poll after close");
    }
    for (;;) {
        const std::uint64_t tick = file_->tick();
        if (lost_.exchange(false)) {
            say("lost its lease (no heartbeat for too long, or another process has this host's id); joins again");
            std::vector<std::int64_t> all;
            for (const auto& [id, assigned] : assigned_) {
                all.push_back(id);
            }
            giveUp(all, false);
            joined_ = false;
        }
        if (!joined_) {
            join();
        }
        if (file_->generation(options_.group) != settled_generation_) {
            rebalance();
        }
        if (std::optional<Delivery> delivery = next()) {
            return delivery;
        }
        if (!file_->waitForTick(tick, until)) {
            return {};
        }
    }
}

void EmbeddedSubscription::join() {
    file_->writer().run([this](Connection& connection) { membership_.join(connection, options_.topics); },
                        Durability::kProcess);
    file_->refresh();
    joined_ = true;
    settled_generation_ = -1;
    file_->enlist(*this);
}

/// Lets go first, so that the others can go on, then takes what is free.
void EmbeddedSubscription::rebalance() {
    std::map<std::int64_t, Taken> target;
    std::int64_t generation = 0;
    // A writer's transaction, since a reading one might be older than the tick that brought us here.
    file_->writer().run(
        [&](Connection& connection) {
            target = membership_.target(connection);
            generation = membership_.generation(connection);
        },
        Durability::kProcess);
    std::vector<std::int64_t> surplus;
    for (const auto& [id, assigned] : assigned_) {
        if (!target.contains(id)) {
            surplus.push_back(id);
        }
    }
    giveUp(surplus, true);
    for (const auto& [id, assigned] : assigned_) {
        target.erase(id);
    }
    takeUp(target);
    settled_generation_ = generation;
}

void EmbeddedSubscription::giveUp(const std::vector<std::int64_t>& partitions, bool still_owner) {
    if (partitions.empty()) {
        return;
    }
    std::vector<TopicPartition> names;
    for (const std::int64_t id : partitions) {
        const Assigned& assigned = assigned_.at(id);
        names.emplace_back(assigned.topic, assigned.partition.number);
    }
    if (options_.on_revoke) {
        options_.on_revoke(names);
    }
    if (still_owner) {
        file_->writer().run(
            [&](Connection& connection) {
                flush(connection);
                membership_.release(connection, partitions);
            },
            Durability::kProcess);
        file_->refresh();
    }
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        assigned_.erase(partitions[i]);
        ids_.erase(names[i]);
        paused_.erase(names[i]);
        uncommitted_.erase(partitions[i]);
    }
}

void EmbeddedSubscription::takeUp(const std::map<std::int64_t, Taken>& wanted) {
    if (wanted.empty()) {
        return;
    }
    std::vector<Taken> taken;
    file_->writer().run([&](Connection& connection) { taken = membership_.take(connection, wanted); },
                        Durability::kProcess);
    std::vector<TopicPartition> names;
    {
        const std::lock_guard lock(mutex_);
        for (const Taken& one : taken) {
            names.emplace_back(one.topic, one.partition.number);
            ids_[names.back()] = one.partition.id;
            assigned_[one.partition.id] = Assigned{one.topic, one.partition, one.position, {}};
        }
    }
    for (const Taken& one : taken) {
        if (one.lost > 0) {
            say("retention dropped " + std::to_string(one.lost) + " records of " + one.topic + "/" +
                std::to_string(one.partition.number) + " that this group had not read");
        }
    }
    if (options_.on_assign && !names.empty()) {
        options_.on_assign(names);
    }
}

/// Partitions take turns.
std::optional<Delivery> EmbeddedSubscription::next() {
    auto at = assigned_.upper_bound(last_served_);
    for (std::size_t i = 0; i < assigned_.size(); ++i, ++at) {
        if (at == assigned_.end()) {
            at = assigned_.begin();
        }
        Assigned& assigned = at->second;
        {
            const std::lock_guard lock(mutex_);
            if (paused_.contains({assigned.topic, assigned.partition.number})) {
                continue;
            }
        }
        if (assigned.ready.empty() && assigned.position < file_->end(assigned.partition.id)) {
            fetch(assigned);
        }
        if (!assigned.ready.empty()) {
            Delivery delivery = std::move(assigned.ready.front());
            assigned.ready.pop_front();
            last_served_ = at->first;
            return delivery;
        }
    }
    return {};
}

void EmbeddedSubscription::fetch(Assigned& assigned) {
    std::size_t bytes = 0;
    const std::int64_t from = assigned.position;
    file_->read([&](Connection& connection) {
        readRecords(connection, assigned.topic, assigned.partition, from, kFetchRecords, [&](Delivery&& delivery) {
            bytes += recordBytes(delivery.record);
            assigned.position = delivery.offset + 1;
            assigned.ready.push_back(std::move(delivery));
            return bytes < kFetchBytes;
        });
    });
    if (assigned.ready.empty()) {
        return;
    }
    if (const std::int64_t lost = assigned.ready.front().offset - from; lost > 0) {
        say("retention dropped " + std::to_string(lost) + " records of " + assigned.topic + "/" +
            std::to_string(assigned.partition.number) + " that this group had not read");
    }
}

void EmbeddedSubscription::commit(const std::string& topic, int partition, std::int64_t next_offset) {
    const std::lock_guard lock(mutex_);
    const auto found = ids_.find({topic, partition});
    if (found != ids_.end()) {
        std::int64_t& next = uncommitted_[found->second];
        next = std::max(next, next_offset);
    }
}

void EmbeddedSubscription::setPaused(const std::string& topic, int partition, bool paused) {
    {
        const std::lock_guard lock(mutex_);
        if (paused) {
            paused_.insert({topic, partition});
            return;
        }
        if (paused_.erase({topic, partition}) == 0) {
            return;
        }
    }
    file_->wakeAll();
}

void EmbeddedSubscription::setTopics(std::vector<std::string> topics) {
    options_.topics = std::move(topics);
    if (joined_) {
        join();
    }
}

void EmbeddedSubscription::close(bool leave) {
    if (std::exchange(closed_, true)) {
        return;
    }
    file_->discharge(*this);
    if (!joined_) {
        return;
    }
    file_->writer().run(
        [&](Connection& connection) {
            flush(connection);
            if (leave) {
                membership_.leave(connection);
            } else {
                membership_.keep(connection, file_->options().kept);
            }
        },
        Durability::kProcess);
    file_->refresh();
}

void EmbeddedSubscription::beat(Connection& connection) {
    if (!membership_.beat(connection)) {
        lost_ = true;
    }
}

bool EmbeddedSubscription::dirty() {
    const std::lock_guard lock(mutex_);
    return !uncommitted_.empty();
}

/// Should the transaction fail, these are forgotten: a later commit covers them, or their records come once more.
void EmbeddedSubscription::flush(Connection& connection) {
    std::map<std::int64_t, std::int64_t> offsets;
    {
        const std::lock_guard lock(mutex_);
        offsets.swap(uncommitted_);
    }
    membership_.commit(connection, offsets);
}

void EmbeddedSubscription::say(const std::string& notice) const {
    observe::warn("event log: notice for a consumer group", {{"group", options_.group}, {"notice", notice}});
    if (options_.on_notice) {
        options_.on_notice(notice);
    }
}

}  // namespace stoa::host::events::embedded
