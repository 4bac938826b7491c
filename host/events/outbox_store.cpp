#include "host/events/outbox_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include <stoa/json.h>
#include <stoa/time.h>

#include "host/events/cloud_event.h"

namespace stoa::host::events {
namespace {

using sql::Mode;

constexpr std::int64_t kOldestRows = 1000;

std::int64_t integer(const sql::Value& value) { return std::get<std::int64_t>(value); }
const std::string& textOf(const sql::Value& value) { return std::get<std::string>(value); }

}  // namespace

OutboxStore::OutboxStore(sql::Database& database, std::string host_id, std::chrono::milliseconds lease)
    : database_(database), host_id_(std::move(host_id)), lease_us_(std::chrono::microseconds{lease}.count()) {}

bool OutboxStore::hasRows() {
    return !database_.once(Mode::kRead, {}, "SELECT position FROM stoa_outbox ORDER BY position LIMIT 1").rows.empty();
}

void OutboxStore::renewLeases() {
    std::map<std::int64_t, std::int64_t> held;
    std::vector<std::string> others;
    database_.transact(Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        const std::vector<Lease> all = lockLeases(transaction);
        const std::int64_t now_us = now(transaction);
        transaction.execute(
            "INSERT INTO stoa_outbox_relays (host_id, seen_us) VALUES ($1, $2) "
            "ON CONFLICT (host_id) DO UPDATE SET seen_us=excluded.seen_us",
            {host_id_, now_us});
        others = otherActiveHosts(transaction, now_us);
        const std::size_t hosts = others.size() + 1;
        held = divide(transaction, all, now_us, (kOutboxShards + hosts - 1) / hosts);
    });
    epochs_ = std::move(held);
    others_ = std::move(others);
}

std::int64_t OutboxStore::now(sql::Transaction& transaction) const {
    if (database_.dialect() == sql::Dialect::kPostgresql) {
        return integer(transaction.execute("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)", {})
                           .rows[0][0]);
    }
    const auto system = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(system).count();
}

std::vector<std::string> OutboxStore::otherActiveHosts(sql::Transaction& transaction, std::int64_t now_us) const {
    const sql::Result active =
        transaction.execute("SELECT host_id FROM stoa_outbox_relays WHERE seen_us>$1 AND host_id<>$2 ORDER BY host_id",
                            {now_us - lease_us_, host_id_});
    std::vector<std::string> hosts;
    for (const auto& row : active.rows) {
        hosts.push_back(textOf(row[0]));
    }
    return hosts;
}

/// In the same order in each host, before anything is changed: two that wake at once and take from each other would
/// else be a deadlock, which PostgreSQL looks for after a second.
std::vector<OutboxStore::Lease> OutboxStore::lockLeases(sql::Transaction& transaction) const {
    std::vector<Lease> all;
    std::string query = "SELECT shard, owner, epoch, expires_us FROM stoa_outbox_leases ORDER BY shard";
    if (database_.dialect() == sql::Dialect::kPostgresql) {
        query += " FOR UPDATE";
    }
    const sql::Result rows = transaction.execute(query, {});
    for (const auto& row : rows.rows) {
        all.push_back({integer(row[0]), textOf(row[1]), integer(row[2]), integer(row[3])});
    }
    return all;
}

bool OutboxStore::isMine(const Lease& lease) const {
    const auto found = epochs_.find(lease.shard);
    return lease.owner == host_id_ && found != epochs_.end() && found->second == lease.epoch;
}

std::map<std::int64_t, std::int64_t> OutboxStore::divide(sql::Transaction& transaction, const std::vector<Lease>& all,
                                                         std::int64_t now_us, std::size_t share) {
    std::map<std::int64_t, std::int64_t> held;
    // Every change names the epoch that it was decided on: of two hosts that want a shard one changes nothing.
    const auto change = [&](const Lease& lease, const std::string& owner, std::int64_t epoch, std::int64_t expires_us) {
        return transaction
                   .execute(
                       "UPDATE stoa_outbox_leases SET owner=$1, epoch=$2, expires_us=$3 "
                       "WHERE shard=$4 AND epoch=$5",
                       {owner, epoch, expires_us, lease.shard, lease.epoch})
                   .affected == 1;
    };
    for (const Lease& lease : all) {
        if (!isMine(lease)) {
            continue;
        }
        if (held.size() < share) {
            if (change(lease, host_id_, lease.epoch, now_us + lease_us_)) {
                held[lease.shard] = lease.epoch;
            }
        } else {
            change(lease, "", lease.epoch + 1, 0);
        }
    }
    for (const Lease& lease : all) {
        const bool free = lease.expires_us <= now_us || (lease.owner == host_id_ && !isMine(lease));
        if (free && !isMine(lease) && held.size() < share &&
            change(lease, host_id_, lease.epoch + 1, now_us + lease_us_)) {
            held[lease.shard] = lease.epoch + 1;
        }
    }
    return held;
}

std::vector<OutboxRow> OutboxStore::load(std::int64_t after, std::size_t limit) {
    const sql::Result result =
        database_.once(Mode::kRead, {},
                       "SELECT o.position, o.shard, l.epoch, o.created_us, o.topic, o.event_key, o.payload, o.headers "
                       "FROM stoa_outbox o JOIN stoa_outbox_leases l ON l.shard=o.shard "
                       "WHERE l.owner=$1 AND o.position>$2 ORDER BY o.position LIMIT $3",
                       {host_id_, after, static_cast<std::int64_t>(limit)});
    more_ = result.rows.size() == limit;
    std::vector<OutboxRow> rows;
    for (const auto& row : result.rows) {
        const auto held = epochs_.find(integer(row[1]));
        if (held == epochs_.end() || held->second != integer(row[2])) {
            continue;  // lost in the meantime
        }
        OutboxRow& loaded = rows.emplace_back();
        loaded.position = integer(row[0]);
        loaded.epoch = integer(row[2]);
        loaded.created_us = integer(row[3]);
        loaded.record = {textOf(row[4]), textOf(row[5]), std::get<sql::Bytes>(row[6]).data, {}};
        unpackHeaders(textOf(row[7]), loaded.record);
    }
    return rows;
}

void OutboxStore::remove(const std::vector<const OutboxRow*>& rows) {
    if (rows.empty()) {
        return;
    }
    std::map<std::int64_t, Json::Value> by_epoch;
    for (const OutboxRow* row : rows) {
        by_epoch[row->epoch].append(Json::Value::Int64{row->position});
    }
    const std::string list = database_.dialect() == sql::Dialect::kSqlite
                                 ? "SELECT value FROM json_each($1)"
                                 : "SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST($1 AS json))";
    // Each epoch by itself: of what is not deleted for want of another commit, the next owner publishes a duplicate.
    for (const auto& [epoch, positions] : by_epoch) {
        database_.once(Mode::kWrite, {},
                       "DELETE FROM stoa_outbox WHERE position IN (" + list +
                           ") AND shard IN (SELECT shard FROM stoa_outbox_leases WHERE owner=$2 AND epoch=$3)",
                       {writeJson(positions), host_id_, epoch});
    }
}

std::vector<std::string> OutboxStore::ownersOfOtherRows() {
    // The oldest rows tell enough, and the way to them is an index: a scan of the table would read all that was deleted
    // since it was vacuumed.
    const sql::Result rows =
        database_.once(Mode::kRead, {},
                       "SELECT DISTINCT l.owner FROM (SELECT shard FROM stoa_outbox ORDER BY position LIMIT $2) AS o "
                       "JOIN stoa_outbox_leases l ON l.shard=o.shard WHERE l.owner<>$1",
                       {host_id_, kOldestRows});
    std::vector<std::string> owners;
    for (const auto& row : rows.rows) {
        owners.push_back(textOf(row[0]));
    }
    return owners;
}

void OutboxStore::giveBack() {
    epochs_.clear();
    database_.transact(Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        lockLeases(transaction);
        transaction.execute("UPDATE stoa_outbox_leases SET owner='', epoch=epoch+1, expires_us=0 WHERE owner=$1",
                            {host_id_});
        transaction.execute("DELETE FROM stoa_outbox_relays WHERE host_id=$1", {host_id_});
    });
}

}  // namespace stoa::host::events
