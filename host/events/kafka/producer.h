/// The producer of a host: idempotent, acks=all, and replaced once it has failed for good.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "host/events/event_log.h"
#include "host/events/kafka/client.h"

namespace stoa::host::events::kafka {

/// `settings` with what a producer of events needs beyond the address.
Settings producerSettings(Settings settings, const KafkaOptions& options);

/// Any thread.
class Producer {
public:
    Producer(Settings settings, const KafkaOptions& options);
    /// What still waits for its acknowledgement is given up.
    ~Producer();
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    /// As EventLog::publish.
    std::vector<stoa_status> publish(std::span<const Record> records);
    /// It will accept nothing any more: make another. (Known to happen after a send has timed out.)
    bool broken() const { return rd_kafka_fatal_error(client_, nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR; }
    rd_kafka_t* client() const { return client_; }

private:
    struct Batch;
    struct Ticket;

    static void report(rd_kafka_t*, const rd_kafka_message_t* message, void*);
    rd_kafka_resp_err_t send(const Record& record, const std::shared_ptr<Batch>& batch, std::size_t index);

    KafkaOptions options_;
    rd_kafka_t* client_;
    std::atomic<bool> stopping_{false};
    std::thread poller_;
};

}  // namespace stoa::host::events::kafka
