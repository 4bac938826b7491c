/// The rows of `stoa_timers`: what is due, who holds it, and how it goes. SQL only; TimerService says when.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/time.h>

#include "host/sql/database.h"

namespace stoa::host::timer {

/// Table stoa_timers (component "timer").
std::span<const sql::Migration> migrations();
void migrate(sql::Database& database);

/// A timer that this host has claimed. It is this host's while the row still has this set_id, holder and attempt.
struct Claim {
    std::string name;
    std::string key;
    std::string payload;
    std::int64_t due_us = 0;
    std::int64_t set_id = 0;  ///< another one after each `set`
    std::int64_t attempt = 0;
};

/// How many timers of a name are due, and since when, though nobody here would run them.
struct UnknownTimer {
    std::string name;
    std::int64_t count = 0;
    std::int64_t oldest_due_us = 0;
};

/// Sets or moves a timer. While one of this name and key is being run, the new one waits for its end or its lease's.
void setTimer(sql::Transaction& transaction, Time now, std::string_view name, std::string_view key, std::int64_t due_us,
              std::string_view payload);
void cancelTimer(sql::Transaction& transaction, std::string_view name, std::string_view key);

class TimerStore {
public:
    TimerStore(sql::Database& database, std::string host_id);

    /// Up to `limit` due timers of these names, for `lease`, those due first first.
    std::vector<Claim> claim(Time now, std::chrono::seconds lease, std::span<const std::string> names,
                             std::size_t limit);
    /// Prolongs leases of claims that are still this host's.
    void renew(std::span<const Claim> claims, Time until);
    /// Takes a claimed timer away within the handler's own transaction. False: it is not this host's any more.
    bool take(sql::Transaction& transaction, const Claim& claim) const;
    /// After a run outside of a transaction: it goes, unless it was set anew, which is then free to run.
    void finish(const Claim& claim);
    /// After a failed run: it is due again at `next`; set anew meanwhile, when that says. `counts`: as an attempt.
    void retry(const Claim& claim, Time next, bool counts);
    /// Gives a claim back that was not run; its attempt does not count.
    void release(const Claim& claim);
    /// At the start of a host: what its former process held is free again. The number of timers.
    std::int64_t releaseAll();

    /// When the next timer of these names may be claimed; nothing when there is none.
    std::optional<std::int64_t> nextUs(std::span<const std::string> names);
    std::vector<UnknownTimer> unknown(Time now, std::span<const std::string> names);

private:
    std::int64_t update(sql::Transaction& transaction, std::string_view change, const Claim& claim,
                        std::int64_t value) const;
    std::vector<sql::Value> parametersOf(const Claim& claim, std::int64_t value) const;
    void settle(std::string_view change, const Claim& claim, std::int64_t value);

    sql::Database& database_;
    const std::string host_id_;
};

}  // namespace stoa::host::timer
