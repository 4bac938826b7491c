#include "host/app/turns.h"

#include <utility>

#include <fmt/format.h>

#include <stoa/error.h>

namespace stoa::host::app {

Turns::Turn::Turn(Turns& turns, std::string service, std::string what)
    : turns_(turns), service_(std::move(service)), what_(std::move(what)) {}

Turns::Turn::~Turn() {
    const std::lock_guard lock(turns_.mutex_);
    turns_.running_.erase(service_);
    turns_.ended_.notify_all();
}

std::string Turns::Turn::givenUp() const {
    const std::lock_guard lock(turns_.mutex_);
    return given_up_;
}

std::unique_ptr<Turns::Turn> Turns::take(const std::string& service, const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (!closed_.empty()) {
        throw Error(STOA_UNAVAILABLE, closed_);
    }
    if (const auto found = running_.find(service); found != running_.end()) {
        throw Error(STOA_CONFLICT,
                    fmt::format("{} of {} is under way: wait for its end, or end a canary with `stoactl rollback {}`",
                                found->second->what_, service, service));
    }
    std::unique_ptr<Turn> turn(new Turn(*this, service, what));
    running_.emplace(service, turn.get());
    return turn;
}

bool Turns::giveUp(const std::string& service, const std::string& why) {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(service);
    if (found == running_.end()) {
        return false;
    }
    found->second->given_up_ = why;
    return true;
}

void Turns::close(const std::string& why, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    closed_ = why;
    for (const auto& [service, turn] : running_) {
        turn->given_up_ = why;
    }
    ended_.wait_for(lock, limit, [this] { return running_.empty(); });
}

}  // namespace stoa::host::app
