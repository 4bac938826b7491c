#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <iostream>
#include <limits>
#include <memory>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

#include "host/events/kafka/client.h"
#include "tests/load/topic/topic.h"

namespace stoa::load {
namespace {

namespace kafka = stoa::host::events::kafka;

constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();
constexpr int kTimeoutMs = 10'000, kPollMs = 50;
constexpr std::int64_t kPatienceUs = 30'000'000;

using Consumer = std::unique_ptr<rd_kafka_t, kafka::FreeWith<rd_kafka_destroy>>;

/// A host makes its topics after it has begun to listen, and a new partition has no leader yet that every broker knows
/// of.
bool isNotYet(rd_kafka_resp_err_t error) {
    return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

/// Asks until the answer is another than not yet; Kafka tells nobody when that is.
template <class Ask>
void askAgain(const std::string& what, Ask ask) {
    const std::int64_t until = nowUs() + kPatienceUs;
    rd_kafka_resp_err_t error = ask();
    while (isNotYet(error) && nowUs() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));
        error = ask();
    }
    kafka::check(error, what);
}

kafka::Metadata metadataOf(rd_kafka_t* client, rd_kafka_topic_t* topic) {
    kafka::Metadata metadata;
    askAgain(std::string("topic ") + rd_kafka_topic_name(topic), [&] {
        const rd_kafka_metadata_t* answer = nullptr;
        const auto error = rd_kafka_metadata(client, 0, topic, &answer, kTimeoutMs);
        metadata.reset(answer);
        return error != RD_KAFKA_RESP_ERR_NO_ERROR ? error : metadata->topics[0].err;
    });
    return metadata;
}

std::int64_t endOf(rd_kafka_t* client, const std::string& topic, int partition) {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    askAgain("asking for the end", [&] {
        return rd_kafka_query_watermark_offsets(client, topic.c_str(), partition, &begin, &end, kTimeoutMs);
    });
    return end;
}

/// Where each partition ends, asked one by one: "from the end" alone would be where it ends later.
void readFromTheEnd(rd_kafka_t* client, const std::string& topic) {
    const kafka::Topic handle{rd_kafka_topic_new(client, topic.c_str(), nullptr)};
    const kafka::Metadata metadata = metadataOf(client, handle.get());
    const kafka::Partitions list = kafka::newPartitions();
    for (int partition = 0; partition < metadata->topics[0].partition_cnt; ++partition) {
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset =
            endOf(client, topic, partition);
    }
    kafka::check(rd_kafka_assign(client, list.get()), "taking the partitions");
}

std::int64_t madeUs(std::string_view value) {
    constexpr std::string_view kName = R"("madeUs":)";
    const std::size_t at = value.find(kName);
    std::int64_t made = 0;
    if (at == std::string_view::npos ||
        std::from_chars(value.data() + at + kName.size(), value.data() + value.size(), made).ec != std::errc{}) {
        throw Error(STOA_INVALID, "an event does not say when it was made: " + std::string{value});
    }
    return made;
}

class Seen {
public:
    void add(std::string key, std::int64_t made) {
        const std::int64_t now = nowUs();
        last_ = now;
        if (!keys_.insert(std::move(key)).second) {
            ++twice_;
            return;
        }
        first_made_ = std::min(first_made_, made);
        latencies_.push_back(now - made);
    }
    std::size_t events() const { return keys_.size(); }
    std::int64_t last() const { return last_; }

    std::string json() {
        std::sort(latencies_.begin(), latencies_.end());
        const double seconds = latencies_.empty() ? 0 : static_cast<double>(last_ - first_made_) / 1e6;
        return R"({"seen": )" + std::to_string(events()) + R"(, "twice": )" + std::to_string(twice_) +
               R"(, "seconds": )" + std::to_string(seconds) + R"(, "p50_ms": )" + quantile(0.5) + R"(, "p99_ms": )" +
               quantile(0.99) + R"(, "p999_ms": )" + quantile(0.999) + "}";
    }

private:
    /// The nearest rank, in milliseconds; the latencies are sorted.
    std::string quantile(double q) const {
        const auto rank = static_cast<std::size_t>(q * static_cast<double>(latencies_.size()));
        return latencies_.empty()
                   ? "null"
                   : std::to_string(static_cast<double>(latencies_[std::min(rank, latencies_.size() - 1)]) / 1e3);
    }

    std::unordered_set<std::string> keys_;
    std::vector<std::int64_t> latencies_;
    std::uint64_t twice_ = 0;
    std::int64_t first_made_ = std::numeric_limits<std::int64_t>::max();
    std::int64_t last_ = nowUs();  ///< when the last one was seen
};

}  // namespace

void watch(const std::string& brokers, const std::string& topic) {
    kafka::Settings settings = kafka::settingsOf(brokers, "bench");
    settings["group.id"] = "bench";  // librdkafka wants one; nothing is committed
    settings["enable.auto.commit"] = "false";
    const Consumer client{kafka::newClient(RD_KAFKA_CONSUMER, kafka::configure(settings))};
    rd_kafka_poll_set_consumer(client.get());
    readFromTheEnd(client.get(), topic);
    std::cout << "ready" << std::endl;
    std::atomic<std::uint64_t> expected{kUnknown};
    std::thread listener([&] {
        std::uint64_t number = 0;
        expected = std::cin >> number ? number : 0;
    });
    Seen seen;
    std::int64_t told = 0;  // when the number was known
    while (seen.events() < expected && (expected == kUnknown || nowUs() < std::max(told, seen.last()) + kPatienceUs)) {
        told = expected == kUnknown ? nowUs() : told;
        const kafka::Message message{rd_kafka_consumer_poll(client.get(), kPollMs)};
        if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            seen.add({static_cast<const char*>(message->key), message->key_len},
                     madeUs({static_cast<const char*>(message->payload), message->len}));
        }
    }
    listener.join();
    std::cout << seen.json() << '\n';
    rd_kafka_consumer_close(client.get());
}

}  // namespace stoa::load
