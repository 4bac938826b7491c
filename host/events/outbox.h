/// The outbox: events become rows of `stoa_outbox` in the business transaction; the relay publishes them afterwards.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "host/base/clock.h"
#include "host/events/cloud_event.h"
#include "host/sql/database.h"

namespace stoa::host::events {

/// Rows of one aggregate are of one shard; a shard has one relay at a time.
inline constexpr int kOutboxShards = 16;
int outboxShard(std::string_view key);

/// Tables stoa_outbox, stoa_outbox_leases, stoa_outbox_relays, stoa_inbox and stoa_parked.
std::span<const sql::Migration> migrations(sql::Dialect dialect);
/// Applies them (component "events").
void migrate(sql::Database& database);

/// Writes rows. One per plugin; any thread.
class OutboxWriter {
public:
    /// `wake` runs after each commit that holds rows, on the committing thread: must return at once and not throw.
    OutboxWriter(std::string service, const Clock& clock, std::function<void()> wake);

    /// Fills in what is empty: id, source, time, and correlation id and traceparent of the current work. Write the
    /// aggregate's row before, so that positions follow versions. Returns the event's id. Throws what the database
    /// throws.
    std::string append(sql::Transaction& transaction, OutgoingEvent event) const;
    /// A record as it is, for dead letters.
    void appendRecord(sql::Transaction& transaction, const Record& record) const;

private:
    void insert(sql::Transaction& transaction, const Record& record, const OutgoingEvent& event) const;

    std::string service_;
    const Clock& clock_;
    std::function<void()> wake_;
};

}  // namespace stoa::host::events
