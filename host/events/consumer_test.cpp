#include "host/events/consumer.h"

#include <thread>

#include "host/events/consumer_fixture.h"
#include "host/events/inbox.h"

namespace stoa::host::events {

using std::chrono::milliseconds;
using test::eventually;
using test::manifestOf;
using test::Strings;

class ConsumerTest : public test::ConsumerFixture {
    CPPUNIT_TEST_SUITE(ConsumerTest);
    CPPUNIT_TEST(anEventTakesEffectOnceHoweverOftenItComes);
    CPPUNIT_TEST(eventsOfAKeyAreHandledInOrder);
    CPPUNIT_TEST(aRestartGoesOnAndRepeatsNothing);
    CPPUNIT_TEST(transientFailuresAreTriedAgainAtOnce);
    CPPUNIT_TEST(aRaceThatIsWonInTheEndIsNoFailureOfTheVersion);
    CPPUNIT_TEST(nothingIsParkedWhileTheDatabaseIsDown);
    CPPUNIT_TEST(aFullPoolDelaysAndLosesNothing);
    CPPUNIT_TEST(aSlowHandlerPausesItsPartition);
    CPPUNIT_TEST(anotherVersionsTopicsTakeEffect);
    CPPUNIT_TEST(drainFinishesWhatRunsAndBeginsNothing);
    CPPUNIT_TEST(aLogThatIsDownAtTheStartIsWaitedFor);
    CPPUNIT_TEST(theInboxForgetsWhatIsOld);
    CPPUNIT_TEST_SUITE_END();

public:
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

    void aRaceThatIsWonInTheEndIsNoFailureOfTheVersion() {
        start();
        transient_failures_ = options_.consumer.quick_tries - 1;
        publish("order.created", "a", "1");
        CPPUNIT_ASSERT(eventually([&] { return settled_well_ == 1; }));
        transient_failures_ = options_.consumer.quick_tries;
        publish("order.created", "a", "2");
        CPPUNIT_ASSERT(eventually([&] { return given_up_ == 1; }));
        publish("order.created", "b", "bad");
        CPPUNIT_ASSERT(eventually([&] { return given_up_ == 2; }));
        publish("order.created", "c", "3", "id-again");
        publish("order.created", "c", "3", "id-again");
        publish("order.created", "c", "4");
        CPPUNIT_ASSERT(eventually([&] { return settled_well_ == 3; }));
        CPPUNIT_ASSERT_EQUAL(2, given_up_.load());
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
        stage_->log.down = true;
        events_->update(manifestOf({"order.created", "order.confirmed"}));
        CPPUNIT_ASSERT(eventually([&] { return events_->problem() == "the log is down"; }));
        stage_->log.down = false;
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
};

CPPUNIT_TEST_SUITE_REGISTRATION(ConsumerTest);

}  // namespace stoa::host::events
