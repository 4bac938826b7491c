#include "host/timer/timer_capability.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <stoa/error.h>

#include "host/base/work.h"
#include "host/memory/account.h"
#include "host/sql/sql_capability.h"
#include "host/timer/timer_store.h"

namespace stoa::host::timer {
namespace {

/// A timer that is due later than this is found by the service's own look at the table.
constexpr std::chrono::seconds kSoon{2};
constexpr std::size_t kLongestKey = 512;
constexpr std::size_t kLongestPayload = 64 * 1024;

template <class Body>
stoa_status guarded(Body&& body) noexcept {
    const memory::HostScope host;
    try {
        return body();
    } catch (const Error& error) {
        setLastError(error.what());
        return error.status();
    } catch (const std::exception& error) {
        setLastError(error.what());
        return STOA_INTERNAL;
    }
}

class TimerBinding : public plugin::Binding {
public:
    TimerBinding(const plugin::Environment& environment, const Clock& clock, TimerCapability::Wake wake)
        : environment_(environment), clock_(clock), wake_(std::move(wake)) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.index = index;
        table_.name = name;
        table_.set = set;
        table_.cancel = cancel;
    }
    const void* table() const override { return &table_; }

private:
    static TimerBinding& of(const stoa_timer* timer) { return *static_cast<TimerBinding*>(timer->self); }
    const std::vector<validate::TimerSpec>& timers() const { return environment_.manifest->timers; }

    void requireKnown(std::string_view wanted) const {
        if (std::none_of(timers().begin(), timers().end(), [&](const auto& timer) { return timer.name == wanted; })) {
            throw Error(STOA_INVALID,
                        fmt::format("the manifest of {} names no timer \"{}\"", environment_.service, wanted));
        }
    }

    static stoa_status index(const stoa_timer* timer, stoa_str wanted, uint32_t* found) {
        const auto& timers = of(timer).timers();
        for (std::size_t i = 0; i < timers.size(); ++i) {
            if (timers[i].name == text(wanted)) {
                *found = static_cast<uint32_t>(i);
                return STOA_OK;
            }
        }
        return STOA_NOT_FOUND;
    }

    static stoa_status name(const stoa_timer* timer, uint32_t wanted, stoa_str* found, uint32_t* transactional) {
        const auto& timers = of(timer).timers();
        if (wanted >= timers.size()) {
            return STOA_NOT_FOUND;
        }
        *found = view(timers[wanted].name);
        *transactional = timers[wanted].transactional ? 1 : 0;
        return STOA_OK;
    }

    static stoa_status set(const stoa_timer* timer, stoa_tx* tx, stoa_str wanted, stoa_str key, int64_t due_us,
                           stoa_str payload) {
        return guarded([&] {
            auto& self = of(timer);
            self.requireKnown(text(wanted));
            if (key.size > kLongestKey || payload.size > kLongestPayload) {
                throw Error(STOA_INVALID, fmt::format("a timer's key has at most {} bytes and its payload {}",
                                                      kLongestKey, kLongestPayload));
            }
            const auto now = self.clock_.now();
            setTimer(tx->transaction, now, text(wanted), text(key), due_us, text(payload));
            if (due_us <= toMicros(now + kSoon)) {
                tx->transaction.onCommit(
                    [wake = self.wake_, service = self.environment_.service, due_us] { wake(service, due_us); });
            }
            return STOA_OK;
        });
    }

    static stoa_status cancel(const stoa_timer* timer, stoa_tx* tx, stoa_str wanted, stoa_str key) {
        return guarded([&] {
            of(timer).requireKnown(text(wanted));
            cancelTimer(tx->transaction, text(wanted), text(key));
            return STOA_OK;
        });
    }

    const plugin::Environment& environment_;
    const Clock& clock_;
    const TimerCapability::Wake wake_;
    stoa_timer table_{};
};

}  // namespace

std::unique_ptr<plugin::Binding> TimerCapability::bind(const plugin::Environment& environment) {
    return std::make_unique<TimerBinding>(environment, clock_, wake_);
}

}  // namespace stoa::host::timer
