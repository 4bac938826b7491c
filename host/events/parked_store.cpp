#include "host/events/parked_store.h"

#include <utility>

#include <stoa/uuid.h>

#include "host/events/cloud_event.h"

namespace stoa::host::events {
namespace {

constexpr std::string_view kColumns =
    "p.position, p.topic, p.event_key, p.event_id, p.log_partition, p.log_offset, p.payload, p.headers, p.attempts, "
    "p.due_us, p.held, p.reason, p.parked_us";

/// No row of the key before this one.
constexpr std::string_view kIsHead =
    "NOT EXISTS (SELECT 1 FROM stoa_parked q WHERE q.consumer=p.consumer AND q.topic=p.topic "
    "AND q.event_key=p.event_key AND q.position<p.position)";

std::int64_t integer(const sql::Value& value) { return std::get<std::int64_t>(value); }
const std::string& textOf(const sql::Value& value) { return std::get<std::string>(value); }

/// A key as a column of an index takes it. Only the key of a record that is no event at all is ever changed by this.
std::string storableKey(const std::string& key) {
    return key.size() <= kMaxKeyBytes ? asText(key) : uuidFromName("stoa.events.key", key);
}

ParkedRow rowOf(const std::vector<sql::Value>& columns) {
    ParkedRow row;
    row.position = integer(columns[0]);
    row.topic = textOf(columns[1]);
    row.key = textOf(columns[2]);
    row.event_id = textOf(columns[3]);
    row.delivery.partition = static_cast<int>(integer(columns[4]));
    row.delivery.offset = integer(columns[5]);
    row.data = std::get<sql::Bytes>(columns[6]).data;
    row.delivery.record = {row.topic, row.key, row.data, {}};
    unpackHeaders(textOf(columns[7]), row.delivery.record);
    row.attempts = integer(columns[8]);
    row.due_us = integer(columns[9]);
    row.held = integer(columns[10]) != 0;
    row.reason = textOf(columns[11]);
    row.delivery.time_us = integer(columns[12]);
    return row;
}

std::vector<ParkedRow> rowsOf(const sql::Result& result) {
    std::vector<ParkedRow> rows;
    for (const auto& columns : result.rows) {
        rows.push_back(rowOf(columns));
    }
    return rows;
}

}  // namespace

bool ParkedStore::blocks(sql::Transaction& transaction, const std::string& topic, const std::string& key) const {
    return !transaction
                .execute("SELECT position FROM stoa_parked WHERE consumer=$1 AND topic=$2 AND event_key=$3 LIMIT 1",
                         {consumer_, topic, storableKey(key)})
                .rows.empty();
}

bool ParkedStore::enterInbox(sql::Transaction& transaction, const std::string& event_id, const std::string& topic,
                             const std::string& key, std::int64_t now_us) const {
    return transaction
               .execute(
                   "INSERT INTO stoa_inbox (consumer, event_id, received_us) SELECT $1, $2, $3 WHERE NOT EXISTS "
                   "(SELECT 1 FROM stoa_parked WHERE consumer=$1 AND topic=$4 AND event_key=$5) "
                   "ON CONFLICT (consumer, event_id) DO NOTHING",
                   {consumer_, event_id, now_us, topic, storableKey(key)})
               .affected == 1;
}

void ParkedStore::park(sql::Transaction& transaction, const Delivery& delivery, const std::string& event_id,
                       std::int64_t due_us, const std::string& reason, std::int64_t now_us) const {
    const Record& record = delivery.record;
    transaction.execute(
        "INSERT INTO stoa_parked (consumer, topic, event_key, event_id, log_partition, log_offset, payload, headers, "
        "attempts, due_us, held, reason, parked_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 0, $10, $11) "
        "ON CONFLICT (consumer, topic, event_id) DO NOTHING",
        {consumer_, record.topic, storableKey(record.key), event_id, std::int64_t{delivery.partition}, delivery.offset,
         sql::Bytes{record.value}, packHeaders(record), due_us, asText(reason), now_us});
}

std::vector<ParkedRow> ParkedStore::dueHeads(sql::Transaction& transaction, std::int64_t now_us,
                                             std::size_t limit) const {
    static const std::string kStatement = "SELECT " + std::string{kColumns} +
                                          " FROM stoa_parked p WHERE p.consumer=$1 AND p.held=0 AND p.due_us<=$2 AND " +
                                          std::string{kIsHead} + " ORDER BY p.position LIMIT $3";
    return rowsOf(transaction.execute(kStatement, {consumer_, now_us, static_cast<std::int64_t>(limit)}));
}

std::optional<std::int64_t> ParkedStore::nextDue(sql::Transaction& transaction) const {
    static const std::string kStatement =
        "SELECT min(p.due_us) FROM stoa_parked p WHERE p.consumer=$1 AND p.held=0 AND " + std::string{kIsHead};
    const sql::Result result = transaction.execute(kStatement, {consumer_});
    if (std::holds_alternative<std::monostate>(result.rows[0][0])) {
        return {};
    }
    return integer(result.rows[0][0]);
}

bool ParkedStore::claim(sql::Transaction& transaction, ParkedRow& row, std::int64_t until_us) const {
    const bool mine = transaction
                          .execute("UPDATE stoa_parked SET due_us=$1 WHERE position=$2 AND due_us=$3 AND held=0",
                                   {until_us, row.position, row.due_us})
                          .affected == 1;
    row.due_us = mine ? until_us : row.due_us;
    return mine;
}

bool ParkedStore::finish(sql::Transaction& transaction, const ParkedRow& row) const {
    return transaction.execute("DELETE FROM stoa_parked WHERE position=$1 AND due_us=$2", {row.position, row.due_us})
               .affected == 1;
}

bool ParkedStore::postpone(sql::Transaction& transaction, const ParkedRow& row, std::int64_t due_us,
                           const std::string& reason) const {
    return transaction
               .execute(
                   "UPDATE stoa_parked SET due_us=$1, attempts=attempts+1, reason=$2 "
                   "WHERE position=$3 AND due_us=$4",
                   {due_us, asText(reason), row.position, row.due_us})
               .affected == 1;
}

bool ParkedStore::hold(sql::Transaction& transaction, const ParkedRow& row, const std::string& reason) const {
    return transaction
               .execute("UPDATE stoa_parked SET held=1, attempts=attempts+1, reason=$1 WHERE position=$2 AND due_us=$3",
                        {asText(reason), row.position, row.due_us})
               .affected == 1;
}

std::vector<ParkedRow> ParkedStore::list(sql::Transaction& transaction, std::size_t limit) const {
    static const std::string kStatement =
        "SELECT " + std::string{kColumns} + " FROM stoa_parked p WHERE p.consumer=$1 ORDER BY p.position LIMIT $2";
    return rowsOf(transaction.execute(kStatement, {consumer_, static_cast<std::int64_t>(limit)}));
}

std::pair<std::int64_t, std::int64_t> ParkedStore::count(sql::Transaction& transaction) const {
    const auto of = [&](std::int64_t held) {
        return integer(
            transaction.execute("SELECT count(*) FROM stoa_parked WHERE consumer=$1 AND held=$2", {consumer_, held})
                .rows[0][0]);
    };
    return {of(0), of(1)};
}

bool ParkedStore::release(sql::Transaction& transaction, std::int64_t position, std::int64_t now_us) const {
    return transaction
               .execute("UPDATE stoa_parked SET due_us=$1, held=0, attempts=0 WHERE position=$2 AND consumer=$3",
                        {now_us, position, consumer_})
               .affected == 1;
}

bool ParkedStore::discard(sql::Transaction& transaction, std::int64_t position) const {
    return transaction.execute("DELETE FROM stoa_parked WHERE position=$1 AND consumer=$2", {position, consumer_})
               .affected == 1;
}

void ParkedStore::redrive(sql::Transaction& transaction, const Delivery& delivery, const std::string& event_id,
                          std::int64_t now_us) const {
    park(transaction, delivery, event_id, now_us, "redriven", now_us);
    transaction.execute(
        "UPDATE stoa_parked SET due_us=$1, held=0, attempts=0 WHERE consumer=$2 AND topic=$3 AND event_id=$4",
        {now_us, consumer_, delivery.record.topic, event_id});
}

}  // namespace stoa::host::events
