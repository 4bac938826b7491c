// The host's own tables in a plugin's database.

#include <array>

#include "host/events/outbox.h"

namespace stoa::host::events {
namespace {

// The two dialects differ in the name of bytes and in who counts the positions up.

constexpr const char* kOutbox = R"sql(
CREATE TABLE stoa_outbox (
    position $POSITION,
    event_id text NOT NULL,
    shard bigint NOT NULL,
    topic text NOT NULL,
    event_key text NOT NULL,
    aggregate_type text NOT NULL,
    aggregate_version bigint NOT NULL,
    payload $BYTES NOT NULL,
    headers text NOT NULL,
    created_us bigint NOT NULL
);
CREATE TABLE stoa_outbox_leases (
    shard bigint PRIMARY KEY,
    owner text NOT NULL,
    epoch bigint NOT NULL,
    expires_us bigint NOT NULL
);
INSERT INTO stoa_outbox_leases (shard, owner, epoch, expires_us) VALUES
    (0, '', 0, 0), (1, '', 0, 0), (2, '', 0, 0), (3, '', 0, 0), (4, '', 0, 0), (5, '', 0, 0), (6, '', 0, 0),
    (7, '', 0, 0), (8, '', 0, 0), (9, '', 0, 0), (10, '', 0, 0), (11, '', 0, 0), (12, '', 0, 0), (13, '', 0, 0),
    (14, '', 0, 0), (15, '', 0, 0);
CREATE TABLE stoa_outbox_relays (
    host_id text PRIMARY KEY,
    seen_us bigint NOT NULL
);
)sql";

constexpr const char* kInbox = R"sql(
CREATE TABLE stoa_inbox (
    consumer text NOT NULL,
    event_id text NOT NULL,
    received_us bigint NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX stoa_inbox_received ON stoa_inbox (received_us);
)sql";

constexpr const char* kParked = R"sql(
CREATE TABLE stoa_parked (
    position $POSITION,
    consumer text NOT NULL,
    topic text NOT NULL,
    event_key text NOT NULL,
    event_id text NOT NULL,
    log_partition bigint NOT NULL,
    log_offset bigint NOT NULL,
    payload $BYTES NOT NULL,
    headers text NOT NULL,
    attempts bigint NOT NULL,
    due_us bigint NOT NULL,
    held bigint NOT NULL,
    reason text NOT NULL,
    parked_us bigint NOT NULL,
    UNIQUE (consumer, topic, event_id)
);
CREATE INDEX stoa_parked_key ON stoa_parked (consumer, topic, event_key, position);
CREATE INDEX stoa_parked_due ON stoa_parked (consumer, held, due_us);
)sql";

std::string inDialect(std::string sql, sql::Dialect dialect) {
    const bool sqlite = dialect == sql::Dialect::kSqlite;
    const std::array<std::pair<std::string_view, std::string_view>, 2> words{
        {{"$POSITION",
          sqlite ? "integer PRIMARY KEY AUTOINCREMENT" : "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"},
         {"$BYTES", sqlite ? "blob" : "bytea"}}};
    for (const auto& [word, meaning] : words) {
        for (std::size_t at = sql.find(word); at != std::string::npos; at = sql.find(word, at)) {
            sql.replace(at, word.size(), meaning);
        }
    }
    return sql;
}

std::array<sql::Migration, 3> allOf(sql::Dialect dialect) {
    return {{{1, "outbox", inDialect(kOutbox, dialect), {}},
             {2, "inbox", inDialect(kInbox, dialect), {}},
             {3, "parked", inDialect(kParked, dialect), {}}}};
}

}  // namespace

std::span<const sql::Migration> migrations(sql::Dialect dialect) {
    static const auto kSqlite = allOf(sql::Dialect::kSqlite);
    static const auto kPostgresql = allOf(sql::Dialect::kPostgresql);
    return dialect == sql::Dialect::kSqlite ? std::span<const sql::Migration>{kSqlite} : kPostgresql;
}

void migrate(sql::Database& database) { database.migrate("events", migrations(database.dialect())); }

}  // namespace stoa::host::events
