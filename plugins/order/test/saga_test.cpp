// The saga by itself: every state that can be reached, and the table of ARCHITECTURE.md.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <stoa/fake/host.h>

#include "saga.h"
#include "saga_table.h"

namespace order {
namespace {

std::vector<Trigger> triggers() {
    std::vector<Trigger> all;
    for (int i = 0; i <= static_cast<int>(kLastTrigger); ++i) {
        all.push_back(static_cast<Trigger>(i));
    }
    return all;
}

bool isDead(Status status) {
    return status == Status::kCancelled || status == Status::kRejected || status == Status::kExpired;
}

bool isCompensating(const Saga& saga) { return saga.phase == Phase::kCompensating; }

bool publishes(const Transition& transition, Publish what) { return transition.publish == std::vector<Publish>{what}; }

bool moneyIsBack(const Saga& saga) {
    return saga.payment == PaymentStatus::kVoided || saga.payment == PaymentStatus::kRefunded ||
           saga.payment == PaymentStatus::kFailed;
}

bool stockIsBack(const Saga& saga) {
    return saga.inventory == InventoryStatus::kReleased || saga.inventory == InventoryStatus::kFailed;
}

struct Step {
    Saga from;
    Trigger trigger;
    Transition done;
    std::string text() const {
        std::ostringstream out;
        out << name(from.status) << '/' << name(from.phase) << ' ' << name(from.payment) << ' ' << name(from.inventory)
            << ' ' << name(from.fulfillment) << " + " << name(trigger) << " -> " << name(done.next.status) << '/'
            << name(done.next.phase);
        return out.str();
    }
};

/// Every step out of every state that any sequence of triggers can reach.
std::vector<Step> everyStep() {
    std::vector<Saga> seen{Saga{}};
    std::vector<Step> steps;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        for (const Trigger trigger : triggers()) {
            const Saga from = seen[i];
            steps.push_back({from, trigger, decide(from, trigger)});
            const Saga& next = steps.back().done.next;
            if (std::find(seen.begin(), seen.end(), next) == seen.end()) {
                seen.push_back(next);
            }
        }
    }
    return steps;
}

class SagaTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SagaTest);
    CPPUNIT_TEST(theArchitectureShowsThisTable);
    CPPUNIT_TEST(nothingIsConfirmedWithoutMoneyAndStock);
    CPPUNIT_TEST(deadOrdersHaveGivenEverythingBack);
    CPPUNIT_TEST(everyDeathAsksForCompensation);
    CPPUNIT_TEST(aConfirmedOrderDiesOnlyWithShippingsConsent);
    CPPUNIT_TEST(whoeverOwesAnAnswerIsAskedAgain);
    CPPUNIT_TEST(anIgnoredTriggerChangesNothing);
    CPPUNIT_TEST(phaseAndOutcomeFollowTheStatus);
    CPPUNIT_TEST(aParcelNeverComesBack);
    CPPUNIT_TEST(onlyAFailedPaymentCanBeRepeated);
    CPPUNIT_TEST(namesAreReadBack);
    CPPUNIT_TEST_SUITE_END();

public:
    void theArchitectureShowsThisTable() {
        const std::string path = STOA_TEST_FOLDER + std::string{"/../../ARCHITECTURE.md"};
        std::ostringstream content;
        content << std::ifstream{path}.rdbuf();
        const std::string text = content.str();
        const std::string begin = "<!-- saga table: begin -->\n";
        const std::size_t from = text.find(begin);
        const std::size_t to = text.find("<!-- saga table: end -->");
        const bool marked = from != std::string::npos && to != std::string::npos && from < to;
        CPPUNIT_ASSERT_MESSAGE(path + " has no pair of saga table markers", marked);
        const std::string shown = text.substr(from + begin.size(), to - from - begin.size());
        const std::string expected = sagaTable();
        CPPUNIT_ASSERT_MESSAGE("put this between the markers of " + path + ":\n" + expected, shown == expected);
    }

    void nothingIsConfirmedWithoutMoneyAndStock() {
        for (const Step& step : steps_) {
            const bool confirms = step.from.status == Status::kPending && step.done.next.status == Status::kConfirmed;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(step.text(), confirms, publishes(step.done, Publish::kConfirmed));
            if (confirms) {
                const InventoryStatus stock = step.done.next.inventory;
                CPPUNIT_ASSERT_MESSAGE(step.text(), step.done.next.payment == PaymentStatus::kPaid);
                CPPUNIT_ASSERT_MESSAGE(step.text(),
                                       stock == InventoryStatus::kReserved || stock == InventoryStatus::kCommitted);
            }
            const bool was_confirmed =
                step.from.status == Status::kConfirmed || step.from.phase == Phase::kAskingShipping;
            if (!was_confirmed && step.from.status != Status::kCompleted) {
                CPPUNIT_ASSERT_MESSAGE(step.text(), step.done.next.status != Status::kCompleted);
            }
        }
    }

    void deadOrdersHaveGivenEverythingBack() {
        for (const Step& step : steps_) {
            const Saga& next = step.done.next;
            if (isDead(next.status)) {
                CPPUNIT_ASSERT_MESSAGE(step.text(), moneyIsBack(next) && stockIsBack(next));
                CPPUNIT_ASSERT_MESSAGE(step.text(), !next.reason.empty());
            }
            if (isCompensating(next)) {
                CPPUNIT_ASSERT_MESSAGE(step.text(), !moneyIsBack(next) || !stockIsBack(next));
            }
        }
    }

    void everyDeathAsksForCompensation() {
        for (const Step& step : steps_) {
            const bool was_dying = isCompensating(step.from) || isDead(step.from.status);
            const bool is_dying = isCompensating(step.done.next) || isDead(step.done.next.status);
            const bool late = isDead(step.from.status) && isCompensating(step.done.next);
            const bool again = step.trigger == Trigger::kAnswerOverdue && isCompensating(step.from);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(step.text(), (!was_dying && is_dying) || late || again,
                                         publishes(step.done, Publish::kCancelled));
        }
    }

    void aConfirmedOrderDiesOnlyWithShippingsConsent() {
        for (const Step& step : steps_) {
            const bool may_have_parcel =
                step.from.status == Status::kConfirmed || step.from.phase == Phase::kAskingShipping;
            if (may_have_parcel && publishes(step.done, Publish::kCancelled)) {
                CPPUNIT_ASSERT_MESSAGE(step.text(), step.trigger == Trigger::kShipmentCancelled);
            }
        }
    }

    void whoeverOwesAnAnswerIsAskedAgain() {
        for (const Step& step : steps_) {
            if (step.trigger == Trigger::kAnswerOverdue) {
                const bool asking = step.from.phase == Phase::kAskingShipping;
                CPPUNIT_ASSERT_MESSAGE(step.text(), step.done.next == step.from);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(step.text(), step.from.phase == Phase::kNone, step.done.publish.empty());
                CPPUNIT_ASSERT_EQUAL_MESSAGE(step.text(), asking, publishes(step.done, Publish::kCancelRequested));
            }
        }
    }

    void anIgnoredTriggerChangesNothing() {
        for (const Step& step : steps_) {
            if (!step.done.ignored.empty()) {
                CPPUNIT_ASSERT_MESSAGE(step.text(), step.done.next == step.from && step.done.publish.empty());
            }
        }
    }

    void phaseAndOutcomeFollowTheStatus() {
        for (const Step& step : steps_) {
            const Saga& next = step.done.next;
            const bool pending = next.status == Status::kCancelPending;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(step.text(), pending, next.phase != Phase::kNone);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(step.text(), pending || isDead(next.status), isDead(next.outcome));
        }
    }

    void aParcelNeverComesBack() {
        for (const Step& step : steps_) {
            const bool anew = publishes(step.done, Publish::kCreated);
            CPPUNIT_ASSERT_MESSAGE(step.text(), anew || step.done.next.fulfillment >= step.from.fulfillment);
        }
    }

    void onlyAFailedPaymentCanBeRepeated() {
        for (const Step& step : steps_) {
            if (step.trigger == Trigger::kPaidAgain) {
                const bool may = step.from.status == Status::kRejected && step.from.payment == PaymentStatus::kFailed;
                CPPUNIT_ASSERT_EQUAL_MESSAGE(step.text(), may, publishes(step.done, Publish::kCreated));
                CPPUNIT_ASSERT_EQUAL_MESSAGE(step.text(), may, step.done.ignored.empty());
            }
        }
    }

    void namesAreReadBack() {
        CPPUNIT_ASSERT(parse<Status>("CANCEL_PENDING") == Status::kCancelPending);
        CPPUNIT_ASSERT(parse<PaymentStatus>(name(PaymentStatus::kFailed)) == PaymentStatus::kFailed);
        CPPUNIT_ASSERT(parse<FulfillmentStatus>(name(FulfillmentStatus::kReturned)) == FulfillmentStatus::kReturned);
        CPPUNIT_ASSERT(parse<InventoryStatus>(name(InventoryStatus::kFailed)) == InventoryStatus::kFailed);
        CPPUNIT_ASSERT(parse<Phase>(name(Phase::kCompensating)) == Phase::kCompensating);
        CPPUNIT_ASSERT_THROW(parse<Status>("DONE"), std::invalid_argument);
    }

private:
    const std::vector<Step> steps_ = everyStep();
};

CPPUNIT_TEST_SUITE_REGISTRATION(SagaTest);

}  // namespace
}  // namespace order
