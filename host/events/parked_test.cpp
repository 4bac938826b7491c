// Poison: parked, replayed, dead letters, redriven.

#include <algorithm>

#include "host/events/consumer_fixture.h"

namespace stoa::host::events {

using std::chrono::milliseconds;
using test::eventually;
using test::Strings;

class ParkedTest : public test::ConsumerFixture {
    CPPUNIT_TEST_SUITE(ParkedTest);
    CPPUNIT_TEST(aFailedHandlerLeavesNothingBehind);
    CPPUNIT_TEST(poisonHoldsBackOnlyItsKey);
    CPPUNIT_TEST(parkedEventsAreReplayedInOrder);
    CPPUNIT_TEST(aTransientFailureThatLastsIsParked);
    CPPUNIT_TEST(dataThatDoNotFitTheSchemaNeverReachTheHandler);
    CPPUNIT_TEST(whatIsNoCloudEventEndsAsADeadLetter);
    CPPUNIT_TEST(afterTheLastTryItIsADeadLetterAndItsKeyGoesOn);
    CPPUNIT_TEST(holdKeepsTheKeyUntilItIsDiscarded);
    CPPUNIT_TEST(aHeldEventThatIsRedrivenReleasesItsKey);
    CPPUNIT_TEST(aRedrivenDeadLetterTakesEffectOnce);
    CPPUNIT_TEST_SUITE_END();

public:
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
};

CPPUNIT_TEST_SUITE_REGISTRATION(ParkedTest);

}  // namespace stoa::host::events
