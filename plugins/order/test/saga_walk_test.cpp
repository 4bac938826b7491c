// The saga among services that behave as their contracts say: whatever the interleaving of their topics, everybody
// comes to rest and agrees.

#include <cppunit/extensions/HelperMacros.h>

#include <set>
#include <string>

#include "saga_world.h"

namespace order {
namespace {

constexpr unsigned kWalks = 10'000;
constexpr int kSurprisingSteps = 40;
constexpr int kMostSteps = 1'000;

std::string ending(const World& world, unsigned seed) {
    return "walk " + std::to_string(seed) + " ends " + std::string(name(world.saga.status)) + "/" +
           std::string(name(world.saga.phase)) + " " + std::string(name(world.saga.payment)) + " " +
           std::string(name(world.saga.inventory)) + " after" + world.story;
}

class SagaWalkTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SagaWalkTest);
    CPPUNIT_TEST(everyWalkEndsAtRestAndInAgreement);
    CPPUNIT_TEST(askingAgainMakesUpForWhatWasLost);
    CPPUNIT_TEST_SUITE_END();

public:
    void everyWalkEndsAtRestAndInAgreement() {
        std::set<std::string> endings;
        for (unsigned seed = 0; seed < kWalks; ++seed) {
            World world(seed, Losses::kNone);
            walk(world, seed);
            endings.insert(std::string(name(world.saga.status)) + " " + world.saga.reason);
        }
        // The walks came around: every way to end was met.
        for (const char* expected :
             {"COMPLETED ", "CANCELLED customer", "CANCELLED out_of_stock", "REJECTED payment_failed",
              "REJECTED out_of_stock", "EXPIRED deadline", "EXPIRED hold_expired"}) {
            CPPUNIT_ASSERT_MESSAGE(expected, endings.contains(expected));
        }
    }

    /// A question or an answer that ended in a dead letter, of anybody.
    void askingAgainMakesUpForWhatWasLost() {
        int repeated = 0;
        for (unsigned seed = 0; seed < kWalks; ++seed) {
            World world(seed, Losses::kOfCancellations);
            walk(world, seed);
            repeated += world.repeats > 0 ? 1 : 0;
        }
        CPPUNIT_ASSERT(repeated > 1'000);
    }

private:
    static void walk(World& world, unsigned seed) {
        int steps = 0;
        while (steps < kMostSteps && world.step(steps < kSurprisingSteps)) {
            ++steps;
        }
        CPPUNIT_ASSERT_MESSAGE(ending(world, seed), steps < kMostSteps);
        check(world, ending(world, seed));
    }

    static void check(const World& world, const std::string& how) {
        const bool completed = world.saga.status == Status::kCompleted;
        const bool dead = world.saga.status == Status::kCancelled || world.saga.status == Status::kRejected ||
                          world.saga.status == Status::kExpired;
        CPPUNIT_ASSERT_MESSAGE(how, completed || dead);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(how, completed, world.shipment.state == Shipment::State::kDelivered);
        for (const auto& [attempt, payment] : world.payments) {
            const bool last = attempt == world.payments.rbegin()->first;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(how, completed && last, payment.state == Payment::State::kCaptured);
            CPPUNIT_ASSERT_MESSAGE(how, payment.state != Payment::State::kAuthorized);
        }
        const auto stock = world.reservation.state;
        CPPUNIT_ASSERT_MESSAGE(how, stock != Reservation::State::kHeld);
        CPPUNIT_ASSERT_MESSAGE(how, !world.shipment.isOut() || stock == Reservation::State::kCommitted);
        CPPUNIT_ASSERT_MESSAGE(how, completed || stock != Reservation::State::kCommitted);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SagaWalkTest);

}  // namespace
}  // namespace order
