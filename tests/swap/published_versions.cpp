// published_versions URL TOPIC…: whether the events that a service published to these topics keep the order of each
// aggregate. Reads them all and prints a line for each thing that is wrong, then a JSON line with what was read: within
// a topic the versions of a key ascend, and over all topics they are 1…n, each once.

#include <cstdint>
#include <exception>
#include <iostream>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

#include "host/events/cloud_event.h"
#include "host/events/event_log.h"

namespace events = stoa::host::events;

namespace {

constexpr std::size_t kChunk = 10'000;

class Check {
public:
    void read(events::EventLog& log, const events::TopicInfo& topic) {
        for (std::size_t partition = 0; partition < topic.end.size(); ++partition) {
            std::map<std::string, std::int64_t> last;  // by key
            for (std::int64_t from = topic.begin[partition]; from < topic.end[partition];) {
                const auto some = log.browse(topic.name, static_cast<int>(partition), from, kChunk);
                for (const events::Delivery& delivery : some) {
                    add(delivery, last);
                }
                from = some.size() < kChunk ? topic.end[partition] : some.back().offset + 1;
            }
        }
    }

    void end() {
        for (const auto& [key, versions] : versions_) {
            if (*versions.begin() != 1 || *versions.rbegin() != static_cast<std::int64_t>(versions.size())) {
                wrong(fmt::format("{}: {} versions, from {} to {}", key, versions.size(), *versions.begin(),
                                  *versions.rbegin()));
            }
        }
        std::cout << fmt::format(R"({{"events":{},"keys":{},"wrong":{}}})", events_, versions_.size(), wrong_) << '\n';
    }

private:
    void add(const events::Delivery& delivery, std::map<std::string, std::int64_t>& last) {
        const auto event = events::readCloudEvent(delivery);
        const std::string where = fmt::format("{}/{}/{}", delivery.record.topic, delivery.partition, delivery.offset);
        if (!event) {
            return wrong(where + ": " + event.error());
        }
        ++events_;
        const std::int64_t version = event->aggregate_version;
        if (last[event->key] >= version) {
            wrong(fmt::format("{}: version {} of {} follows version {}", where, version, event->key, last[event->key]));
        }
        last[event->key] = version;
        if (!versions_[event->key].insert(version).second) {
            wrong(fmt::format("{}: version {} of {} was published twice", where, version, event->key));
        }
    }

    void wrong(const std::string& what) {
        ++wrong_;
        std::cout << what << '\n';
    }

    std::map<std::string, std::set<std::int64_t>> versions_;  // by key
    std::uint64_t events_ = 0, wrong_ = 0;
};

}  // namespace

int main(int count, char** words) {
    if (count < 3) {
        std::cerr << "usage: published_versions URL TOPIC…\n";
        return 2;
    }
    try {
        const auto log = events::openEventLog(words[1], "", "published-versions");
        Check check;
        for (const events::TopicInfo& topic : log->topics({words + 2, words + count})) {
            check.read(*log, topic);
        }
        check.end();
        return 0;
    } catch (const std::exception& failure) {
        std::cerr << "published_versions: " << failure.what() << '\n';
        return 1;
    }
}
