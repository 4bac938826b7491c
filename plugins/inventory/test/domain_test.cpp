// The rules of reservations, without a database.

#include <cppunit/extensions/HelperMacros.h>

#include <stdexcept>
#include <string>

#include "domain.h"

namespace {

using namespace inventory;

class DomainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DomainTest);
    CPPUNIT_TEST(linesAreMergedAndSorted);
    CPPUNIT_TEST(anOlderAttemptIsStale);
    CPPUNIT_TEST(aNewAttemptEndsTheFormerOne);
    CPPUNIT_TEST(whatOvertookTheOrderIsMadeUpFor);
    CPPUNIT_TEST(aConfirmationOfACancelledOrderIsIgnored);
    CPPUNIT_TEST(aCancellationOlderThanTheAttemptIsIgnored);
    CPPUNIT_TEST(whoAsksAgainIsAnsweredAgain);
    CPPUNIT_TEST(onlyAHeldReservationIsLostWithThePayment);
    CPPUNIT_TEST(onlyAHoldExpiresAndNotBeforeItsTime);
    CPPUNIT_TEST(aParcelShipsOnce);
    CPPUNIT_TEST(lowMeansAtTheThreshold);
    CPPUNIT_TEST(statesHaveNames);
    CPPUNIT_TEST_SUITE_END();

public:
    void linesAreMergedAndSorted() {
        const std::vector<Line> expected{{"a", 5}, {"b", 1}};
        CPPUNIT_ASSERT(merged({{"b", 1}, {"a", 2}, {"a", 3}}) == expected);
        CPPUNIT_ASSERT(merged({}).empty());
    }

    void anOlderAttemptIsStale() {
        Reservation reservation = in(State::kReleased, 2, 3);
        CPPUNIT_ASSERT(onCreated(reservation, 1, 1).empty());
        CPPUNIT_ASSERT(onCreated(reservation, 2, 3).empty());
        CPPUNIT_ASSERT((onCreated(reservation, 3, 5) == Steps{{Action::kBegin}, {Action::kTake}}));
    }

    void aNewAttemptEndsTheFormerOne() {
        Reservation reservation = in(State::kHeld, 1, 1);
        const Steps expected{{Action::kGiveBack, kCancelled}, {Action::kBegin}, {Action::kTake}};
        CPPUNIT_ASSERT(onCreated(reservation, 2, 3) == expected);
        reservation.state = State::kShipped;
        CPPUNIT_ASSERT(onCreated(reservation, 2, 3).empty());
    }

    void whatOvertookTheOrderIsMadeUpFor() {
        Reservation reservation;
        CPPUNIT_ASSERT(onConfirmed(reservation, 2).empty());
        const Steps all{{Action::kBegin}, {Action::kTake}, {Action::kCommit}};
        CPPUNIT_ASSERT(onCreated(reservation, 1, 1) == all);
        Reservation failed;
        CPPUNIT_ASSERT(onPaymentFailed(failed, 1).empty());
        const Steps dead{{Action::kBegin}, {Action::kAcknowledge, kPaymentFailed}};
        CPPUNIT_ASSERT(onCreated(failed, 1, 1) == dead);
    }

    void aConfirmationOfACancelledOrderIsIgnored() {
        Reservation reservation = in(State::kReleased, 1, 1);
        reservation.lines = {{"a", 1}};
        CPPUNIT_ASSERT((onConfirmed(reservation, 2) == Steps{{Action::kTakeAndCommit}}));
        reservation.cancel_version = 4;
        CPPUNIT_ASSERT(onConfirmed(reservation, 3).empty());
    }

    void aCancellationOlderThanTheAttemptIsIgnored() {
        Reservation reservation = in(State::kHeld, 2, 3);
        CPPUNIT_ASSERT(onCancelled(reservation, 1, 2).empty());
        CPPUNIT_ASSERT((onCancelled(reservation, 2, 4) == Steps{{Action::kGiveBack, kCancelled}}));
        CPPUNIT_ASSERT(onCancelled(reservation, 2, 4).empty());
    }

    void whoAsksAgainIsAnsweredAgain() {
        const Steps answer{{Action::kAnswerAgain, kCancelled}};
        Reservation reservation = in(State::kFailed, 1, 1);
        CPPUNIT_ASSERT(onCancelled(reservation, 1, 2).empty());  // reservation_failed has told it
        CPPUNIT_ASSERT(onCancelled(reservation, 1, 3) == answer);
        CPPUNIT_ASSERT(onCancelled(reservation, 1, 3).empty());
        CPPUNIT_ASSERT((onCreated(reservation, 2, 4) == Steps{{Action::kBegin}, {Action::kTake}}));
        Reservation unknown;
        const Steps tombstone{{Action::kAcknowledge, kCancelled}};
        CPPUNIT_ASSERT(onCancelled(unknown, 1, 2) == tombstone);
        CPPUNIT_ASSERT(onCancelled(unknown, 2, 5) == tombstone);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, unknown.attempt);
    }

    void onlyAHeldReservationIsLostWithThePayment() {
        Reservation reservation = in(State::kHeld, 2, 3);
        CPPUNIT_ASSERT(onPaymentFailed(reservation, 1).empty());
        CPPUNIT_ASSERT((onPaymentFailed(reservation, 2) == Steps{{Action::kGiveBack, kPaymentFailed}}));
        reservation.state = State::kCommitted;
        CPPUNIT_ASSERT(onPaymentFailed(reservation, 2).empty());
    }

    void onlyAHoldExpiresAndNotBeforeItsTime() {
        Reservation reservation = in(State::kHeld, 1, 1);
        reservation.expires = stoa::fromMicros(10);
        CPPUNIT_ASSERT(onExpiry(reservation, stoa::fromMicros(9)).empty());
        CPPUNIT_ASSERT((onExpiry(reservation, stoa::fromMicros(10)) == Steps{{Action::kGiveBack, kExpired}}));
        reservation.state = State::kCommitted;
        CPPUNIT_ASSERT(onExpiry(reservation, stoa::fromMicros(10)).empty());
    }

    void aParcelShipsOnce() {
        Reservation reservation = in(State::kCommitted, 1, 1);
        CPPUNIT_ASSERT((onShipped(reservation) == Steps{{Action::kShip}}));
        for (const State state : {State::kShipped, State::kHeld, State::kExpired, State::kReleased, State::kNone}) {
            reservation.state = state;
            CPPUNIT_ASSERT_MESSAGE(std::string(name(state)), onShipped(reservation).empty());
        }
    }

    void lowMeansAtTheThreshold() {
        Stock stock;
        stock.on_hand = 8;
        stock.reserved = 2;
        CPPUNIT_ASSERT(!isLow(stock, 5));
        CPPUNIT_ASSERT(isLow(stock, 6));
    }

    void statesHaveNames() {
        for (const State state : {State::kNone, State::kHeld, State::kCommitted, State::kShipped, State::kReleased,
                                  State::kExpired, State::kFailed}) {
            CPPUNIT_ASSERT(parseState(name(state)) == state);
        }
        CPPUNIT_ASSERT_THROW(parseState("held"), std::invalid_argument);
    }

private:
    static Reservation in(State state, std::int64_t attempt, std::int64_t version) {
        Reservation reservation;
        reservation.state = state;
        reservation.attempt = attempt;
        reservation.order_version = version;
        return reservation;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DomainTest);

}  // namespace
