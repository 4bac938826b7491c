/// What every Kafka client of this host has in common.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include <stoa/error.h>

#include "host/events/kafka/handles.h"

namespace stoa::host::events::kafka {

struct KafkaOptions {
    std::chrono::milliseconds linger{1};  ///< the relay sends batches: waiting for more would only cost time
    std::chrono::milliseconds message_timeout{10'000};  ///< the outbox tries again afterwards
    std::chrono::milliseconds request_timeout{5'000};   ///< of metadata, offsets and topic creation
    std::chrono::milliseconds session_timeout{30'000};  ///< longer than a restart: a static member keeps its partitions
    std::chrono::milliseconds close_timeout{15'000};    ///< then a client that hangs in close is left behind
    std::string debug;  ///< librdkafka's debug contexts, whose lines are ours of level debug; empty: none
};

/// librdkafka's names to values.
using Settings = std::map<std::string, std::string>;

/// Brokers, and settings of security, of "host:port[,host:port…][?ssl.ca.location=…&…]". Throws STOA_INVALID.
Settings settingsOf(const std::string& address, const std::string& instance_id);

/// Throws STOA_INVALID for a setting that librdkafka refuses. Its log goes to ours.
Configuration configure(const Settings& settings);
/// Throws STOA_UNAVAILABLE.
rd_kafka_t* newClient(rd_kafka_type_t type, Configuration configuration);

/// Runs `close` on a thread of its own. When it does not end in time it is left to itself, with a line in the log: a
/// client with a dangling reference waits in close for ever. True: it ended.
bool closeWithin(std::chrono::milliseconds limit, const std::string& what, std::function<void()> close);

/// The ABI's status for an error of Kafka.
stoa_status statusOf(rd_kafka_resp_err_t error);
[[noreturn]] void fail(rd_kafka_resp_err_t error, const std::string& what);
void check(rd_kafka_resp_err_t error, const std::string& what);

}  // namespace stoa::host::events::kafka
