#include "host/events/event_log.h"

#include <filesystem>
#include <string_view>

#include "host/events/embedded/embedded_log.h"
#include "host/events/kafka/kafka_log.h"

namespace stoa::host::events {

std::unique_ptr<EventLog> openEventLog(const std::string& url, const std::string& directory,
                                       const std::string& instance_id) {
    constexpr std::string_view kSqlite = "sqlite:";
    constexpr std::string_view kKafka = "kafka://";
    if (url.starts_with(kKafka)) {
        return kafka::openKafkaLog(url.substr(kKafka.size()), instance_id);
    }
    if (url.starts_with(kSqlite) && url.size() > kSqlite.size()) {
        const std::filesystem::path path = std::filesystem::path{directory} / url.substr(kSqlite.size());
        return embedded::openEmbeddedLog(path.string(), instance_id);
    }
    throw Error(STOA_INVALID, "events: \"" + url + "\" is neither sqlite:<path> nor kafka://host:port[,host:port…]");
}

}  // namespace stoa::host::events
