#include "host/events/lanes.h"

#include <algorithm>

namespace stoa::host::events {

using std::chrono::steady_clock;

void Lanes::add(Delivery delivery) {
    bool full = false;
    const TopicPartition name{delivery.record.topic, delivery.partition};
    {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            return;
        }
        LanePtr& lane = lanes_[name];
        if (!lane) {
            lane = std::make_shared<Lane>();
            lane->name = name;
        }
        lane->queue.push_back(std::move(delivery));
        full = lane->queue.size() >= options_.high && !lane->paused;
        lane->paused = lane->paused || full;
        startLocked(lane);
    }
    if (full) {
        calls_.pause(name.first, name.second);
    }
}

/// False when it must be asked again: the pool is full, or the time has not come.
bool Lanes::startLocked(const LanePtr& lane) {
    if (lane->running || lane->closing || lane->queue.empty() || running_ >= options_.parallel) {
        return true;  // nothing to do, or the end of a running job will see to it
    }
    if (steady_clock::now() < lane->not_before) {
        return false;
    }
    lane->running = true;
    ++running_;
    if (calls_.submit([this, lane] { run(lane); })) {
        return true;
    }
    lane->running = false;
    --running_;
    return false;
}

bool Lanes::dispatch() {
    const std::lock_guard lock(mutex_);
    bool waiting = false;
    for (auto& [name, lane] : lanes_) {
        waiting |= !startLocked(lane);
    }
    return waiting;
}

void Lanes::run(const LanePtr& lane) {
    for (std::size_t i = 0; i < options_.run_length && step(lane); ++i) {
    }
    const std::lock_guard lock(mutex_);
    lane->running = false;
    --running_;
    startOthersLocked(lane->name);
    stopped_.notify_all();
}

/// Lanes take turns: those behind the one that just ran come first, itself last.
void Lanes::startOthersLocked(const TopicPartition& after) {
    auto at = lanes_.upper_bound(after);
    for (std::size_t i = 0; i < lanes_.size() && running_ < options_.parallel; ++i, ++at) {
        if (at == lanes_.end()) {
            at = lanes_.begin();
        }
        startLocked(at->second);
    }
}

/// One try of the first event. False: not now.
bool Lanes::step(const LanePtr& lane) {
    Delivery delivery;
    int tries = 0;
    {
        const std::lock_guard lock(mutex_);
        if (lane->closing || lane->queue.empty()) {
            return false;
        }
        delivery = lane->queue.front();
        tries = lane->tries;
    }
    const Verdict verdict = calls_.handle(delivery, tries);
    bool resume = false;
    {
        const std::lock_guard lock(mutex_);
        if (lane->revoked) {
            return false;  // whoever has the partition now decides
        }
        if (!verdict.finished) {
            ++lane->tries;
            lane->not_before = steady_clock::now() + verdict.again_after;
            return verdict.again_after.count() == 0;
        }
        lane->tries = 0;
        lane->queue.pop_front();
        resume = lane->paused && lane->queue.size() <= options_.low;
        lane->paused = lane->paused && !resume;
        if (verdict.commit) {
            calls_.commit(delivery);
        }
    }
    if (resume) {
        calls_.resume(lane->name.first, lane->name.second);
    }
    return true;
}

std::vector<Lanes::LanePtr> Lanes::closeLocked(const std::vector<TopicPartition>& partitions) {
    std::vector<LanePtr> gone;
    for (const TopicPartition& name : partitions) {
        if (const auto found = lanes_.find(name); found != lanes_.end()) {
            found->second->closing = true;
            gone.push_back(found->second);
            lanes_.erase(found);
        }
    }
    return gone;
}

bool Lanes::revoke(const std::vector<TopicPartition>& partitions, Deadline deadline) {
    std::unique_lock lock(mutex_);
    const std::vector<LanePtr> gone = closeLocked(partitions);
    const bool ended = stopped_.wait_until(lock, deadline, [&] {
        return std::none_of(gone.begin(), gone.end(), [](const LanePtr& lane) { return lane->running; });
    });
    for (const LanePtr& lane : gone) {
        lane->revoked = true;
    }
    return ended;
}

bool Lanes::dropAllAndWait(Deadline deadline) {
    std::unique_lock lock(mutex_);
    closed_ = true;
    std::vector<TopicPartition> all;
    for (const auto& [name, lane] : lanes_) {
        all.push_back(name);
    }
    closeLocked(all);
    return stopped_.wait_until(lock, deadline, [&] { return running_ == 0; });
}

Lanes::~Lanes() {
    std::unique_lock lock(mutex_);
    for (auto& [name, lane] : lanes_) {
        lane->closing = true;
    }
    stopped_.wait(lock, [&] { return running_ == 0; });
}

std::size_t Lanes::queued() const {
    const std::lock_guard lock(mutex_);
    std::size_t sum = 0;
    for (const auto& [name, lane] : lanes_) {
        sum += lane->queue.size();
    }
    return sum;
}

std::size_t Lanes::inFlight() const {
    const std::lock_guard lock(mutex_);
    return running_;
}

}  // namespace stoa::host::events
