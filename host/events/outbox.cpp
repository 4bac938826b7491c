#include "host/events/outbox.h"

#include <utility>

#include "host/base/ids.h"
#include "host/base/work.h"
#include "host/events/partitioner.h"
#include "host/observe/trace.h"

namespace stoa::host::events {

int outboxShard(std::string_view key) { return partitionOf(key, kOutboxShards); }

OutboxWriter::OutboxWriter(std::string service, const Clock& clock, std::function<void()> wake)
    : service_(std::move(service)), clock_(clock), wake_(std::move(wake)) {}

std::string OutboxWriter::append(sql::Transaction& transaction, OutgoingEvent event) const {
    if (event.id.empty()) {
        event.id = newId(clock_);
    }
    if (event.source.empty()) {
        event.source = service_;
    }
    if (event.time_us == 0) {
        event.time_us = toMicros(clock_.now());
    }
    if (const Work* work = currentWork()) {
        if (event.correlation_id.empty()) {
            event.correlation_id = work->correlation_id;
        }
        if (event.traceparent.empty()) {
            event.traceparent = observe::formatTraceparent(work->trace_id, work->span_id, work->sampled);
        }
    }
    insert(transaction, toRecord(event), event);
    return event.id;
}

void OutboxWriter::appendRecord(sql::Transaction& transaction, const Record& record) const {
    OutgoingEvent event;
    event.id = asText(header(record, "ce_id"));
    event.time_us = toMicros(clock_.now());
    insert(transaction, record, event);
}

void OutboxWriter::insert(sql::Transaction& transaction, const Record& record, const OutgoingEvent& event) const {
    transaction.execute(
        "INSERT INTO stoa_outbox (event_id, shard, topic, event_key, aggregate_type, aggregate_version, payload, "
        "headers, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {event.id, std::int64_t{outboxShard(record.key)}, record.topic, record.key, event.aggregate_type,
         event.aggregate_version, sql::Bytes{record.value}, packHeaders(record), event.time_us});
    transaction.onCommit(wake_);
}

}  // namespace stoa::host::events
