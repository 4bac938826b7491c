// What an order says of its payment: what it costs, and that it asks again.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include "shop.h"

namespace {

using test::Psp;
using test::Shop;
using namespace std::chrono_literals;

class OrderTermsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OrderTermsTest);
    CPPUNIT_TEST(anotherAmountIsNeverCharged);
    CPPUNIT_TEST(anotherCurrencyIsNeverCharged);
    CPPUNIT_TEST(anOrderThatCameFirstIsComparedToo);
    CPPUNIT_TEST(anApprovalAfterTheOrderIsGoneIsVoided);
    CPPUNIT_TEST(aVoidedPaymentAnswersAgain);
    CPPUNIT_TEST(aRefundedPaymentAnswersAgain);
    CPPUNIT_TEST(aPaymentThatIsNotOverAnswersOnce);
    CPPUNIT_TEST(onlyTheAttemptThatIsAskedForAnswers);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { shop_ = std::make_unique<Shop>(); }

    void failsUncharged() {
        shop_->deliver("inventory.reserved");
        shop_->host.advance(1h);
        CPPUNIT_ASSERT_EQUAL(std::string("FAILED"), shop_->state());
        CPPUNIT_ASSERT_EQUAL(std::string("failed"), shop_->events());
        CPPUNIT_ASSERT_EQUAL(std::string("amount_mismatch"),
                             shop_->host.published("payment.failed")[0].data["reason"].asString());
        CPPUNIT_ASSERT(shop_->psp.of(shop_->payment).empty());
    }

    void anotherAmountIsNeverCharged() {
        shop_->total = 2499;
        shop_->record();
        shop_->deliver("order.created");
        failsUncharged();
    }

    void anotherCurrencyIsNeverCharged() {
        shop_->currency = "USD";
        shop_->record();
        shop_->deliver("order.created");
        failsUncharged();
    }

    void anOrderThatCameFirstIsComparedToo() {
        shop_->total = 2501;
        shop_->deliver("order.created");
        shop_->record();
        failsUncharged();
    }

    void anApprovalAfterTheOrderIsGoneIsVoided() {
        shop_->record();
        shop_->deliver("order.created");
        bool asked = false;
        shop_->psp.accident = [&] {
            if (!std::exchange(asked, true)) {
                shop_->deliver("order.cancelled", 2);  // while the provider thinks
            }
            return Psp::Accident::kNone;
        };
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("authorized voided"), shop_->events());
        CPPUNIT_ASSERT(shop_->psp.of(shop_->payment)[0]->settled());
    }

    void aVoidedPaymentAnswersAgain() {
        shop_->record();
        shop_->deliver("order.created");
        shop_->host.runDue();
        shop_->deliver("order.cancelled", 2);
        shop_->host.runDue();
        askAgain(3);
        CPPUNIT_ASSERT_EQUAL(std::string("authorized voided voided"), shop_->events());
        askAgain(3);  // a duplicate
        askAgain(2);
        CPPUNIT_ASSERT_EQUAL(std::string("authorized voided voided"), shop_->events());
    }

    void aRefundedPaymentAnswersAgain() {
        shop_->record();
        shop_->deliver("order.created");
        shop_->deliver("inventory.reserved");
        shop_->host.runDue();
        shop_->deliver("order.cancelled", 4);
        shop_->host.runDue();
        askAgain(5);
        CPPUNIT_ASSERT_EQUAL(std::string("authorized completed refunded refunded"), shop_->events());
        const auto told = shop_->host.published("payment.refunded");
        CPPUNIT_ASSERT_EQUAL(told[0].data["refundId"].asString(), told[1].data["refundId"].asString());
        CPPUNIT_ASSERT_EQUAL(2500, told[1].data["refundedTotal"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{2500}, shop_->psp.of(shop_->payment)[0]->refunded);
    }

    void aPaymentThatIsNotOverAnswersOnce() {
        shop_->record();
        shop_->deliver("order.created");
        shop_->host.runDue();
        shop_->psp.accident = [] { return Psp::Accident::kLostBefore; };
        shop_->deliver("order.cancelled", 2);
        shop_->host.runDue();
        askAgain(3);
        CPPUNIT_ASSERT_EQUAL(std::string("authorized"), shop_->events());
        shop_->psp.accident = [] { return Psp::Accident::kNone; };
        shop_->host.advance(2min);
        CPPUNIT_ASSERT_EQUAL(std::string("authorized voided"), shop_->events());
    }

    void onlyTheAttemptThatIsAskedForAnswers() {
        shop_->record("tok_declined");
        shop_->deliver("order.created");
        shop_->host.runDue();
        shop_->deliver("order.cancelled", 2);
        const std::string first = shop_->payment;
        shop_->record("tok_ok", 2);
        shop_->deliver("order.created", 3, 2);
        shop_->host.runDue();
        shop_->deliver("order.cancelled", 4, 2);
        shop_->host.runDue();
        shop_->deliver("order.cancelled", 5, 2);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("authorized voided voided"), shop_->events());
        shop_->payment = first;
        CPPUNIT_ASSERT_EQUAL(std::string("failed"), shop_->events());
    }

private:
    void askAgain(int version) {
        shop_->deliver("order.cancelled", version);
        shop_->host.runDue();
    }

    std::unique_ptr<Shop> shop_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(OrderTermsTest);

}  // namespace
