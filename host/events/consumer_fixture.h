/// A plugin's events on a stage, with a handler that tests can make fail, wait or succeed.
#pragma once

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include "host/base/work.h"
#include "host/events/plugin_events.h"
#include "host/events/test_support.h"
#include "host/sql/sql_capability.h"

namespace stoa::host::events::test {

using std::chrono::milliseconds;
using Strings = std::vector<std::string>;

/// Workers as a plugin has them.
class Workers {
public:
    Workers() {
        for (int i = 0; i < 3; ++i) {
            threads_.emplace_back([this] { run(); });
        }
    }
    ~Workers() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        ready_.notify_all();
        for (std::thread& thread : threads_) {
            thread.join();
        }
    }
    bool submit(std::function<void()> job) {
        if (turn_away > 0 && --turn_away >= 0) {
            return false;
        }
        {
            const std::lock_guard lock(mutex_);
            jobs_.push_back(std::move(job));
        }
        ready_.notify_one();
        return true;
    }
    std::atomic<int> turn_away{0};

private:
    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            ready_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
            if (jobs_.empty()) {
                return;
            }
            const auto job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            job();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::function<void()>> jobs_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

inline std::shared_ptr<const validate::Manifest> manifestOf(const Strings& topics, bool hold = false) {
    auto manifest = std::make_shared<validate::Manifest>();
    manifest->name = "billing";
    const auto json =
        parseJson(R"({"type":"object","required":["what"],"properties":{"what":{"type":"string","maxLength":100}}})");
    for (const std::string& topic : topics) {
        validate::Subscription subscription;
        subscription.topic = topic;
        subscription.schema = validate::Schema::compile(*json, *json).value();
        subscription.hold_on_poison = hold;
        manifest->subscribes.push_back(subscription);
    }
    return manifest;
}

class ConsumerFixture : public CppUnit::TestFixture {
public:
    void setUp() override {
        stage_ = std::make_unique<Stage>();
        workers_ = std::make_unique<Workers>();
        const std::vector<TopicSpec> topics{{"order.created", 4}, {"order.cancelled", 4}};
        stage_->embedded->ensureTopics(topics);
    }
    void tearDown() override {
        if (events_) {
            events_->close(true);
        }
        events_.reset();
        workers_.reset();
        stage_.reset();
    }

protected:
    void start(bool hold = false) {
        options_.relay.idle_poll = milliseconds{50};
        options_.consumer.replay_poll = milliseconds{50};
        options_.consumer.settled = [this](std::uint64_t generation, bool failed) {
            CPPUNIT_ASSERT_EQUAL(kGeneration, generation);
            ++(failed ? given_up_ : settled_well_);
        };
        events_ = std::make_unique<PluginEvents>(
            stage_->surroundings(), "host-a", manifestOf({"order.created", "order.cancelled"}, hold),
            [this](const std::string&, const IncomingEvent& event, stoa_tx* tx) { return handle(event, *tx); },
            [this](std::function<void()> job) { return workers_->submit(std::move(job)); }, options_);
        events_->start();
    }

    stoa_status handle(const IncomingEvent& event, stoa_tx& tx) {
        ++handled_;
        currentWork()->generation = kGeneration;
        CPPUNIT_ASSERT_EQUAL(std::string{"billing"}, currentWork()->service);
        CPPUNIT_ASSERT_EQUAL(event.topic, currentWork()->route);
        const std::string what = parseJson(event.data)->get("what", "").asString();
        {
            std::unique_lock lock(mutex_);
            ++waiting_;
            opened_.wait(lock, [this] { return !close_gate_; });
            --waiting_;
        }
        stage_->addEffect(tx.transaction, what);
        if (transient_failures_ > 0 && --transient_failures_ >= 0) {
            return STOA_CONFLICT;
        }
        if (what == "bad" && !mended_) {
            setLastError("I can't do bad");
            return STOA_INVALID;
        }
        return STOA_OK;
    }

    void mend() { mended_ = true; }
    void openGate() {
        {
            const std::lock_guard lock(mutex_);
            close_gate_ = false;
        }
        opened_.notify_all();
    }

    void publish(const std::string& topic, const std::string& key, const std::string& what, std::string id = {}) {
        Json::Value data;
        data["what"] = what;
        publishRaw(topic, key, writeJson(data), std::move(id));
    }
    void publishRaw(const std::string& topic, const std::string& key, const std::string& data, std::string id) {
        OutgoingEvent event;
        event.id = id.empty() ? "id-" + std::to_string(++published_) : id;
        event.topic = topic;
        event.key = key;
        event.data = data;
        event.source = "order";
        event.aggregate_version = 1;
        const std::vector<Record> records{toRecord(event)};
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_OK}, stage_->embedded->publish(records)[0]);
    }

    Strings parkedValues() {
        Strings values;
        for (const ParkedEvent& parked : events_->consumer().parked(100)) {
            const auto data = parseJson(parked.data);
            // Not an object: one of the broken ones.
            values.push_back(data && data->isObject() ? data->get("what", "").asString() : parked.data);
        }
        return values;
    }
    std::vector<DeadLetter> letters() {
        const bool is_there = !stage_->embedded->topics({"order.created.dlq.billing"}).empty();
        return is_there ? events_->consumer().deadLetters("order.created", 0, 100) : std::vector<DeadLetter>{};
    }

    static constexpr std::uint64_t kGeneration = 7;
    std::unique_ptr<Stage> stage_;
    std::unique_ptr<Workers> workers_;
    PluginEventsOptions options_;
    std::unique_ptr<PluginEvents> events_;
    std::atomic<int> handled_{0};
    std::atomic<int> settled_well_{0}, given_up_{0};
    std::atomic<int> transient_failures_{0};
    std::atomic<bool> mended_{false};
    std::atomic<bool> draining_{false};
    int published_ = 0;
    std::mutex mutex_;
    std::condition_variable opened_;
    bool close_gate_ = false;
    std::atomic<int> waiting_{0};
};

}  // namespace stoa::host::events::test
