// The state machine: single steps, and every order in which its messages can come.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "domain.h"

namespace {

using namespace shipping;

/// A shipment between its order and its carrier: which messages are still to come, and what was published.
struct World {
    Shipment shipment;
    /// Deliveries left of order's created, confirmed, cancel_requested, cancelled, and of inventory's committed.
    std::array<int, 5> from_others{};
    std::array<int, 3> reports{};  ///< deliveries left of picked up, moving, arrived; made by the pick-up
    std::array<int, 5> published{};
    bool work = false;
    bool refuses = false;  ///< the carrier takes no parcel of this shipment
    bool parcel_exists = false;
    bool answer_lost = false;  ///< the carrier booked, and its answer has not been noted yet
    bool picked_up = false;
    bool parcel_cancelled = false;

    std::string key() const {
        std::string text;
        const auto add = [&](auto value) { text += std::to_string(static_cast<long>(value)) + ","; };
        add(shipment.state), add(shipment.confirmed_version), add(shipment.dead_version), add(shipment.asked_version);
        add(shipment.answer_owed), add(shipment.parcel_id.size()), add(shipment.items.size());
        add(shipment.confirmed_attempt), add(shipment.committed_attempt);
        add(shipment.event_version), add(work), add(parcel_exists), add(answer_lost), add(picked_up);
        add(parcel_cancelled);
        std::for_each(from_others.begin(), from_others.end(), add);
        std::for_each(reports.begin(), reports.end(), add);
        std::for_each(published.begin(), published.end(), add);
        return text;
    }

    void apply(const Trigger& trigger) {
        const Transition transition = decide(shipment, trigger);
        if (!transition.ignored.empty()) {
            return;
        }
        const auto before = shipment.event_version;
        shipment = transition.next;
        CPPUNIT_ASSERT_EQUAL(before + static_cast<std::int64_t>(transition.publish.size()), shipment.event_version);
        for (const Publish what : transition.publish) {
            ++published.at(static_cast<std::size_t>(what));
        }
        work = work || transition.ask_carrier;
    }
};

int count(const World& world, Publish what) { return world.published.at(static_cast<std::size_t>(what)); }

/// Walks through every interleaving of a world's messages and the carrier's work, and calls `atRest` at each end.
template <class AtRest>
class Walk {
public:
    explicit Walk(AtRest at_rest) : at_rest_(at_rest) {}

    void from(const World& world) {
        if (!seen_.insert(world.key()).second) {
            return;
        }
        const std::size_t before = steps_;
        othersSpeak(world);
        jobWorks(world);
        carrierMoves(world);
        if (steps_ == before) {
            at_rest_(world);
        }
    }
    std::size_t states() const { return seen_.size(); }

private:
    void step(const World& next) {
        ++steps_;
        from(next);
    }

    void othersSpeak(const World& world) {
        constexpr std::array kWhat{Happening::kOrderCreated, Happening::kOrderConfirmed, Happening::kCancelRequested,
                                   Happening::kOrderCancelled, Happening::kStockCommitted};
        for (std::size_t i = 0; i < kWhat.size(); ++i) {
            if (world.from_others.at(i) > 0) {
                World next = world;
                --next.from_others.at(i);
                if (kWhat.at(i) == Happening::kOrderCreated) {
                    next.shipment.items = {{"p", 1}};
                }
                next.apply({.what = kWhat.at(i), .version = static_cast<std::int64_t>(i) + 1, .attempt = 1});
                step(next);
            }
        }
    }

    /// One step of the job at a time, so that anything may come between.
    void jobWorks(const World& world) {
        if (world.answer_lost) {
            World next = world;
            next.answer_lost = false;
            next.apply({.what = Happening::kBooked, .parcel_id = "x", .tracking_number = "t"});
            step(next);
        }
        if (!world.work) {
            return;
        }
        World next = world;
        const State state = world.shipment.state;
        if (state == State::kPending) {
            next.apply({.what = Happening::kBookingBegins});
        } else if (state == State::kBooking || (state == State::kCancelling && world.shipment.parcel_id.empty())) {
            if (world.answer_lost) {
                return;
            }
            if (world.refuses) {
                next.apply({.what = Happening::kBookingRefused, .reason = "carrier_refused"});
            } else {
                next.parcel_exists = next.answer_lost = true;
            }
        } else if (state == State::kCancelling) {
            next.parcel_cancelled = !world.picked_up;
            next.apply({.what = world.picked_up ? Happening::kParcelKept : Happening::kParcelCancelled});
        } else {
            next.work = false;
        }
        step(next);
    }

    void carrierMoves(const World& world) {
        if (world.parcel_exists && !world.picked_up && !world.parcel_cancelled) {
            World next = world;
            next.picked_up = true;
            next.reports = {2, 1, 1};
            step(next);
        }
        constexpr std::array kReports{Happening::kPickedUp, Happening::kMoving, Happening::kArrived};
        for (std::size_t i = 0; i < kReports.size(); ++i) {
            if (world.reports.at(i) > 0) {
                World next = world;
                --next.reports.at(i);
                next.apply({.what = kReports.at(i), .parcel_id = "x", .tracking_number = "t"});
                step(next);
            }
        }
    }

    AtRest at_rest_;
    std::set<std::string> seen_;
    std::size_t steps_ = 0;
};

template <class AtRest>
std::size_t walk(std::array<int, 5> from_others, AtRest at_rest, bool refuses = false) {
    World world;
    world.from_others = from_others;
    world.refuses = refuses;
    Walk<AtRest> all(at_rest);
    all.from(world);
    return all.states();
}

void assertConsistent(const World& world) {
    CPPUNIT_ASSERT_EQUAL(world.picked_up ? 1 : 0, count(world, Publish::kShipped));
    CPPUNIT_ASSERT_EQUAL(world.picked_up ? 1 : 0, count(world, Publish::kDelivered));
    CPPUNIT_ASSERT_MESSAGE("shipped and cancelled", !world.picked_up || count(world, Publish::kCancelled) == 0);
    CPPUNIT_ASSERT_MESSAGE("a parcel nobody wants", !world.parcel_exists || world.picked_up || world.parcel_cancelled);
    CPPUNIT_ASSERT(count(world, Publish::kCreated) <= 1);
    CPPUNIT_ASSERT(!world.shipment.answer_owed);
}

class DomainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DomainTest);
    CPPUNIT_TEST(aConfirmedOrderIsDeliveredInWhateverOrderItsEventsCome);
    CPPUNIT_TEST(aRequestToCancelIsAnsweredOnce);
    CPPUNIT_TEST(aCancelledOrderShipsNothingThatIsStillHere);
    CPPUNIT_TEST(anOrderThatIsNeverConfirmedLeavesNothing);
    CPPUNIT_TEST(anAttemptThatWasCancelledDoesNotStopTheNext);
    CPPUNIT_TEST(nothingIsBookedBeforeTheStockIsCommitted);
    CPPUNIT_TEST(onlyTheStockOfTheConfirmedAttemptCounts);
    CPPUNIT_TEST(aRefusedBookingEndsTheShipment);
    CPPUNIT_TEST(whoAsksAgainIsAnsweredAgain);
    CPPUNIT_TEST(staffCancelsAndNobodyIsAnswered);
    CPPUNIT_TEST(onlyALabelledParcelIsShippedByHand);
    CPPUNIT_TEST(signaturesAreReadStrictly);
    CPPUNIT_TEST_SUITE_END();

public:
    void aConfirmedOrderIsDeliveredInWhateverOrderItsEventsCome() {
        walk({2, 2, 0, 0, 2}, [](const World& world) {
            assertConsistent(world);
            CPPUNIT_ASSERT_EQUAL(std::string("DELIVERED"), std::string(name(world.shipment.state)));
            CPPUNIT_ASSERT_EQUAL(1, count(world, Publish::kCreated));
            CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, world.shipment.event_version);
        });
    }

    void aRequestToCancelIsAnsweredOnce() {
        const std::size_t states = walk({2, 2, 2, 0, 1}, [](const World& world) {
            assertConsistent(world);
            CPPUNIT_ASSERT_EQUAL(1, count(world, Publish::kCancelled) + count(world, Publish::kCancelRefused));
            CPPUNIT_ASSERT_EQUAL(world.picked_up, count(world, Publish::kCancelRefused) == 1);
        });
        CPPUNIT_ASSERT(states > 500);
    }

    void aCancelledOrderShipsNothingThatIsStillHere() {
        walk({2, 2, 2, 2, 1}, [](const World& world) {
            assertConsistent(world);
            CPPUNIT_ASSERT_EQUAL(1, count(world, Publish::kCancelled) + count(world, Publish::kCancelRefused));
        });
        walk({1, 1, 0, 2, 1}, [](const World& world) { assertConsistent(world); });
    }

    void anOrderThatIsNeverConfirmedLeavesNothing() {
        walk({2, 0, 0, 2, 1}, [](const World& world) {
            CPPUNIT_ASSERT(world.shipment.state == State::kExpected);
            CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, world.shipment.event_version);
        });
    }

    void anAttemptThatWasCancelledDoesNotStopTheNext() {
        // created 1, cancelled 2 (payment failed), created 3, confirmed 4
        std::array<Trigger, 4> all{{{Happening::kOrderCreated, 1},
                                    {Happening::kOrderCancelled, 2},
                                    {Happening::kOrderCreated, 3},
                                    {Happening::kOrderConfirmed, 4}}};
        const auto older = [](const Trigger& a, const Trigger& b) { return a.version < b.version; };
        do {
            World world;
            world.shipment.items = {{"p", 1}};
            for (const Trigger& trigger : all) {
                world.apply(trigger);
            }
            CPPUNIT_ASSERT(world.shipment.state == State::kPending);
            CPPUNIT_ASSERT_EQUAL(1, count(world, Publish::kCreated));
        } while (std::next_permutation(all.begin(), all.end(), older));
    }

    void nothingIsBookedBeforeTheStockIsCommitted() {
        walk({2, 2, 0, 0, 0}, [](const World& world) {
            CPPUNIT_ASSERT_EQUAL(std::string("PENDING"), std::string(name(world.shipment.state)));
            CPPUNIT_ASSERT(!world.parcel_exists && !world.work);
        });
        walk({2, 2, 2, 0, 0}, [](const World& world) {  // commit_refused: the order takes it back
            CPPUNIT_ASSERT_EQUAL(std::string("CANCELLED"), std::string(name(world.shipment.state)));
            CPPUNIT_ASSERT_EQUAL(1, count(world, Publish::kCancelled));
            CPPUNIT_ASSERT(!world.parcel_exists);
        });
    }

    void onlyTheStockOfTheConfirmedAttemptCounts() {
        World world;
        world.shipment.items = {{"p", 1}};
        world.apply({.what = Happening::kStockCommitted, .attempt = 1});  // by staff; then the payment failed
        world.apply({.what = Happening::kOrderConfirmed, .version = 4, .attempt = 2});
        CPPUNIT_ASSERT(!world.work && !mayBook(world.shipment));
        CPPUNIT_ASSERT(!decide(world.shipment, {.what = Happening::kBookingBegins}).ignored.empty());
        world.apply({.what = Happening::kStockCommitted, .attempt = 2});
        CPPUNIT_ASSERT(world.work && mayBook(world.shipment));
    }

    void aRefusedBookingEndsTheShipment() {
        const auto ends = [](const World& world) {
            CPPUNIT_ASSERT_EQUAL(std::string("CANCELLED"), std::string(name(world.shipment.state)));
            CPPUNIT_ASSERT_EQUAL(1, count(world, Publish::kCancelled));
            CPPUNIT_ASSERT_EQUAL(0, count(world, Publish::kCancelRefused));
            CPPUNIT_ASSERT(!world.parcel_exists && !world.work && !world.shipment.answer_owed);
        };
        walk({2, 2, 0, 0, 2}, ends, true);
        walk({2, 2, 2, 0, 2}, ends, true);
        walk({2, 2, 2, 2, 2}, ends, true);
    }

    void whoAsksAgainIsAnsweredAgain() {
        World world = labelled();
        const auto ask = [&](std::int64_t version) {
            world.work = false;
            world.apply({.what = Happening::kCancelRequested, .version = version});
        };
        ask(3);
        CPPUNIT_ASSERT(world.work);
        ask(4);  // the carrier has not answered us yet
        CPPUNIT_ASSERT(world.work);
        world.apply({.what = Happening::kParcelCancelled});
        CPPUNIT_ASSERT_EQUAL(1, count(world, Publish::kCancelled));
        ask(4);
        CPPUNIT_ASSERT_EQUAL(1, count(world, Publish::kCancelled));
        ask(5);
        CPPUNIT_ASSERT_EQUAL(2, count(world, Publish::kCancelled));
        CPPUNIT_ASSERT(world.shipment.state == State::kCancelled);
    }

    void staffCancelsAndNobodyIsAnswered() {
        World world = labelled();
        world.apply({.what = Happening::kCancelledByStaff});
        CPPUNIT_ASSERT(world.shipment.state == State::kCancelling);
        world.apply({.what = Happening::kParcelKept});
        CPPUNIT_ASSERT(world.shipment.state == State::kLabelled);
        CPPUNIT_ASSERT_EQUAL(0, count(world, Publish::kCancelRefused));
    }

    void onlyALabelledParcelIsShippedByHand() {
        World world = labelled();
        CPPUNIT_ASSERT(!decide(world.shipment, {.what = Happening::kDeliveredByStaff}).ignored.empty());
        world.apply({.what = Happening::kShippedByStaff});
        CPPUNIT_ASSERT(world.shipment.state == State::kShipped);
        CPPUNIT_ASSERT(!decide(world.shipment, {.what = Happening::kCancelledByStaff}).ignored.empty());
        world.apply({.what = Happening::kDeliveredByStaff});
        CPPUNIT_ASSERT(world.shipment.state == State::kDelivered);
        CPPUNIT_ASSERT_EQUAL(1, count(world, Publish::kDelivered));
    }

    void signaturesAreReadStrictly() {
        const auto signature = parseSignature("t=1767603600,v1=ab12");
        CPPUNIT_ASSERT(signature.has_value());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1767603600}, signature->at);
        CPPUNIT_ASSERT_EQUAL(std::string("ab12"), signature->hex);
        for (const char* bad : {"", "t=", "t=1", "v1=ab", "t=,v1=ab", "t=1x,v1=ab", "t=99999999999999999999,v1=ab"}) {
            CPPUNIT_ASSERT_MESSAGE(bad, !parseSignature(bad));
        }
    }

private:
    static World labelled() {
        World world;
        world.shipment.items = {{"p", 1}};
        world.apply({.what = Happening::kOrderConfirmed, .version = 2, .attempt = 1});
        world.apply({.what = Happening::kStockCommitted, .attempt = 1});
        world.apply({.what = Happening::kBookingBegins});
        world.apply({.what = Happening::kBooked, .parcel_id = "x", .tracking_number = "t"});
        CPPUNIT_ASSERT(world.shipment.state == State::kLabelled);
        return world;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DomainTest);

}  // namespace
