#include "host/events/kafka/producer.h"

#include <condition_variable>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

#include "host/observe/log.h"

namespace stoa::host::events::kafka {
namespace {

constexpr int kPollMs = 200;
constexpr std::chrono::milliseconds kFullQueuePause{5};

}  // namespace

Settings producerSettings(Settings settings, const KafkaOptions& options) {
    settings["enable.idempotence"] = "true";
    settings["enable.gapless.guarantee"] = "true";
    settings["acks"] = "all";
    // A broker that knows nothing of a producer takes any sequence number from it (KIP-360). Of two requests under way
    // on a new partition the first can so be refused by who does not lead yet and the second taken, and librdkafka then
    // calls the first acknowledged, too: its records are nowhere (confluent-kafka-go issue 921).
    settings["max.in.flight.requests.per.connection"] = "1";
    settings["partitioner"] = "murmur2";
    settings["linger.ms"] = std::to_string(options.linger.count());
    settings["message.timeout.ms"] = std::to_string(options.message_timeout.count());
    settings["topic.metadata.propagation.max.ms"] = "2000";
    // Asking after a topic must not make it: ensureTopics does, with the partitions that the manifest says.
    settings["allow.auto.create.topics"] = "false";
    return settings;
}

/// The records of one publish, until each has its report.
struct Producer::Batch {
    std::mutex mutex;
    std::condition_variable reported;
    std::vector<stoa_status> statuses;
    std::size_t waiting = 0;

    void report(std::size_t index, stoa_status status) {
        const std::lock_guard lock(mutex);
        statuses[index] = status;
        --waiting;
        reported.notify_all();
    }
};

/// Travels through librdkafka with a record.
struct Producer::Ticket {
    std::shared_ptr<Batch> batch;
    std::size_t index;
};

Producer::Producer(Settings settings, const KafkaOptions& options) : options_(options) {
    Configuration configuration = configure(producerSettings(std::move(settings), options));
    rd_kafka_conf_set_dr_msg_cb(configuration.get(), &Producer::report);
    client_ = newClient(RD_KAFKA_PRODUCER, std::move(configuration));
    poller_ = std::thread([this] {
        while (!stopping_) {
            rd_kafka_poll(client_, kPollMs);
        }
    });
}

Producer::~Producer() {
    stopping_ = true;
    poller_.join();
    closeWithin(options_.close_timeout, "producer", [client = client_] {
        constexpr int kFlushMs = 1000;
        rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(client, kFlushMs);
        rd_kafka_destroy(client);
    });
}

void Producer::report(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    const std::unique_ptr<Ticket> ticket{static_cast<Ticket*>(message->_private)};
    stoa_status status = statusOf(message->err);
    if (status == STOA_OK && rd_kafka_message_status(message) != RD_KAFKA_MSG_STATUS_PERSISTED) {
        status = STOA_UNAVAILABLE;
    }
    ticket->batch->report(ticket->index, status);
}

rd_kafka_resp_err_t Producer::send(const Record& record, const std::shared_ptr<Batch>& batch, std::size_t index) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(record.headers.size());
    for (const auto& [name, value] : record.headers) {
        rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                            static_cast<ssize_t>(value.size()));
    }
    auto ticket = std::make_unique<Ticket>(Ticket{batch, index});
    // A key of no bytes is a key, too; only a null pointer would be none.
    const char* key = record.key.empty() ? "" : record.key.data();
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        client_, RD_KAFKA_V_TOPIC(record.topic.c_str()), RD_KAFKA_V_KEY(key, record.key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(ticket.get()), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        static_cast<void>(ticket.release());  // report() frees it
    } else {
        rd_kafka_headers_destroy(headers);
    }
    return error;
}

std::vector<stoa_status> Producer::publish(std::span<const Record> records) {
    using Key = std::pair<std::string_view, std::string_view>;
    const auto batch = std::make_shared<Batch>();
    batch->statuses.assign(records.size(), STOA_OK);
    const auto give_up = std::chrono::steady_clock::now() + options_.message_timeout;
    std::set<Key> failed;
    for (std::size_t i = 0; i < records.size(); ++i) {
        const Record& record = records[i];
        if (failed.contains({record.topic, record.key})) {
            batch->statuses[i] = STOA_UNAVAILABLE;
            continue;
        }
        {
            const std::lock_guard lock(batch->mutex);
            ++batch->waiting;
        }
        rd_kafka_resp_err_t error = send(record, batch, i);
        while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && std::chrono::steady_clock::now() < give_up) {
            std::this_thread::sleep_for(kFullQueuePause);
            error = send(record, batch, i);
        }
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            batch->report(i, statusOf(error));
            failed.emplace(record.topic, record.key);
        }
    }
    std::unique_lock lock(batch->mutex);
    batch->reported.wait(lock, [&] { return batch->waiting == 0; });
    std::vector<stoa_status> statuses = batch->statuses;
    failed.clear();
    for (std::size_t i = 0; i < records.size(); ++i) {
        const Key key{records[i].topic, records[i].key};
        if (failed.contains(key) && statuses[i] == STOA_OK) {
            statuses[i] = STOA_UNAVAILABLE;  // sent once more, behind the one that failed
        } else if (statuses[i] != STOA_OK) {
            failed.insert(key);
        }
    }
    return statuses;
}

}  // namespace stoa::host::events::kafka
