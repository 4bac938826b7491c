#include "host/events/conformance/member.h"

#include <fmt/format.h>

#include <chrono>
#include <iostream>
#include <map>

namespace stoa::host::events::conformance {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string Member::describe() const {
    std::map<TopicPartition, int> came;
    for (const Delivery& delivery : got) {
        ++came[{delivery.record.topic, delivery.partition}];
    }
    std::string text = "it has";
    for (const auto& [partition, count] : came) {
        text += fmt::format(" {}/{}: {}", partition.first, partition.second, count);
    }
    text += ", assigned are";
    for (const auto& [topic, partition] : assigned) {
        text += fmt::format(" {}/{}", topic, partition);
    }
    return text;
}

bool Member::pollUntil(const std::function<bool()>& done, bool commit) {
    const auto until = steady_clock::now() + std::chrono::seconds{60};
    while (!done()) {
        if (steady_clock::now() > until) {
            std::cerr << describe() << '\n';
            return false;
        }
        if (std::optional<Delivery> delivery = subscription->poll(milliseconds{20})) {
            if (commit) {
                subscription->commit(delivery->record.topic, delivery->partition, delivery->offset + 1);
            }
            got.push_back(std::move(*delivery));
        }
    }
    return true;
}

}  // namespace stoa::host::events::conformance
