#include <array>
#include <cstdio>
#include <iostream>
#include <memory>
#include <thread>

#include "host/events/kafka/client.h"
#include "host/events/kafka/producer.h"
#include "tests/load/topic/topic.h"

namespace stoa::load {
namespace {

namespace kafka = stoa::host::events::kafka;

constexpr std::size_t kBytes = 1024;
constexpr int kPatienceMs = 60'000;

struct Told {
    std::uint64_t acknowledged = 0, failed = 0;
};

void onReport(rd_kafka_t*, const rd_kafka_message_t* message, void* told) {
    Told& counts = *static_cast<Told*>(told);
    ++(message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? counts.acknowledged : counts.failed);
}

rd_kafka_t* connect(const std::string& brokers, Told& told) {
    kafka::Configuration configuration =
        kafka::configure(kafka::producerSettings(kafka::settingsOf(brokers, "bench"), kafka::KafkaOptions{}));
    rd_kafka_conf_set_dr_msg_cb(configuration.get(), &onReport);
    rd_kafka_conf_set_opaque(configuration.get(), &told);
    return kafka::newClient(RD_KAFKA_PRODUCER, std::move(configuration));
}

void sendOne(rd_kafka_t* client, const std::string& topic, std::uint64_t number) {
    std::array<char, 40> key{};
    const int length = std::snprintf(key.data(), key.size(), "raw-%lld-%llu", static_cast<long long>(nowUs()),
                                     static_cast<unsigned long long>(number));
    std::string value = R"({"madeUs":)" + std::to_string(nowUs()) + R"(,"text":")";
    value.append(kBytes - value.size() - 2, 'x').append("\"}");
    for (;;) {
        const rd_kafka_resp_err_t error = rd_kafka_producev(
            client, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(key.data(), static_cast<std::size_t>(length)),
            RD_KAFKA_V_VALUE(value.data(), value.size()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            return kafka::check(error, "sending");
        }
        rd_kafka_poll(client, 1);
    }
}

}  // namespace

void send(const std::string& brokers, const std::string& topic, std::uint64_t count, double rate) {
    Told told;
    const std::unique_ptr<rd_kafka_t, kafka::FreeWith<rd_kafka_destroy>> client{connect(brokers, told)};
    const std::int64_t begin = nowUs();
    for (std::uint64_t number = 0; number < count; ++number) {
        if (rate > 0) {
            const auto due = static_cast<std::int64_t>(static_cast<double>(number) * 1e6 / rate);
            std::this_thread::sleep_for(std::chrono::microseconds{begin + due - nowUs()});
        }
        sendOne(client.get(), topic, number);
        rd_kafka_poll(client.get(), 0);
    }
    kafka::check(rd_kafka_flush(client.get(), kPatienceMs), "waiting for acknowledgements");
    const double seconds = static_cast<double>(nowUs() - begin) / 1e6;
    std::cout << R"({"acknowledged": )" << told.acknowledged << R"(, "failed": )" << told.failed << R"(, "seconds": )"
              << seconds << "}\n";
}

}  // namespace stoa::load
