#include "host/events/kafka/client.h"

#include <array>
#include <future>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "host/observe/log.h"

namespace stoa::host::events::kafka {
namespace {

void log(const rd_kafka_t*, int level, const char* facility, const char* text) {
    constexpr int kWarning = 4;
    constexpr int kNotice = 5;
    const observe::Level ours = level <= kWarning  ? observe::Level::kWarn
                                : level == kNotice ? observe::Level::kInfo
                                                   : observe::Level::kDebug;
    if (std::string_view{text}.find("experimental") != std::string_view::npos) {
        return;  // said of enable.gapless.guarantee at each start
    }
    observe::log(ours, "kafka client", {{"facility", facility}, {"text", text}});
}

bool isSecurity(std::string_view name) {
    return name.starts_with("security.") || name.starts_with("ssl.") || name.starts_with("sasl.");
}

}  // namespace

Settings settingsOf(const std::string& address, const std::string& instance_id) {
    const std::size_t question = address.find('?');
    Settings settings{{"bootstrap.servers", address.substr(0, question)},
                      {"client.id", "stoa-" + instance_id},
                      {"socket.nagle.disable", "true"},
                      {"socket.keepalive.enable", "true"},
                      {"reconnect.backoff.max.ms", "2000"}};
    if (settings["bootstrap.servers"].empty()) {
        throw Error(STOA_INVALID, "events: no broker in the URL; write kafka://host:port[,host:port…]");
    }
    std::string_view rest = question == std::string::npos ? std::string_view{} : std::string_view{address};
    rest.remove_prefix(rest.empty() ? 0 : question + 1);
    while (!rest.empty()) {
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        const std::size_t equals = pair.find('=');
        const std::string name{pair.substr(0, equals)};
        if (equals == std::string_view::npos || !isSecurity(name)) {
            throw Error(STOA_INVALID,
                        "events: \"" + name +
                            "\" in the kafka URL: only librdkafka's security.…, ssl.… and sasl.… settings "
                            "may stand there, as name=value");
        }
        settings[name] = pair.substr(equals + 1);
    }
    return settings;
}

Configuration configure(const Settings& settings) {
    Configuration configuration{rd_kafka_conf_new()};
    std::array<char, 512> why{};
    for (const auto& [name, value] : settings) {
        if (rd_kafka_conf_set(configuration.get(), name.c_str(), value.c_str(), why.data(), why.size()) !=
            RD_KAFKA_CONF_OK) {
            throw Error(STOA_INVALID, "kafka: setting " + name + ": " + why.data());
        }
    }
    rd_kafka_conf_set_log_cb(configuration.get(), &log);
    return configuration;
}

rd_kafka_t* newClient(rd_kafka_type_t type, Configuration configuration) {
    std::array<char, 512> why{};
    rd_kafka_t* client = rd_kafka_new(type, configuration.get(), why.data(), why.size());
    if (client == nullptr) {
        throw Error(STOA_UNAVAILABLE, std::string{"kafka: no client: "} + why.data());
    }
    static_cast<void>(configuration.release());  // the client's now
    return client;
}

bool closeWithin(std::chrono::milliseconds limit, const std::string& what, std::function<void()> close) {
    auto closed = std::make_shared<std::promise<void>>();
    std::future<void> done = closed->get_future();
    std::thread closing([close = std::move(close), closed] {
        close();
        closed->set_value();
    });
    if (done.wait_for(limit) == std::future_status::ready) {
        closing.join();
        return true;
    }
    observe::error("kafka: a client does not close, it is left behind until the process ends", {{"client", what}});
    closing.detach();
    return false;
}

stoa_status statusOf(rd_kafka_resp_err_t error) {
    switch (error) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
            return STOA_OK;
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_INVALID_MSG:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        case RD_KAFKA_RESP_ERR__INVALID_ARG:
            return STOA_INVALID;
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
            return STOA_NOT_FOUND;
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
            return STOA_FORBIDDEN;
        default:
            return STOA_UNAVAILABLE;
    }
}

void fail(rd_kafka_resp_err_t error, const std::string& what) {
    throw Error(statusOf(error), "kafka: " + what + ": " + rd_kafka_err2str(error));
}

void check(rd_kafka_resp_err_t error, const std::string& what) {
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        fail(error, what);
    }
}

}  // namespace stoa::host::events::kafka
