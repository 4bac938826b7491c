// Lasts as long as a test wants; see README.md.

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include <stoa/plugin.h>

namespace dawdle {

constexpr const char* kTopic = "dawdle.asked";
constexpr const char* kSecondTopic = "dawdle.told";
constexpr std::chrono::milliseconds kLook{5};
constexpr std::chrono::minutes kLongest{2};
constexpr std::size_t kTooLarge = 2 << 20;

/// Kept from being compiled into its callers: tests rename the version where the file has it as text.
[[gnu::noipa]] const char* version() { return STOA_PLUGIN_VERSION; }

Json::Value done(const std::string& what, const std::string& by = version()) {
    Json::Value body;
    body["version"] = by;
    body["what"] = what;
    return body;
}

stoa::Response upload(stoa::Request& request) {
    std::array<char, 4096> buffer{};
    std::size_t bytes = 0;
    for (auto part = request.read(buffer); !part.empty(); part = request.read(buffer)) {
        bytes += part.size();
    }
    return stoa::Response::json(200, done(std::to_string(bytes)));
}

stoa::Response large(std::size_t bytes) {
    Json::Value body;
    body["version"] = version();
    body["text"] = std::string(bytes, 'x');
    return stoa::Response::json(200, body);
}

stoa::Response publish(stoa::Request& request, const char* topic) {
    const Json::Value body = request.json();
    const std::string gate = body["gate"].asString();
    return request.transact([&](stoa::Transaction& tx) {
        tx.execute(
            "INSERT INTO gates (gate, asked) VALUES ($1, 1) ON CONFLICT (gate) DO UPDATE SET asked = gates.asked + 1",
            {gate});
        std::int64_t asked = 0;
        for (const stoa::Row& row : tx.query("SELECT asked FROM gates WHERE gate = $1", {gate})) {
            asked = row.get<std::int64_t>("asked");
        }
        tx.publish({.topic = topic, .aggregate = "gate", .key = gate, .version = asked, .data = body});
        return stoa::Response::json(201, done(gate));
    });
}

class Dawdle final : public stoa::Plugin {
public:
    explicit Dawdle(stoa::Host& host)
        : Plugin(host),
          gates_(host.config()["gates"].asString()),
          handover_(host.config()["handover"].asString()),
          note_(host.config()["note"].asString()) {
        route("getState", [this](stoa::Request&) {
            Json::Value body;
            body["version"] = version();
            body["visits"] = static_cast<Json::Int64>(++visits_);
            body["note"] = note_;
            return stoa::Response::json(200, body);
        });
        route("waitForGate", [this](stoa::Request& request) {
            const std::string gate = request.json()["gate"].asString();
            waitFor(gate);
            return stoa::Response::json(200, done(gate));
        });
        route("upload", upload);
        route("getLarge", [bytes = host.config()["large"].asUInt64()](stoa::Request&) { return large(bytes); });
        route("ask", [](stoa::Request& request) { return publish(request, kTopic); });
        route("tell", [](stoa::Request& request) { return publish(request, kSecondTopic); });
        route("listTaken", [this](stoa::Request&) { return list(); });
        on(kTopic, [this](const stoa::Event& event, stoa::Transaction& tx) { take(event, tx); });
        try {
            on(kSecondTopic, [this](const stoa::Event& event, stoa::Transaction& tx) { take(event, tx); });
        } catch (const stoa::Error&) {
            // Tests take it out of the manifest of some versions.
        }
    }

    std::string health() override {
        return isClosed("health-" + std::to_string(getpid())) ? "the gate of its health is closed" : "";
    }

    std::string save() override {
        if (handover_ == "fails") {
            throw stoa::Error(STOA_INTERNAL, "the settings say that this fails");
        }
        if (handover_ == "hangs") {
            waitFor("save");
        }
        if (handover_ == "too large") {
            return std::string(kTooLarge, 'x');
        }
        return handover_ == "nothing" ? std::string() : std::to_string(visits_.load());
    }

    void restore(std::string_view blob) override {
        if (note_ == "refuses") {
            throw stoa::Error(STOA_INVALID, "this is no state of mine");
        }
        visits_ = std::stoll(std::string(blob));
    }

private:
    bool isClosed(const std::string& gate) const {
        return access((gates_ + "/" + gate + ".closed").c_str(), F_OK) == 0;
    }

    void waitFor(const std::string& gate) const {
        const auto end = std::chrono::steady_clock::now() + kLongest;
        while (isClosed(gate) && std::chrono::steady_clock::now() < end) {
            std::this_thread::sleep_for(kLook);
        }
    }

    void take(const stoa::Event& event, stoa::Transaction& tx) const {
        const std::string gate = event.data["gate"].asString();
        waitFor(gate);
        tx.execute(
            "INSERT INTO taken (sequence, gate, version) SELECT coalesce(max(sequence), 0) + 1, $1, $2 FROM taken",
            {gate, version()});
    }

    stoa::Response list() const {
        return host().sql().read([&](stoa::Transaction& tx) {
            Json::Value body;
            body["items"] = Json::Value(Json::arrayValue);
            for (const stoa::Row& row : tx.query("SELECT gate, version FROM taken ORDER BY sequence", {})) {
                body["items"].append(done(row.get<std::string>("gate"), row.get<std::string>("version")));
            }
            return stoa::Response::json(200, body);
        });
    }

    const std::string gates_, handover_, note_;
    std::atomic<std::int64_t> visits_{0};
};

}  // namespace dawdle

STOA_PLUGIN(dawdle::Dawdle)
