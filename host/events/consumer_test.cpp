#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>

#include "host/events/inbox.h"
#include "host/events/plugin_events.h"
#include "host/events/test_support.h"
#include "host/sql/sql_capability.h"

namespace stoa::host::events {
namespace {

using std::chrono::milliseconds;
using test::eventually;
using test::Stage;
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

std::shared_ptr<const validate::Manifest> manifestOf(const Strings& topics, bool hold = false) {
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

}  // namespace

class ConsumerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConsumerTest);
    CPPUNIT_TEST(anEventTakesEffectOnceHoweverOftenItComes);
    CPPUNIT_TEST(eventsOfAKeyAreHandledInOrder);
    CPPUNIT_TEST(aRestartGoesOnAndRepeatsNothing);
    CPPUNIT_TEST(aFailedHandlerLeavesNothingBehind);
    CPPUNIT_TEST(poisonHoldsBackOnlyItsKey);
    CPPUNIT_TEST(parkedEventsAreReplayedInOrder);
    CPPUNIT_TEST(transientFailuresAreTriedAgainAtOnce);
    CPPUNIT_TEST(aTransientFailureThatLastsIsParked);
    CPPUNIT_TEST(nothingIsParkedWhileTheDatabaseIsDown);
    CPPUNIT_TEST(dataThatDoNotFitTheSchemaNeverReachTheHandler);
    CPPUNIT_TEST(whatIsNoCloudEventEndsAsADeadLetter);
    CPPUNIT_TEST(afterTheLastTryItIsADeadLetterAndItsKeyGoesOn);
    CPPUNIT_TEST(holdKeepsTheKeyUntilItIsDiscarded);
    CPPUNIT_TEST(aHeldEventThatIsRedrivenReleasesItsKey);
    CPPUNIT_TEST(aRedrivenDeadLetterTakesEffectOnce);
    CPPUNIT_TEST(aFullPoolDelaysAndLosesNothing);
    CPPUNIT_TEST(aSlowHandlerPausesItsPartition);
    CPPUNIT_TEST(anotherVersionsTopicsTakeEffect);
    CPPUNIT_TEST(drainFinishesWhatRunsAndBeginsNothing);
    CPPUNIT_TEST(aLogThatIsDownAtTheStartIsWaitedFor);
    CPPUNIT_TEST(theInboxForgetsWhatIsOld);
    CPPUNIT_TEST_SUITE_END();

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

    void anEventTakesEffectOnceHoweverOftenItComes() {
        start();
        for (int i = 0; i < 3; ++i) {
            publish("order.created", "a", "first", "id-1");
        }
        publish("order.created", "a", "second", "id-2");
        publish("order.created", "a", "first", "id-1");
        publish("order.created", "a", "third", "id-3");
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() >= 3; }));
        CPPUNIT_ASSERT((stage_->effects() == Strings{"first", "second", "third"}));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, stage_->count("SELECT count(*) FROM stoa_inbox"));
    }

    void eventsOfAKeyAreHandledInOrder() {
        start();
        for (int i = 0; i < 40; ++i) {
            publish("order.created", "k" + std::to_string(i % 4), std::to_string(i % 4) + ":" + std::to_string(i / 4));
        }
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 40; }));
        for (const std::string key : {"0:", "1:", "2:", "3:"}) {
            int expected = 0;
            for (const std::string& effect : stage_->effects()) {
                if (effect.starts_with(key)) {
                    CPPUNIT_ASSERT_EQUAL(key + std::to_string(expected++), effect);
                }
            }
        }
    }

    void aRestartGoesOnAndRepeatsNothing() {
        start();
        publish("order.created", "a", "before");
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 1; }));
        events_->close(false);
        events_.reset();
        publish("order.created", "a", "after");
        handled_ = 0;
        start();
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 2; }));
        CPPUNIT_ASSERT((stage_->effects() == Strings{"before", "after"}));
        CPPUNIT_ASSERT_EQUAL(1, handled_.load());
    }

    void aFailedHandlerLeavesNothingBehind() {
        start();
        publish("order.created", "a", "bad");
        CPPUNIT_ASSERT(eventually([&] { return parkedValues().size() == 1; }));
        CPPUNIT_ASSERT(stage_->effects().empty());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, stage_->count("SELECT count(*) FROM stoa_inbox"));
        const ParkedEvent parked = events_->consumer().parked(10)[0];
        CPPUNIT_ASSERT_EQUAL(std::string{"invalid: I can't do bad"}, parked.reason);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, events_->consumer().status().parked);
    }

    void poisonHoldsBackOnlyItsKey() {
        start();
        publish("order.created", "a", "bad");
        publish("order.created", "a", "after bad");
        publish("order.created", "b", "of another key");
        publish("order.cancelled", "a", "of another topic");
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 2 && parkedValues().size() == 2; }));
        const Strings effects = stage_->effects();
        CPPUNIT_ASSERT(std::count(effects.begin(), effects.end(), "of another key") == 1);
        CPPUNIT_ASSERT(std::count(effects.begin(), effects.end(), "of another topic") == 1);
        CPPUNIT_ASSERT((parkedValues() == Strings{"bad", "after bad"}));
    }

    void parkedEventsAreReplayedInOrder() {
        start();
        publish("order.created", "a", "bad");
        publish("order.created", "a", "2");
        publish("order.created", "a", "3");
        CPPUNIT_ASSERT(eventually([&] { return parkedValues().size() == 3; }));
        mend();
        stage_->clock.shift(std::chrono::seconds{2});
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 3; }));
        CPPUNIT_ASSERT((stage_->effects() == Strings{"bad", "2", "3"}));
        CPPUNIT_ASSERT(eventually([&] { return parkedValues().empty(); }));
        publish("order.created", "a", "4");
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 4; }));
    }

    void transientFailuresAreTriedAgainAtOnce() {
        start();
        transient_failures_ = 3;
        publish("order.created", "a", "1");
        publish("order.created", "a", "2");
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 2; }));
        CPPUNIT_ASSERT((stage_->effects() == Strings{"1", "2"}));
        CPPUNIT_ASSERT_EQUAL(5, handled_.load());
        CPPUNIT_ASSERT(parkedValues().empty());
    }

    void aTransientFailureThatLastsIsParked() {
        start();
        transient_failures_ = 1'000'000;
        publish("order.created", "a", "1");
        CPPUNIT_ASSERT(eventually([&] { return parkedValues().size() == 1; }));
        CPPUNIT_ASSERT_EQUAL(5, handled_.load());
        transient_failures_ = 0;
        stage_->clock.shift(std::chrono::seconds{2});
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 1; }));
    }

    void nothingIsParkedWhileTheDatabaseIsDown() {
        options_.consumer.max_back_off = milliseconds{20};
        start();
        publish("order.created", "a", "1");
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 1; }));
        stage_->database.down = true;
        for (const char* value : {"2", "3"}) {
            publish("order.created", "a", value);
        }
        const int refusals = stage_->database.refusals;
        CPPUNIT_ASSERT(eventually([&] { return stage_->database.refusals > refusals + 20; }));
        CPPUNIT_ASSERT(!events_->problem().empty());
        stage_->database.down = false;
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 3; }));
        CPPUNIT_ASSERT((stage_->effects() == Strings{"1", "2", "3"}));
        CPPUNIT_ASSERT_EQUAL(3, handled_.load());
        CPPUNIT_ASSERT(eventually([&] { return events_->problem().empty(); }));
    }

    void dataThatDoNotFitTheSchemaNeverReachTheHandler() {
        start();
        publishRaw("order.created", "a", R"({"what":7})", "id-1");
        publishRaw("order.created", "b", R"({"what":)", "id-2");
        CPPUNIT_ASSERT(eventually([&] { return parkedValues().size() == 2; }));
        CPPUNIT_ASSERT_EQUAL(0, handled_.load());
        for (const ParkedEvent& parked : events_->consumer().parked(10)) {
            const char* expected = parked.key == "a" ? "/what" : "not JSON";
            CPPUNIT_ASSERT_MESSAGE(parked.reason, parked.reason.find(expected) != std::string::npos);
        }
    }

    void whatIsNoCloudEventEndsAsADeadLetter() {
        options_.consumer.schedule = {milliseconds{0}};
        start();
        const std::vector<Record> records{
            {"order.created", std::string("\xff\0k", 3), std::string("\0\xff", 2), {{"x", "\xfe"}}},
            {"order.created", std::string(5000, 'k'), "{}", {}}};
        stage_->embedded->publish(records);
        CPPUNIT_ASSERT(eventually([&] { return letters().size() == 2; }));
        Strings data;
        for (const DeadLetter& letter : letters()) {
            data.push_back(letter.data);
            CPPUNIT_ASSERT_EQUAL(std::string{"order.created"}, letter.topic);
            CPPUNIT_ASSERT(letter.reason.find("ce_specversion") != std::string::npos);
        }
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{1}, std::count(data.begin(), data.end(), std::string("\0\xff", 2)));
    }

    void afterTheLastTryItIsADeadLetterAndItsKeyGoesOn() {
        start();
        publish("order.created", "a", "bad", "id-bad");
        publish("order.created", "a", "2");
        CPPUNIT_ASSERT(eventually([&] { return parkedValues().size() == 2; }));
        for (const int attempts : {1, 2}) {
            stage_->clock.shift(std::chrono::seconds{61});
            CPPUNIT_ASSERT(eventually([&] { return events_->consumer().parked(1).at(0).attempts == attempts; }));
        }
        CPPUNIT_ASSERT(stage_->effects().empty());
        stage_->clock.shift(std::chrono::seconds{61});
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects() == Strings{"2"}; }));
        CPPUNIT_ASSERT(eventually([&] { return letters().size() == 1; }));
        const DeadLetter letter = letters()[0];
        CPPUNIT_ASSERT_EQUAL(std::string{"id-bad"}, letter.event_id);
        CPPUNIT_ASSERT_EQUAL(std::string{"a"}, letter.key);
        CPPUNIT_ASSERT_EQUAL(std::string{"invalid: I can't do bad"}, letter.reason);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, letter.attempts);
        CPPUNIT_ASSERT_EQUAL(std::string{R"({"what":"bad"})"}, letter.data);
        CPPUNIT_ASSERT(parkedValues().empty());
        CPPUNIT_ASSERT_EQUAL(std::string{"order.created.dlq.billing"}, deadLetterTopic("order.created", "billing"));
    }

    void holdKeepsTheKeyUntilItIsDiscarded() {
        options_.consumer.schedule = {milliseconds{0}};
        start(true);
        publish("order.created", "a", "bad");
        publish("order.created", "a", "2");
        CPPUNIT_ASSERT(eventually([&] { return events_->consumer().status().held == 1; }));
        CPPUNIT_ASSERT(eventually([&] { return letters().size() == 1; }));
        CPPUNIT_ASSERT(eventually([&] { return events_->consumer().parked(10).size() == 2; }));
        CPPUNIT_ASSERT(stage_->effects().empty());
        events_->consumer().discardParked(events_->consumer().parked(1).at(0).position);
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects() == Strings{"2"}; }));
        CPPUNIT_ASSERT_THROW(events_->consumer().discardParked(999), Error);
    }

    void aHeldEventThatIsRedrivenReleasesItsKey() {
        options_.consumer.schedule = {milliseconds{0}};
        start(true);
        publish("order.created", "a", "bad");
        publish("order.created", "a", "2");
        CPPUNIT_ASSERT(eventually([&] { return letters().size() == 1 && parkedValues().size() == 2; }));
        mend();
        CPPUNIT_ASSERT(events_->consumer().redrive("order.created", 0, letters()[0].offset));
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects() == Strings{"bad", "2"}; }));
        CPPUNIT_ASSERT(parkedValues().empty());
    }

    void aRedrivenDeadLetterTakesEffectOnce() {
        options_.consumer.schedule = {milliseconds{0}};
        start();
        publish("order.created", "a", "bad");
        CPPUNIT_ASSERT(eventually([&] { return letters().size() == 1 && parkedValues().empty(); }));
        const std::int64_t offset = letters()[0].offset;
        mend();
        CPPUNIT_ASSERT(events_->consumer().redrive("order.created", 0, offset));
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects() == Strings{"bad"}; }));
        CPPUNIT_ASSERT(!events_->consumer().redrive("order.created", 0, offset));
        CPPUNIT_ASSERT_THROW(events_->consumer().redrive("order.created", 0, offset + 1), Error);
        publish("order.created", "a", "next");
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects() == Strings{"bad", "next"}; }));
    }

    void aFullPoolDelaysAndLosesNothing() {
        workers_->turn_away = 30;
        start();
        for (int i = 0; i < 10; ++i) {
            publish("order.created", "a", std::to_string(i));
        }
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 10; }));
        CPPUNIT_ASSERT_EQUAL(std::string{"9"}, stage_->effects().back());
        CPPUNIT_ASSERT(workers_->turn_away <= 0);
    }

    void aSlowHandlerPausesItsPartition() {
        options_.consumer.queue_high = 4;
        options_.consumer.queue_low = 1;
        close_gate_ = true;
        start();
        for (int i = 0; i < 30; ++i) {
            publish("order.created", "a", std::to_string(i));
        }
        CPPUNIT_ASSERT(eventually([&] { return events_->consumer().status().queued == 4; }));
        publish("order.cancelled", "z", "elsewhere");  // proof that the consumer went on polling
        CPPUNIT_ASSERT(eventually([&] { return events_->consumer().status().queued == 5; }));
        openGate();
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 31; }));
    }

    void anotherVersionsTopicsTakeEffect() {
        start();
        const std::vector<TopicSpec> topics{{"order.confirmed", 2}};
        stage_->embedded->ensureTopics(topics);
        publish("order.confirmed", "a", "waits for the next version");
        publish("order.created", "a", "1");
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 1; }));
        events_->update(manifestOf({"order.created", "order.confirmed"}));
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 2; }));
        CPPUNIT_ASSERT_EQUAL(std::string{"waits for the next version"}, stage_->effects().back());
    }

    void drainFinishesWhatRunsAndBeginsNothing() {
        close_gate_ = true;
        start();
        for (int i = 0; i < 5; ++i) {
            publish("order.created", "a", std::to_string(i));
        }
        CPPUNIT_ASSERT(eventually([&] { return waiting_ == 1; }));
        std::thread opener([&] {
            CPPUNIT_ASSERT(eventually([&] { return draining_.load(); }));
            openGate();
        });
        CPPUNIT_ASSERT(!events_->drainConsumer(std::chrono::steady_clock::now() + milliseconds{50}));
        draining_ = true;
        const bool drained = events_->drainConsumer(std::chrono::steady_clock::now() + std::chrono::seconds{60});
        opener.join();
        CPPUNIT_ASSERT(drained);
        CPPUNIT_ASSERT((stage_->effects() == Strings{"0"}));
        events_->close(true);
        events_.reset();
        start();
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 5; }));
        CPPUNIT_ASSERT((stage_->effects() == Strings{"0", "1", "2", "3", "4"}));
    }

    void aLogThatIsDownAtTheStartIsWaitedFor() {
        stage_->log.down = true;
        start();
        CPPUNIT_ASSERT(eventually([&] { return events_->problem() == "the log is down"; }));
        publish("order.created", "a", "1");
        stage_->log.down = false;
        CPPUNIT_ASSERT(eventually([&] { return stage_->effects().size() == 1; }));
        CPPUNIT_ASSERT(eventually([&] { return events_->problem().empty(); }));
    }

    void theInboxForgetsWhatIsOld() {
        const Inbox inbox("billing");
        stage_->database.transact(sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) {
            CPPUNIT_ASSERT(inbox.enter(transaction, "old", 1000));
            CPPUNIT_ASSERT(inbox.enter(transaction, "young", 5000));
            CPPUNIT_ASSERT(!inbox.enter(transaction, "young", 6000));
            CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, inbox.prune(transaction, 4000));
            CPPUNIT_ASSERT(!inbox.contains(transaction, "old"));
            CPPUNIT_ASSERT(inbox.contains(transaction, "young"));
        });
    }

private:
    void start(bool hold = false) {
        options_.relay.idle_poll = milliseconds{50};
        options_.consumer.replay_poll = milliseconds{50};
        events_ = std::make_unique<PluginEvents>(
            stage_->surroundings(), "host-a", manifestOf({"order.created", "order.cancelled"}, hold),
            [this](const std::string&, const IncomingEvent& event, stoa_tx* tx) { return handle(event, *tx); },
            [this](std::function<void()> job) { return workers_->submit(std::move(job)); }, options_);
        events_->start();
    }

    stoa_status handle(const IncomingEvent& event, stoa_tx& tx) {
        ++handled_;
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
        for (const TopicInfo& topic : stage_->embedded->topics()) {
            if (topic.name == "order.created.dlq.billing") {
                return events_->consumer().deadLetters("order.created", 0, 100);
            }
        }
        return {};
    }

    std::unique_ptr<Stage> stage_;
    std::unique_ptr<Workers> workers_;
    PluginEventsOptions options_;
    std::unique_ptr<PluginEvents> events_;
    std::atomic<int> handled_{0};
    std::atomic<int> transient_failures_{0};
    std::atomic<bool> mended_{false};
    std::atomic<bool> draining_{false};
    int published_ = 0;
    std::mutex mutex_;
    std::condition_variable opened_;
    bool close_gate_ = false;
    std::atomic<int> waiting_{0};
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConsumerTest);

}  // namespace stoa::host::events
