#include "host/timer/timer_store.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "host/base/ids.h"

namespace stoa::host::timer {

using sql::Mode;
using sql::Value;

namespace {

/// One moment says when a row may be claimed: when it is due, when it is to be tried again, or when its lease ends.
constexpr std::string_view kTable = R"sql(
CREATE TABLE stoa_timers (
    name text NOT NULL,
    timer_key text NOT NULL,
    set_id bigint NOT NULL,
    due_us bigint NOT NULL,
    next_us bigint NOT NULL,
    attempt bigint NOT NULL,
    holder text NOT NULL,
    payload text NOT NULL,
    PRIMARY KEY (name, timer_key)
);
CREATE INDEX stoa_timers_next ON stoa_timers (next_us);
)sql";

/// The row of a claim while it is still the claimer's; $1 is free for a value.
constexpr std::string_view kStillMine =
    " WHERE $1 = $1 AND name = $2 AND timer_key = $3 AND holder = $4 AND set_id = $5 AND attempt = $6";
/// Or was set anew while its holder ran it, and not claimed since.
constexpr std::string_view kSetAnew =
    " WHERE name = $1 AND timer_key = $2 AND holder = $3 AND set_id <> $4 AND attempt = 0";

std::int64_t newSetId() {
    std::array<std::uint8_t, 8> random;
    fillRandom(random);
    std::uint64_t id = 0;
    for (const auto byte : random) {
        id = id << 8 | byte;
    }
    return static_cast<std::int64_t>(id >> 1);
}

/// "$from, $from+1, …": as many as there are names, which are appended to the parameters.
std::string listNames(std::span<const std::string> names, std::vector<Value>& parameters) {
    std::string list;
    for (const auto& name : names) {
        parameters.emplace_back(name);
        list += (list.empty() ? "$" : ", $") + std::to_string(parameters.size());
    }
    return list;
}

std::int64_t integer(const Value& value) { return std::get<std::int64_t>(value); }
const std::string& string(const Value& value) { return std::get<std::string>(value); }

}  // namespace

std::span<const sql::Migration> migrations() {
    static const std::array<sql::Migration, 1> kAll{{{1, "timers", std::string{kTable}, ""}}};
    return kAll;
}

void migrate(sql::Database& database) { database.migrate("timer", migrations()); }

void setTimer(sql::Transaction& transaction, Time now, std::string_view name, std::string_view key, std::int64_t due_us,
              std::string_view payload) {
    transaction.execute(
        "INSERT INTO stoa_timers (name, timer_key, set_id, due_us, next_us, attempt, holder, payload) "
        "VALUES ($1, $2, $3, $4, $4, 0, '', $5) "
        "ON CONFLICT (name, timer_key) DO UPDATE SET set_id = excluded.set_id, due_us = excluded.due_us, "
        "payload = excluded.payload, attempt = 0, next_us = CASE WHEN stoa_timers.holder <> '' "
        "AND stoa_timers.next_us > $6 AND stoa_timers.next_us > excluded.due_us "
        "THEN stoa_timers.next_us ELSE excluded.due_us END",
        {std::string{name}, std::string{key}, newSetId(), due_us, std::string{payload}, toMicros(now)});
}

void cancelTimer(sql::Transaction& transaction, std::string_view name, std::string_view key) {
    transaction.execute("DELETE FROM stoa_timers WHERE name = $1 AND timer_key = $2",
                        {std::string{name}, std::string{key}});
}

TimerStore::TimerStore(sql::Database& database, std::string host_id)
    : database_(database), host_id_(std::move(host_id)) {}

std::vector<Claim> TimerStore::claim(Time now, std::chrono::seconds lease, std::span<const std::string> names,
                                     std::size_t limit) {
    std::vector<Claim> claims;
    if (names.empty() || limit == 0) {
        return claims;
    }
    std::vector<Value> parameters{host_id_, toMicros(now + lease), toMicros(now), static_cast<std::int64_t>(limit)};
    // PostgreSQL's hosts pass by each other's rows instead of waiting; SQLite has one writer anyway.
    const bool locks_rows = database_.dialect() == sql::Dialect::kPostgresql;
    const auto statement =
        "WITH due AS MATERIALIZED (SELECT name, timer_key FROM stoa_timers WHERE next_us <= $3 AND name IN (" +
        listNames(names, parameters) + ") ORDER BY next_us LIMIT $4" + (locks_rows ? " FOR UPDATE SKIP LOCKED" : "") +
        ") UPDATE stoa_timers SET holder = $1, next_us = $2, attempt = attempt + 1 "
        "WHERE (name, timer_key) IN (SELECT name, timer_key FROM due) "
        "RETURNING name, timer_key, payload, due_us, set_id, attempt";
    for (const auto& row : database_.once(Mode::kWrite, {}, statement, parameters).rows) {
        claims.push_back(
            {string(row[0]), string(row[1]), string(row[2]), integer(row[3]), integer(row[4]), integer(row[5])});
    }
    std::sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) {
        return std::tie(a.due_us, a.name, a.key) < std::tie(b.due_us, b.name, b.key);
    });
    return claims;
}

std::int64_t TimerStore::update(sql::Transaction& transaction, std::string_view change, const Claim& claim,
                                std::int64_t value) const {
    return transaction.execute(std::string{change} + std::string{kStillMine}, parametersOf(claim, value)).affected;
}

std::vector<Value> TimerStore::parametersOf(const Claim& claim, std::int64_t value) const {
    return {value, claim.name, claim.key, host_id_, claim.set_id, claim.attempt};
}

void TimerStore::settle(std::string_view change, const Claim& claim, std::int64_t value) {
    const auto changed =
        database_.once(Mode::kWrite, {}, std::string{change} + std::string{kStillMine}, parametersOf(claim, value));
    if (changed.affected == 0) {
        database_.once(Mode::kWrite, {}, "UPDATE stoa_timers SET holder = '', next_us = due_us" + std::string{kSetAnew},
                       {claim.name, claim.key, host_id_, claim.set_id});
    }
}

void TimerStore::renew(std::span<const Claim> claims, Time until) {
    const auto new_end = toMicros(until);
    database_.transact(Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        for (const auto& claim : claims) {
            if (update(transaction, "UPDATE stoa_timers SET next_us = $1", claim, new_end) == 0) {
                transaction.execute("UPDATE stoa_timers SET next_us = CASE WHEN due_us > $5 THEN due_us ELSE $5 END" +
                                        std::string{kSetAnew},
                                    {claim.name, claim.key, host_id_, claim.set_id, new_end});
            }
        }
    });
}

bool TimerStore::take(sql::Transaction& transaction, const Claim& claim) const {
    return update(transaction, "DELETE FROM stoa_timers", claim, 0) == 1;
}

void TimerStore::finish(const Claim& claim) { settle("DELETE FROM stoa_timers", claim, 0); }

void TimerStore::retry(const Claim& claim, Time next, bool counts) {
    settle(counts ? "UPDATE stoa_timers SET holder = '', next_us = $1"
                  : "UPDATE stoa_timers SET holder = '', next_us = $1, attempt = attempt - 1",
           claim, toMicros(next));
}

void TimerStore::release(const Claim& claim) {
    settle("UPDATE stoa_timers SET holder = '', next_us = due_us, attempt = attempt - 1", claim, 0);
}

std::int64_t TimerStore::releaseAll() {
    std::int64_t released = 0;
    database_.transact(Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        released =
            transaction.execute("UPDATE stoa_timers SET holder = '', next_us = due_us WHERE holder = $1", {host_id_})
                .affected;
    });
    return released;
}

std::optional<std::int64_t> TimerStore::nextUs(std::span<const std::string> names) {
    if (names.empty()) {
        return {};
    }
    std::vector<Value> parameters;
    const auto statement =
        "SELECT next_us FROM stoa_timers WHERE name IN (" + listNames(names, parameters) + ") ORDER BY next_us LIMIT 1";
    const auto rows = database_.once(Mode::kRead, {}, statement, parameters).rows;
    return rows.empty() ? std::nullopt : std::optional{integer(rows[0][0])};
}

std::vector<UnknownTimer> TimerStore::unknown(Time now, std::span<const std::string> names) {
    std::vector<Value> parameters{toMicros(now)};
    const auto known = names.empty() ? "" : " AND name NOT IN (" + listNames(names, parameters) + ")";
    const auto result = database_.once(Mode::kRead, {},
                                       "SELECT name, count(*), min(due_us) FROM stoa_timers WHERE next_us <= $1" +
                                           known + " GROUP BY name ORDER BY name",
                                       parameters);
    std::vector<UnknownTimer> unknown;
    for (const auto& row : result.rows) {
        unknown.push_back({string(row[0]), integer(row[1]), integer(row[2])});
    }
    return unknown;
}

}  // namespace stoa::host::timer
