#include "host/events/embedded/group_writer.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace stoa::host::events::embedded {

void GroupWriter::run(const Job& job, Durability durability) {
    Waiter self{&job, durability, false, {}};
    std::unique_lock lock(mutex_);
    waiting_.push_back(&self);
    while (!self.done) {
        if (committing_) {
            changed_.wait(lock);
            continue;
        }
        committing_ = true;
        const std::vector<Waiter*> group = std::exchange(waiting_, {});
        lock.unlock();
        const std::optional<Error> error = commit(group);
        lock.lock();
        for (Waiter* waiter : group) {
            waiter->error = error;
            waiter->done = true;
        }
        committing_ = false;
        changed_.notify_all();
    }
    if (self.error) {
        throw Error(*self.error);
    }
}

std::size_t GroupWriter::waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
}

std::optional<Error> GroupWriter::commit(const std::vector<Waiter*>& group) {
    try {
        const bool to_disk = std::any_of(group.begin(), group.end(),
                                         [](const Waiter* waiter) { return waiter->durability == Durability::kDisk; });
        setDurability(to_disk ? Durability::kDisk : Durability::kProcess);
        WriteScope scope(connection_);
        for (const Waiter* waiter : group) {
            (*waiter->job)(connection_);
        }
        scope.commit();
        return {};
    } catch (const Error& error) {
        return error;
    } catch (const std::exception& error) {
        return Error(STOA_INTERNAL, std::string{"event log: "} + error.what());
    }
}

void GroupWriter::setDurability(Durability durability) {
    if (durability_ != durability) {
        connection_.execute(durability == Durability::kDisk ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
        durability_ = durability;
    }
}

}  // namespace stoa::host::events::embedded
