// Publishes as many events as it is told to; see README.md.

#include <chrono>

#include <stoa/plugin.h>

namespace announcer {

/// With the names, the numbers and the time beside it an event has 1 KiB.
constexpr std::size_t kText = 928;

std::int64_t nowUs() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

class Announcer final : public stoa::Plugin {
public:
    explicit Announcer(stoa::Host& host) : Plugin(host) {
        route("announce", [this](stoa::Request& request) { return announce(request); });
    }

private:
    stoa::Response announce(stoa::Request& request) {
        const std::int64_t events = request.json()["events"].asInt64();
        return request.transact([&](stoa::Transaction& tx) {
            for (std::int64_t each = 0; each < events; ++each) {
                Json::Value data;
                data["text"] = text_;
                data["madeUs"] = static_cast<Json::Int64>(nowUs());
                tx.publish({.topic = "announcement.made",
                            .aggregate = "announcement",
                            .key = host().newId(),
                            .version = 1,
                            .data = std::move(data)});
            }
            return stoa::Response(204);
        });
    }

    std::string text_ = std::string(kText, 'x');
};

}  // namespace announcer

STOA_PLUGIN(announcer::Announcer)
