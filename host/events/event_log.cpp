#include "host/events/event_log.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "host/events/embedded/embedded_log.h"
#include "host/events/embedded/log_file.h"
#include "host/events/kafka/kafka_log.h"
#include "host/events/prefixed_log.h"

namespace stoa::host::events {
namespace {

/// "host:port[,host:port…][/prefix][?settings]".
std::unique_ptr<EventLog> openKafka(const std::string& address, const std::string& instance_id) {
    const std::size_t question = std::min(address.find('?'), address.size());
    const std::size_t slash = address.find('/');
    if (slash >= question) {
        return kafka::openKafkaLog(address, instance_id);
    }
    return withPrefix(address.substr(slash + 1, question - slash - 1),
                      kafka::openKafkaLog(address.substr(0, slash) + address.substr(question), instance_id));
}

}  // namespace

std::unique_ptr<EventLog> openEventLog(const std::string& url, const std::string& directory,
                                       const std::string& instance_id, Retention retention) {
    constexpr std::string_view kSqlite = "sqlite:";
    constexpr std::string_view kKafka = "kafka://";
    if (url.starts_with(kKafka)) {
        return openKafka(url.substr(kKafka.size()), instance_id);
    }
    if (url.starts_with(kSqlite) && url.size() > kSqlite.size()) {
        const std::filesystem::path path = std::filesystem::path{directory} / url.substr(kSqlite.size());
        embedded::EmbeddedOptions options;
        options.retention_age = retention.age;
        options.retention_bytes = retention.bytes;
        return embedded::openEmbeddedLog(path.string(), instance_id, options);
    }
    throw Error(STOA_INVALID,
                "events: \"" + url + "\" is neither sqlite:<path> nor kafka://host:port[,host:port…][/prefix]");
}

}  // namespace stoa::host::events
