// The service as its callers see it, and what events make it do, on a fake host.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include "shop.h"

namespace {

using test::Psp;
using test::Shop;
using namespace std::chrono_literals;

class PaymentApiTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PaymentApiTest);
    CPPUNIT_TEST(recordingDoesNotTouchTheProvider);
    CPPUNIT_TEST(aPlacedOrderIsAuthorisedAndThenCaptured);
    CPPUNIT_TEST(aDeclinedPaymentFails);
    CPPUNIT_TEST(aRefusedCaptureIsVoidedAndFails);
    CPPUNIT_TEST(aShortageVoidsTheAuthorisation);
    CPPUNIT_TEST(aCancelledOrderIsRefunded);
    CPPUNIT_TEST(anOrderCancelledBeforeItWasKnownIsNeverCharged);
    CPPUNIT_TEST(anotherAttemptIsNotCancelledByAnEarlierCancellation);
    CPPUNIT_TEST(aPaymentWithoutAnOrderIsVoided);
    CPPUNIT_TEST(anUnknownOutcomeIsAskedFor);
    CPPUNIT_TEST(whatCameWhileAnOutcomeWasAskedForIsLookedAtOnceMore);
    CPPUNIT_TEST(aRequestThatNeverArrivedIsMadeAgainWithItsKey);
    CPPUNIT_TEST(aProviderThatIsAwayIsAskedLessAndLess);
    CPPUNIT_TEST(aProviderThatDoesNotKnowThePathHasDeclinedNothing);
    CPPUNIT_TEST(aProcessThatDiedIsFollowedUp);
    CPPUNIT_TEST(repeatedRecordingsMakeOnePayment);
    CPPUNIT_TEST(onlyOrdersRecordPayments);
    CPPUNIT_TEST(othersPaymentsAreNotThere);
    CPPUNIT_TEST(staffCaptureVoidAndRefund);
    CPPUNIT_TEST(refundsReserveTheirBalance);
    CPPUNIT_TEST(aRefusedRefundOfStaffFails);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { shop_ = std::make_unique<Shop>(); }

    void captured(const std::string& token = "tok_ok") {
        shop_->record(token);
        shop_->deliver("order.created");
        shop_->deliver("inventory.reserved");
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("CAPTURED"), shop_->state());
    }
    const Psp::Account& account() {
        const auto found = shop_->psp.of(shop_->payment);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, found.size());
        return *found.front();
    }

    void recordingDoesNotTouchTheProvider() {
        shop_->record();
        shop_->host.runDue();
        CPPUNIT_ASSERT(shop_->host.external("psp").calls().empty());
        CPPUNIT_ASSERT_EQUAL(std::string("CREATED"), shop_->state());
        CPPUNIT_ASSERT_EQUAL(422, (shop_->newOrder(), shop_->post("tok_ok", 1, 0).status));
    }

    void aPlacedOrderIsAuthorisedAndThenCaptured() {
        shop_->record();
        shop_->deliver("order.created");
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("AUTHORIZED"), shop_->state());
        shop_->deliver("inventory.reserved");
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("CAPTURED"), shop_->state());
        CPPUNIT_ASSERT_EQUAL(std::string("authorized completed"), shop_->events());
        const auto completed = shop_->host.published("payment.completed").at(0);
        CPPUNIT_ASSERT_EQUAL(shop_->order, completed.data["orderId"].asString());
        CPPUNIT_ASSERT_EQUAL(2500, completed.data["amount"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("k3y"), shop_->host.external("psp").calls().at(0).header("Psp-Key"));
        // The token is needed no more.
        CPPUNIT_ASSERT_EQUAL(std::string(), shop_->host.query("SELECT token FROM payments")[0]["token"].asString());
    }

    void aDeclinedPaymentFails() {
        shop_->record("tok_declined");
        shop_->deliver("order.created");
        shop_->deliver("inventory.reserved");
        shop_->host.runDue();
        shop_->deliver("order.cancelled", 2);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("FAILED"), shop_->state());
        CPPUNIT_ASSERT_EQUAL(std::string("failed"), shop_->events());
        CPPUNIT_ASSERT_EQUAL(std::string("card_declined"),
                             shop_->host.published("payment.failed").at(0).data["reason"].asString());
    }

    void aRefusedCaptureIsVoidedAndFails() {
        shop_->record("tok_capture_fails");
        shop_->deliver("order.created");
        shop_->deliver("inventory.reserved");
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("authorized failed"), shop_->events());
        CPPUNIT_ASSERT_EQUAL(std::string("voided"), account().status);
        CPPUNIT_ASSERT_EQUAL(std::string("capture_refused"), shop_->get().json()["reason"].asString());
    }

    void aShortageVoidsTheAuthorisation() {
        shop_->record();
        shop_->deliver("order.created");
        shop_->host.runDue();
        shop_->deliver("inventory.reservation_failed");
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("authorized voided"), shop_->events());
        CPPUNIT_ASSERT_EQUAL(std::string("voided"), account().status);
    }

    void aCancelledOrderIsRefunded() {
        captured("tok_refund_fails_once");
        shop_->deliver("order.cancelled", 3);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("CAPTURED"), shop_->state());  // refused: again in a second
        shop_->host.advance(2s);
        CPPUNIT_ASSERT_EQUAL(std::string("REFUNDED"), shop_->state());
        CPPUNIT_ASSERT_EQUAL(std::string("authorized completed refunded"), shop_->events());
        const auto refunded = shop_->host.published("payment.refunded").at(0);
        CPPUNIT_ASSERT_EQUAL(2500, refunded.data["refundedTotal"].asInt());
        CPPUNIT_ASSERT(account().settled());
    }

    void anOrderCancelledBeforeItWasKnownIsNeverCharged() {
        shop_->deliver("order.cancelled", 2);
        shop_->record();
        shop_->host.runDue();
        shop_->deliver("order.created", 1);
        shop_->deliver("inventory.reserved");
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("VOIDED"), shop_->state());
        CPPUNIT_ASSERT_EQUAL(std::string("voided"), shop_->events());
        CPPUNIT_ASSERT(shop_->host.external("psp").calls().empty());
    }

    void anotherAttemptIsNotCancelledByAnEarlierCancellation() {
        shop_->record("tok_declined");
        shop_->deliver("order.created", 1);
        shop_->host.runDue();
        shop_->record("tok_ok", 2);
        shop_->deliver("order.cancelled", 2);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("CREATED"), shop_->state());
        shop_->deliver("order.created", 3, 2);
        shop_->deliver("inventory.reserved", 3, 2);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("CAPTURED"), shop_->state());
        shop_->deliver("order.cancelled", 5);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("REFUNDED"), shop_->state());
    }

    void aPaymentWithoutAnOrderIsVoided() {
        shop_->record();
        shop_->host.advance(14min + 59s);
        CPPUNIT_ASSERT_EQUAL(std::string("CREATED"), shop_->state());
        shop_->host.advance(2s);
        CPPUNIT_ASSERT_EQUAL(std::string("VOIDED"), shop_->state());
        shop_->newOrder();
        captured();
        shop_->host.advance(16min);
        CPPUNIT_ASSERT_EQUAL(std::string("CAPTURED"), shop_->state());
    }

    void anUnknownOutcomeIsAskedFor() {
        shop_->record();
        shop_->deliver("order.created");
        shop_->psp.accident = [] { return Psp::Accident::kLostAfter; };
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("UNKNOWN"), shop_->state());
        shop_->psp.accident = [] { return Psp::Accident::kNone; };
        shop_->host.advance(1s);
        CPPUNIT_ASSERT_EQUAL(std::string("AUTHORIZED"), shop_->state());
        const auto& calls = shop_->host.external("psp").calls();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, calls.size());
        CPPUNIT_ASSERT_EQUAL(std::string("GET"), calls.back().method);
    }

    /// The job for an event may have found the request still open, while the one that asked did not see the event yet.
    void whatCameWhileAnOutcomeWasAskedForIsLookedAtOnceMore() {
        shop_->record();
        shop_->deliver("order.created");
        shop_->psp.accident = [] { return Psp::Accident::kLostAfter; };
        shop_->host.runDue();
        shop_->psp.accident = [] { return Psp::Accident::kNone; };
        CPPUNIT_ASSERT_EQUAL(2, shop_->host.advance(1s));  // it is asked for, and then it is seen what is to do
        CPPUNIT_ASSERT_EQUAL(std::string("AUTHORIZED"), shop_->state());
    }

    void aRequestThatNeverArrivedIsMadeAgainWithItsKey() {
        shop_->record();
        shop_->deliver("order.created");
        shop_->psp.accident = [] { return Psp::Accident::kLostBefore; };
        shop_->host.runDue();
        shop_->psp.accident = [] { return Psp::Accident::kNone; };
        shop_->host.advance(1s);
        CPPUNIT_ASSERT_EQUAL(std::string("AUTHORIZED"), shop_->state());
        const auto& calls = shop_->host.external("psp").calls();
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, calls.size());
        CPPUNIT_ASSERT_EQUAL(calls[0].header("Idempotency-Key"), calls[2].header("Idempotency-Key"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, shop_->psp.of(shop_->payment).size());
    }

    void aProviderThatIsAwayIsAskedLessAndLess() {
        Json::Value settings;
        settings["reconcileSeconds"] = 86400;
        shop_ = std::make_unique<Shop>(settings);
        shop_->record();
        shop_->deliver("order.created");
        shop_->psp.accident = [] { return Psp::Accident::kLostBefore; };
        shop_->host.advance(63s);
        CPPUNIT_ASSERT_EQUAL(std::size_t{7}, shop_->host.external("psp").calls().size());  // at 0, 1, 3, 7, 15, 31, 63
        shop_->deliver("order.cancelled", 2);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("UNKNOWN"), shop_->state());
        shop_->psp.accident = [] { return Psp::Accident::kNone; };
        shop_->host.advance(60s);
        CPPUNIT_ASSERT_EQUAL(std::string("VOIDED"), shop_->state());
        CPPUNIT_ASSERT_EQUAL(std::string("authorized voided"), shop_->events());
    }

    void aProviderThatDoesNotKnowThePathHasDeclinedNothing() {
        shop_->record();
        shop_->deliver("order.created");
        shop_->psp.accident = [] { return Psp::Accident::kUnknownPath; };
        shop_->host.advance(10s);
        CPPUNIT_ASSERT_EQUAL(std::string("UNKNOWN"), shop_->state());
        CPPUNIT_ASSERT_EQUAL(std::string(), shop_->events());
        shop_->psp.accident = [] { return Psp::Accident::kNone; };
        shop_->host.advance(60s);
        shop_->psp.accident = [] { return Psp::Accident::kUnknownPath; };
        shop_->deliver("inventory.reserved");
        shop_->host.advance(10s);
        CPPUNIT_ASSERT_EQUAL(std::string("authorized"), shop_->events());
        shop_->psp.accident = [] { return Psp::Accident::kNone; };
        shop_->host.advance(60s);
        CPPUNIT_ASSERT_EQUAL(std::string("CAPTURED"), shop_->state());
        const auto accounts = shop_->psp.of(shop_->payment);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, accounts.size());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{2500}, accounts[0]->captured);
    }

    void aProcessThatDiedIsFollowedUp() {
        shop_->record();
        shop_->deliver("order.created");
        // The outcome can't be committed: as if the process had died after the call.
        shop_->psp.accident = [this] {
            shop_->host.failCommits(4, STOA_UNAVAILABLE);
            return Psp::Accident::kNone;
        };
        shop_->host.runDue();
        shop_->psp.accident = [] { return Psp::Accident::kNone; };
        shop_->host.failCommits(0);
        shop_->host.restart();
        CPPUNIT_ASSERT_EQUAL(std::string("CREATED"), shop_->state());
        shop_->host.advance(10s);
        CPPUNIT_ASSERT_EQUAL(std::string("AUTHORIZED"), shop_->state());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, shop_->psp.of(shop_->payment).size());
    }

    void repeatedRecordingsMakeOnePayment() {
        shop_->record();
        CPPUNIT_ASSERT(shop_->post().replayed());
        Json::Value body;
        body["orderId"] = shop_->order;
        body["attempt"] = 1;
        body["amount"] = stoa::Money{2500, "EUR"}.json();
        body["token"] = "tok_ok";
        body["userId"] = shop_->user;
        const auto again = shop_->host.post("/api/v1/payments").service("order").key("another").json(body).send();
        CPPUNIT_ASSERT_EQUAL(shop_->payment, again.json()["paymentId"].asString());
        body["amount"] = stoa::Money{2501, "EUR"}.json();
        const auto other = shop_->host.post("/api/v1/payments").service("order").key("third").json(body).send();
        CPPUNIT_ASSERT_EQUAL(std::string("payment-exists"), other.problem());
    }

    void onlyOrdersRecordPayments() {
        CPPUNIT_ASSERT_EQUAL(401, shop_->host.post("/api/v1/payments").key("k").json("{}").send().status);
        CPPUNIT_ASSERT_EQUAL(403,
                             shop_->host.post("/api/v1/payments").service("cart").key("k").json("{}").send().status);
        CPPUNIT_ASSERT_EQUAL(400,
                             shop_->host.post("/api/v1/payments").service("order").key("k").json("{}").send().status);
    }

    void othersPaymentsAreNotThere() {
        shop_->record();
        const std::string path = "/api/v1/payments/" + shop_->payment;
        CPPUNIT_ASSERT_EQUAL(200, shop_->host.get(path).as(shop_->user).send().status);
        CPPUNIT_ASSERT_EQUAL(404, shop_->host.get(path).as("somebody").send().status);
        CPPUNIT_ASSERT_EQUAL(200, shop_->host.get(path).as("somebody", "staff").send().status);
        CPPUNIT_ASSERT(shop_->host.get(path).as(shop_->user).send().body.find("tok_ok") == std::string::npos);
    }

    void staffCaptureVoidAndRefund() {
        shop_->record();
        CPPUNIT_ASSERT_EQUAL(std::string("not-capturable"), shop_->staff("capture").problem());
        shop_->deliver("order.created");
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(422, shop_->refund("r", R"({"reason":"damaged"})").status);
        CPPUNIT_ASSERT_EQUAL(202, shop_->staff("capture").status);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("not-voidable"), shop_->staff("void").problem());
        CPPUNIT_ASSERT_EQUAL(201, shop_->refund("r2", R"({"reason":"damaged","amount":500})").status);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("PARTIALLY_REFUNDED"), shop_->state());
        shop_->newOrder();
        shop_->record();
        shop_->deliver("order.created");
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(202, shop_->staff("void").status);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("VOIDED"), shop_->state());
    }

    void refundsReserveTheirBalance() {
        captured();
        CPPUNIT_ASSERT_EQUAL(201, shop_->refund("a", R"({"reason":"damaged","amount":2000})").status);
        const auto refused = shop_->refund("b", R"({"reason":"damaged","amount":501})");
        CPPUNIT_ASSERT_EQUAL(std::string("refund-too-large"), refused.problem());
        CPPUNIT_ASSERT_EQUAL(500, refused.json()["refundable"]["amount"].asInt());
        CPPUNIT_ASSERT_EQUAL(201, shop_->refund("c", R"({"reason":"damaged"})").status);
        CPPUNIT_ASSERT_EQUAL(422, shop_->refund("d", R"({"reason":"damaged"})").status);
        shop_->deliver("order.cancelled", 3);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("authorized completed refunded refunded"), shop_->events());
        CPPUNIT_ASSERT(account().settled());
    }

    void aRefusedRefundOfStaffFails() {
        captured("tok_refund_fails_once");
        shop_->refund("a", R"({"reason":"damaged"})");
        shop_->host.advance(1min);
        CPPUNIT_ASSERT_EQUAL(std::string("FAILED"), shop_->get().json()["refunds"][0]["state"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("CAPTURED"), shop_->state());
        shop_->refund("b", R"({"reason":"damaged"})");
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("REFUNDED"), shop_->state());
    }

private:
    std::unique_ptr<Shop> shop_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PaymentApiTest);

}  // namespace
