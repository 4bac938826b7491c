#include "host/outbound/breaker.h"

#include <algorithm>

namespace stoa::host::outbound {
namespace {

std::int64_t secondOf(Breaker::TimePoint time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

Breaker::Breaker(BreakerOptions options, std::function<double()> random)
    : options_(options), random_(std::move(random)) {}

std::optional<Breaker::Leave> Breaker::admit(TimePoint now) {
    const std::lock_guard lock{mutex_};
    follow(now);
    if (state_ == State::kOpen || (state_ == State::kHalfOpen && probing_ + good_probes_ >= options_.probes)) {
        return std::nullopt;
    }
    probing_ += state_ == State::kHalfOpen ? 1 : 0;
    return epoch_;
}

void Breaker::record(Leave leave, bool failed, TimePoint now) {
    const std::lock_guard lock{mutex_};
    follow(now);
    if (leave != epoch_) {
        return;
    }
    if (state_ == State::kClosed) {
        count(failed, now);
        if (failed && failing(now)) {
            open(now);
        }
        return;
    }
    --probing_;
    if (failed) {
        open(now);
    } else if (++good_probes_ >= options_.probes) {
        opened_ = 0;
        seconds_ = {};
        enter(State::kClosed);
    }
}

void Breaker::release(Leave leave) {
    const std::lock_guard lock{mutex_};
    if (leave == epoch_ && state_ == State::kHalfOpen) {
        --probing_;
    }
}

Breaker::State Breaker::state(TimePoint now) {
    const std::lock_guard lock{mutex_};
    follow(now);
    return state_;
}

std::chrono::milliseconds Breaker::retryAfter(TimePoint now) {
    const std::lock_guard lock{mutex_};
    follow(now);
    if (state_ != State::kOpen) {
        return {};
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(open_until_ - now);
}

void Breaker::follow(TimePoint now) {
    if (state_ == State::kOpen && now >= open_until_) {
        enter(State::kHalfOpen);
    }
}

void Breaker::enter(State state) {
    state_ = state;
    ++epoch_;
    probing_ = 0;
    good_probes_ = 0;
}

void Breaker::open(TimePoint now) {
    // Jitter, so that the hosts of a fleet don't all come back in the same moment.
    const auto longest = std::min(options_.open_max, options_.open_min * (std::int64_t{2} << std::min(opened_, 16)));
    const auto spread = static_cast<double>((longest - options_.open_min).count()) * random_();
    open_until_ = now + options_.open_min + std::chrono::milliseconds{static_cast<std::int64_t>(spread)};
    ++opened_;
    enter(State::kOpen);
}

void Breaker::count(bool failed, TimePoint now) {
    const auto second = secondOf(now);
    auto& bucket = seconds_[static_cast<std::size_t>(second) % seconds_.size()];
    if (bucket.second != second) {
        bucket = {second, 0, 0};
    }
    ++bucket.calls;
    bucket.failed += failed ? 1 : 0;
}

bool Breaker::failing(TimePoint now) const {
    const auto oldest = secondOf(now) - options_.window.count();
    int calls = 0;
    int failed = 0;
    for (const auto& bucket : seconds_) {
        if (bucket.second > oldest) {
            calls += bucket.calls;
            failed += bucket.failed;
        }
    }
    return calls >= options_.min_calls && failed >= options_.failing_share * calls;
}

}  // namespace stoa::host::outbound
