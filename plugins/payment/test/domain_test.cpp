// The state machine, without a host.

#include <cppunit/extensions/HelperMacros.h>

#include "domain.h"

namespace {

using namespace payment;
using Kind = Step::Kind;

const stoa::Time kNow = stoa::fromMicros(1'767'603'600'000'000);

class DomainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DomainTest);
    CPPUNIT_TEST(everySituationHasItsNextStep);
    CPPUNIT_TEST(cancellationsCountForAttemptsBeforeThem);
    CPPUNIT_TEST(amountsDecideTheState);
    CPPUNIT_TEST(outcomesBecomeNews);
    CPPUNIT_TEST(compensationsAreNeverGivenUp);
    CPPUNIT_TEST(waitsGrowToAMinute);
    CPPUNIT_TEST_SUITE_END();

public:
    static Payment fresh() {
        Payment payment;
        payment.id = "p";
        payment.amount = 100;
        payment.token = "tok";
        return payment;
    }
    static Payment authorized() {
        Payment payment = fresh();
        payment.facts.created_version = 1;
        payment.authorized = 100;
        return payment;
    }
    static Payment captured() {
        Payment payment = authorized();
        payment.facts.reserved = true;
        payment.captured = 100;
        return payment;
    }
    static void expect(const std::string& what, const Payment& payment, Kind kind, OpType type = OpType::kAuthorize,
                       std::int64_t amount = 0) {
        const Step step = nextStep(payment, kNow);
        CPPUNIT_ASSERT_MESSAGE(what, step.kind == kind);
        if (kind == Kind::kRequest) {
            CPPUNIT_ASSERT_MESSAGE(what, step.type == type);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, amount, step.amount);
        }
    }

    void everySituationHasItsNextStep() {
        Payment payment = fresh();
        expect("no order yet", payment, Kind::kNothing);
        payment.facts.reserved = true;
        expect("reserved, no order yet", payment, Kind::kNothing);
        payment.facts.created_version = 1;
        expect("reserved before created", payment, Kind::kRequest, OpType::kAuthorize, 100);
        payment.facts.short_of_stock = true;
        expect("nothing to give back", payment, Kind::kClose);
        payment = authorized();
        expect("not reserved", payment, Kind::kNothing);
        payment.capture_asked = true;
        expect("staff wants it", payment, Kind::kRequest, OpType::kCapture, 100);
        payment.void_asked = true;
        expect("staff wants it not", payment, Kind::kRequest, OpType::kVoid, 100);
        payment = authorized();
        payment.facts.reserved = true;
        expect("reserved", payment, Kind::kRequest, OpType::kCapture, 100);
        payment.reason = "capture_refused";
        expect("capture refused", payment, Kind::kRequest, OpType::kVoid, 100);
        payment = captured();
        expect("paid", payment, Kind::kNothing);
        payment.refunds.push_back({"r", 30, "damaged"});
        expect("a refund is asked for", payment, Kind::kRequest, OpType::kRefund, 30);
        payment.refunds.clear();
        payment.refunded = 30;
        payment.facts.cancelled_version = 4;
        expect("cancelled", payment, Kind::kRequest, OpType::kRefund, 70);
        payment.not_before = kNow + std::chrono::seconds{1};
        expect("refused a moment ago", payment, Kind::kWait);
        payment.open = Op{};
        expect("under way", payment, Kind::kAsk);
        payment.closed = Closed::kVoided;
        expect("over", payment, Kind::kNothing);
    }

    void cancellationsCountForAttemptsBeforeThem() {
        Payment payment = fresh();
        payment.facts.cancelled_version = 2;
        CPPUNIT_ASSERT(isUnwanted(payment));  // the first attempt comes before any cancellation
        payment.attempt = 2;
        CPPUNIT_ASSERT(!isUnwanted(payment));  // a later one may follow it
        payment.facts.created_version = 3;
        CPPUNIT_ASSERT(!isUnwanted(payment));
        payment.facts.cancelled_version = 4;
        CPPUNIT_ASSERT(isUnwanted(payment));
    }

    void amountsDecideTheState() {
        Payment payment = captured();
        CPPUNIT_ASSERT(stateOf(payment) == State::kCaptured);
        payment.refunded = 1;
        CPPUNIT_ASSERT(stateOf(payment) == State::kPartiallyRefunded);
        payment.refunded = 100;
        CPPUNIT_ASSERT(stateOf(payment) == State::kRefunded);
        CPPUNIT_ASSERT(stateOf(authorized()) == State::kAuthorized);
        payment = fresh();
        CPPUNIT_ASSERT(stateOf(payment) == State::kCreated);
        payment.open = Op{};
        CPPUNIT_ASSERT(stateOf(payment) == State::kCreated);
        payment.open->state = OpState::kUnknown;
        CPPUNIT_ASSERT(stateOf(payment) == State::kUnknown);
        payment = captured();
        payment.refunds.push_back({"r", 30, "damaged"});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{70}, refundable(payment));
    }

    static Settled settled(Payment& payment, OpType type, bool done, std::int64_t amount = 100) {
        payment.open = Op{.id = "p:1", .type = type, .amount = amount};
        payment.open->refund_id = type == OpType::kRefund ? "r" : "";
        return settle(payment, {.done = done, .provider_id = "x", .reason = done ? "" : "no"}, kNow);
    }

    void outcomesBecomeNews() {
        Payment payment = fresh();
        CPPUNIT_ASSERT(settled(payment, OpType::kAuthorize, true).news == News::kAuthorized);
        CPPUNIT_ASSERT_EQUAL(std::string("x"), payment.provider_id);
        CPPUNIT_ASSERT(payment.token.empty() && !payment.open);
        CPPUNIT_ASSERT(settled(payment, OpType::kCapture, true).news == News::kCompleted);
        payment.refunds.push_back({"r", 40, "damaged"});
        const Settled refunded = settled(payment, OpType::kRefund, true, 40);
        CPPUNIT_ASSERT(refunded.news == News::kRefunded && refunded.refund->state == RefundState::kDone);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{40}, payment.refunded);

        payment = fresh();
        CPPUNIT_ASSERT(settled(payment, OpType::kAuthorize, false).news == News::kFailed);
        CPPUNIT_ASSERT(stateOf(payment) == State::kFailed);
        payment = authorized();
        CPPUNIT_ASSERT(settled(payment, OpType::kVoid, true).news == News::kVoided);
        payment = authorized();
        CPPUNIT_ASSERT(!settled(payment, OpType::kCapture, false).news);
        CPPUNIT_ASSERT(settled(payment, OpType::kVoid, true).news == News::kFailed);
    }

    void compensationsAreNeverGivenUp() {
        Payment payment = captured();
        payment.refunds.push_back({"r", 100, "order_cancelled", true});
        for (int i = 0; i < 20; ++i) {
            payment.not_before = kNow;
            const Settled refused = settled(payment, OpType::kRefund, false);
            CPPUNIT_ASSERT(!refused.news && !refused.refund);
            CPPUNIT_ASSERT(nextStep(payment, kNow).kind == Kind::kWait);
            CPPUNIT_ASSERT(nextStep(payment, payment.not_before).refund_id == "r");
        }
        payment.refunds.front().compensation = false;
        CPPUNIT_ASSERT(settled(payment, OpType::kRefund, false).refund->state == RefundState::kFailed);
    }

    void waitsGrowToAMinute() {
        CPPUNIT_ASSERT(backoff(0) == std::chrono::seconds{1});
        CPPUNIT_ASSERT(backoff(3) == std::chrono::seconds{8});
        CPPUNIT_ASSERT(backoff(1000) == std::chrono::seconds{60});
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DomainTest);

}  // namespace
