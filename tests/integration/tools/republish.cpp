// Appends records of an event log to it once more: what a producer does that lost an acknowledgement, and what a log
// may look like after a repair. With the same event ids, or with new ones, so that only the versions tell.
//
//     republish URL DIRECTORY reversed|in-order same-ids|new-ids TOPIC…

#include <algorithm>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "host/events/event_log.h"

namespace events = stoa::host::events;

namespace {

constexpr std::size_t kLimit = 10'000;

std::vector<events::Record> recordsOf(events::EventLog& log, const std::vector<std::string>& topics) {
    std::vector<events::Delivery> found;
    for (const events::TopicInfo& topic : log.topics(topics)) {
        for (std::size_t partition = 0; partition < topic.begin.size(); ++partition) {
            const auto count = static_cast<std::size_t>(topic.end[partition] - topic.begin[partition]);
            if (count == 0) {
                continue;  // whoever looks into an empty partition waits for somebody to write
            }
            auto some =
                log.browse(topic.name, static_cast<int>(partition), topic.begin[partition], std::min(count, kLimit));
            std::move(some.begin(), some.end(), std::back_inserter(found));
        }
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.time_us < b.time_us; });
    std::vector<events::Record> records;
    records.reserve(found.size());
    for (events::Delivery& delivery : found) {
        records.push_back(std::move(delivery.record));
    }
    return records;
}

/// A UUIDv4-shaped id that nobody has used.
std::string freshId(std::mt19937_64& random) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string id = "00000000-0000-4000-8000-000000000000";
    for (char& c : id) {
        if (c == '0') {
            c = kDigits[random() % 16];
        }
    }
    return id;
}

int republish(const std::vector<std::string>& words) {
    const auto log = events::openEventLog(words[0], words[1], "republish");
    std::vector<events::Record> records = recordsOf(*log, {words.begin() + 4, words.end()});
    if (words[2] == "reversed") {
        std::reverse(records.begin(), records.end());
    }
    if (words[3] == "new-ids") {
        std::mt19937_64 random{std::random_device{}()};
        for (events::Record& record : records) {
            for (auto& [name, value] : record.headers) {
                value = name == "ce_id" ? freshId(random) : value;
            }
        }
    }
    const auto statuses = log->publish(records);
    std::cout << records.size() << '\n';
    return std::all_of(statuses.begin(), statuses.end(), [](stoa_status status) { return status == STOA_OK; }) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6) {
        std::cerr << "usage: republish URL DIRECTORY reversed|in-order same-ids|new-ids TOPIC…\n";
        return 2;
    }
    try {
        return republish({argv + 1, argv + argc});
    } catch (const std::exception& failure) {
        std::cerr << "republish: " << failure.what() << '\n';
        return 1;
    }
}
