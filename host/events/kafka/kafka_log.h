/// The event log on Kafka.
#pragma once

#include <memory>
#include <string>

#include "host/events/event_log.h"
#include "host/events/kafka/client.h"

namespace stoa::host::events::kafka {

/// `address` is "host:port[,host:port…]", with settings of security behind a question mark. Connects lazily.
std::unique_ptr<EventLog> openKafkaLog(const std::string& address, const std::string& instance_id,
                                       KafkaOptions options = {});

}  // namespace stoa::host::events::kafka
