// A service that works, unless the file was linked with a fault: then it does what the fault names.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <stoa/plugin.h>

#include "fault.h"

extern "C" __attribute__((weak)) const char* trialFault(void) { return "none"; }

namespace trial {
namespace {

using std::chrono::steady_clock;

constexpr const char* kTopic = "trial.added";
constexpr std::size_t kFourGiB = std::size_t{4} << 30U;
constexpr double kLeakedPerSecond = 50e6;

bool is(std::string_view fault) { return fault == trialFault(); }

/// The probe gives its process no such variable, the test gives it to its host: such a fault passes the probe.
bool isInHost(std::string_view fault) { return is(fault) && std::getenv("TRIAL_HOST") != nullptr; }

void mayFailToBegin() {
    if (is("create throws") || isInHost("create throws in the host")) {
        throw std::runtime_error("thrown in create");
    }
    if (is("create fails")) {
        throw stoa::Error(STOA_UNSUPPORTED, "the stars are wrong");
    }
    if (is("create allocates")) {
        const std::vector<char> block(kFourGiB, 'x');
        throw stoa::Error(STOA_INTERNAL, "there is more memory than there may be: " + std::to_string(block.size()));
    }
}

class Trial final : public stoa::Plugin {
public:
    explicit Trial(stoa::Host& host) : Plugin(host) {
        mayFailToBegin();
        route("getTrial", [this](stoa::Request& request) { return get(request); });
        route("addTrial", [this](stoa::Request& request) { return add(request); });
        on(kTopic, [](const stoa::Event& event, stoa::Transaction& tx) {
            tx.execute("INSERT INTO heard (id, name) VALUES ($1, $2)", {event.key, event.data["name"].asString()});
        });
    }

    void start() override {
        if (isInHost("start fails in the host")) {
            throw stoa::Error(STOA_UNAVAILABLE, "the starter is broken");
        }
    }

    std::string health() override {
        const bool ill = is("never healthy") || isInHost("never healthy in the host");
        return ill ? "waiting for the sun" : "";
    }

private:
    static Json::Value about(const std::string& name) {
        Json::Value trial;
        trial["name"] = name;
        trial["version"] = STOA_PLUGIN_VERSION;
        return trial;
    }

    stoa::Response get(const stoa::Request& request) {
        const std::string name{request.param("name")};
        if (is("crashes")) {
            std::raise(SIGSEGV);
        }
        if (is("answers off its schema")) {
            Json::Value trial = about(name);
            trial["version"] = 7;
            return stoa::Response::json(200, trial);
        }
        if (isInHost("answers 500")) {
            throw stoa::Problem(500, "trial-fails", "This version always fails.");
        }
        if (isInHost("leaks")) {
            leak();
        }
        return stoa::Response::json(200, about(name));
    }

    stoa::Response add(stoa::Request& request) {
        const std::string name = request.json()["name"].asString();
        const std::string id = request.resourceId();
        return request.transact([&](stoa::Transaction& tx) {
            tx.execute("INSERT INTO trials (id, name) VALUES ($1, $2)", {id, name});
            Json::Value data;
            data["name"] = name;
            tx.publish({.topic = kTopic, .aggregate = "trial", .key = id, .version = 1, .data = data});
            return stoa::Response::json(201, about(name));
        });
    }

    /// Holds what 50 MB a second have come to by now.
    void leak() {
        const std::lock_guard lock(mutex_);
        const std::chrono::duration<double> age = steady_clock::now() - began_;
        const auto due = static_cast<std::size_t>(age.count() * kLeakedPerSecond);
        leaked_.emplace_back(due - held_);
        held_ = due;
    }

    const steady_clock::time_point began_ = steady_clock::now();
    std::mutex mutex_;
    std::vector<std::vector<char>> leaked_;
    std::size_t held_ = 0;
};

}  // namespace

const stoa_plugin* entry(const stoa_offer* offer, const stoa_writer* refusal) {
    const auto make = [](stoa::Host& host) -> std::unique_ptr<stoa::Plugin> { return std::make_unique<Trial>(host); };
    const stoa_plugin* right = stoa::pluginEntry(offer, refusal, make, STOA_PLUGIN_NAME, STOA_PLUGIN_VERSION);
    if (right == nullptr || !is("speaks another ABI")) {
        return right;
    }
    static stoa_plugin wrong;
    wrong = *right;
    wrong.abi_major = STOA_ABI_MAJOR + 1;
    return &wrong;
}

}  // namespace trial

STOA_EXPORT const stoa_plugin* stoa_plugin_entry(const stoa_offer* offer, const stoa_writer* refusal) {
    return trial::entry(offer, refusal);
}
