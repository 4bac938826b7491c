/// The statements of the relay: rows, and the leases of their shards.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "host/events/event_log.h"
#include "host/events/outbox.h"
#include "host/sql/database.h"

namespace stoa::host::events {

using TopicKey = std::pair<std::string, std::string>;

struct OutboxRow {
    std::int64_t position = 0;
    std::int64_t epoch = 0;  ///< of the shard's lease, when the row was read
    std::int64_t created_us = 0;
    Record record;

    TopicKey key() const { return {record.topic, record.key}; }
};

/// One thread. Everything throws what the database throws.
///
/// Times of leases are the database server's, or with SQLite the one machine's: hosts need not agree on the time.
class OutboxStore {
public:
    OutboxStore(sql::Database& database, std::string host_id, std::chrono::milliseconds lease);

    bool hasRows();
    /// Renews what this host holds, takes what is free up to its even share of the shards among the hosts that are
    /// active, and gives back what is more. A lease that this host held before it was restarted is its own at once.
    void renewLeases();
    /// Rows of leased shards, oldest first, from behind `after` on.
    std::vector<OutboxRow> load(std::int64_t after, std::size_t limit);
    /// Whether the last load stopped at its limit.
    bool more() const { return more_; }
    /// Deletes those whose shard is still leased with the row's epoch.
    void remove(const std::vector<const OutboxRow*>& rows);
    /// Who leases, or leased last, shards with some of the oldest rows that this host does not hold; "" for nobody.
    std::vector<std::string> ownersOfOtherRows();
    void giveBack();
    /// The other hosts that were active when the leases were renewed last.
    const std::vector<std::string>& otherHosts() const { return others_; }
    int shards() const { return static_cast<int>(epochs_.size()); }

private:
    struct Lease {
        std::int64_t shard;
        std::string owner;
        std::int64_t epoch;
        std::int64_t expires_us;
    };

    std::int64_t now(sql::Transaction& transaction) const;
    std::vector<std::string> otherActiveHosts(sql::Transaction& transaction, std::int64_t now_us) const;
    std::vector<Lease> lockLeases(sql::Transaction& transaction) const;
    bool isMine(const Lease& lease) const;
    std::map<std::int64_t, std::int64_t> divide(sql::Transaction& transaction, const std::vector<Lease>& all,
                                                std::int64_t now_us, std::size_t share);

    sql::Database& database_;
    std::string host_id_;
    std::int64_t lease_us_;
    bool more_ = false;
    std::map<std::int64_t, std::int64_t> epochs_;  ///< shard to epoch of what this host holds
    std::vector<std::string> others_;
};

}  // namespace stoa::host::events
