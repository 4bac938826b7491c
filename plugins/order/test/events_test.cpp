// Orders among the events of the others, on a fake host: every way an order can go, and every compensation.

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "shop.h"

namespace order::test {
namespace {
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using stoa::fake::Answer;

class EventsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventsTest);
    CPPUNIT_TEST(moneyAndStockConfirmAndTheParcelCompletes);
    CPPUNIT_TEST(aDeclinedPaymentRejectsAndCanBeRepeated);
    CPPUNIT_TEST(payingAgainIsForFailedPaymentsOnly);
    CPPUNIT_TEST(eventsOfAFormerAttemptAreNoNews);
    CPPUNIT_TEST(aShortageRejects);
    CPPUNIT_TEST(anExpiredHoldExpiresTheOrder);
    CPPUNIT_TEST(theDeadlineExpiresAnOrderOnce);
    CPPUNIT_TEST(aConfirmedOrderHasNoDeadline);
    CPPUNIT_TEST(aPendingOrderIsCancelledAtOnce);
    CPPUNIT_TEST(aConfirmedOrderIsCancelledWithShippingsConsent);
    CPPUNIT_TEST(aShippedOrderStays);
    CPPUNIT_TEST(ordersAtRestCantBeCancelled);
    CPPUNIT_TEST(aRefusedCommitGivesTheMoneyBack);
    CPPUNIT_TEST(lateMoneyGoesBack);
    CPPUNIT_TEST(aPartOfARefundSettlesNothing);
    CPPUNIT_TEST(eventsOfUnknownOrdersAreDropped);
    CPPUNIT_TEST(aCustomersNewestProfileIsKept);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        shop_ = std::make_unique<Shop>();
        id_ = shop_->placed();
    }

    void moneyAndStockConfirmAndTheParcelCompletes() {
        shop_->payment(id_, "authorized", 1);
        shop_->inventory(id_, "reserved", 1);
        expect("PENDING", "AUTHORIZED", {});
        shop_->payment(id_, "completed", 2);
        expect("CONFIRMED", "PAID", {"order.confirmed"});
        shop_->inventory(id_, "committed", 2);
        shop_->shipment(id_, "created", 1);
        shop_->shipment(id_, "shipped", 2);
        CPPUNIT_ASSERT_EQUAL(std::string("SHIPPED"), shop_->order(id_)["fulfillmentStatus"].asString());
        shop_->shipment(id_, "delivered", 3);
        expect("COMPLETED", "PAID", {});
    }

    void aDeclinedPaymentRejectsAndCanBeRepeated() {
        shop_->inventory(id_, "reserved", 1);
        shop_->payment(id_, "failed", 1);
        expect("CANCEL_PENDING", "FAILED", {"order.cancelled"});
        CPPUNIT_ASSERT_EQUAL(std::string("not-payable"), shop_->pay(id_, "p").problem());
        shop_->inventory(id_, "released", 2, 1, "payment_failed");
        expect("REJECTED", "FAILED", {});
        CPPUNIT_ASSERT_EQUAL(std::string("payment_failed"), shop_->order(id_)["reason"].asString());

        const Answer answer = shop_->pay(id_, "p2", "tok_slow");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 202, answer.status);
        CPPUNIT_ASSERT(shop_->pay(id_, "p2", "tok_slow").replayed());
        CPPUNIT_ASSERT_EQUAL(shop_->payments.at(id_ + ":2"), answer.json()["paymentId"].asString());
        const auto events = shop_->host.takePublished();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, events.size());
        CPPUNIT_ASSERT_EQUAL(std::string("order.created"), events[0].topic);
        CPPUNIT_ASSERT_EQUAL(2, events[0].data["attempt"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, events[0].version);
        expect("PENDING", "NONE", {});
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, shop_->host.timers().size());
        shop_->confirm(id_, 2, 3);
    }

    void payingAgainIsForFailedPaymentsOnly() {
        const auto refused = [&] {
            const std::size_t recorded = shop_->payments.size();
            const Answer answer = shop_->pay(id_, "p" + std::to_string(++keys_));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, std::string("not-payable"), answer.problem());
            CPPUNIT_ASSERT_EQUAL(recorded, shop_->payments.size());
        };
        refused();  // pending
        shop_->confirm(id_);
        refused();
        id_ = shop_->placed("k2");
        shop_->inventory(id_, "reservation_failed", 1);
        shop_->payment(id_, "voided", 1);
        CPPUNIT_ASSERT_EQUAL(std::string("REJECTED"), shop_->statusOf(id_));
        refused();  // there was nothing wrong with the payment
    }

    void eventsOfAFormerAttemptAreNoNews() {
        shop_->payment(id_, "failed", 1);
        shop_->inventory(id_, "released", 1);
        shop_->pay(id_, "p");
        shop_->host.takePublished();
        shop_->payment(id_, "voided", 2, 1);
        shop_->inventory(id_, "released", 2, 1);
        expect("PENDING", "NONE", {});
        shop_->confirm(id_, 2, 3);
    }

    void aShortageRejects() {
        shop_->payment(id_, "authorized", 1);
        shop_->inventory(id_, "reservation_failed", 1);
        expect("CANCEL_PENDING", "AUTHORIZED", {"order.cancelled"});
        shop_->payment(id_, "voided", 2);
        expect("REJECTED", "VOIDED", {});
        CPPUNIT_ASSERT_EQUAL(std::string("out_of_stock"), shop_->order(id_)["reason"].asString());
    }

    void anExpiredHoldExpiresTheOrder() {
        shop_->inventory(id_, "reserved", 1);
        shop_->payment(id_, "authorized", 1);
        shop_->inventory(id_, "released", 2, 1, "expired");
        expect("CANCEL_PENDING", "AUTHORIZED", {"order.cancelled"});
        shop_->payment(id_, "voided", 2);
        expect("EXPIRED", "VOIDED", {});
    }

    void theDeadlineExpiresAnOrderOnce() {
        shop_->payment(id_, "authorized", 1);
        CPPUNIT_ASSERT_EQUAL(0, shop_->host.advance(minutes{10} - seconds{1}));
        CPPUNIT_ASSERT_EQUAL(1, shop_->host.advance(seconds{1}));
        expect("CANCEL_PENDING", "AUTHORIZED", {"order.cancelled"});
        CPPUNIT_ASSERT_EQUAL(0, shop_->host.advance(seconds{59}));  // then the others are asked again
        shop_->payment(id_, "voided", 2);
        shop_->inventory(id_, "released", 1);
        expect("EXPIRED", "VOIDED", {});
        CPPUNIT_ASSERT_EQUAL(0, shop_->host.advance(hours{24}));
        CPPUNIT_ASSERT_EQUAL(std::string("deadline"), shop_->order(id_)["reason"].asString());
    }

    void aConfirmedOrderHasNoDeadline() {
        shop_->confirm(id_);
        CPPUNIT_ASSERT(shop_->host.timers().empty());
    }

    void aPendingOrderIsCancelledAtOnce() {
        const Answer answer = shop_->cancel(id_);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 202, answer.status);
        expect("CANCEL_PENDING", "NONE", {"order.cancelled"});
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, shop_->host.timers().size());
        CPPUNIT_ASSERT_EQUAL(std::string("saga-compensation"), shop_->host.timers()[0].name);
        CPPUNIT_ASSERT_EQUAL(202, shop_->cancel(id_).status);  // asking again changes nothing
        expect("CANCEL_PENDING", "NONE", {});
        shop_->payment(id_, "voided", 1);
        shop_->inventory(id_, "released", 1);
        expect("CANCELLED", "VOIDED", {});
        CPPUNIT_ASSERT_EQUAL(202, shop_->cancel(id_).status);
        expect("CANCELLED", "VOIDED", {});
    }

    void aConfirmedOrderIsCancelledWithShippingsConsent() {
        shop_->confirm(id_);
        shop_->host.takePublished();
        CPPUNIT_ASSERT_EQUAL(202, shop_->cancel(id_).status);
        expect("CANCEL_PENDING", "PAID", {"order.cancel_requested"});
        shop_->shipment(id_, "cancelled", 1);
        expect("CANCEL_PENDING", "PAID", {"order.cancelled"});
        shop_->payment(id_, "refunded", 3);
        expect("CANCEL_PENDING", "REFUNDED", {});
        shop_->inventory(id_, "released", 2);
        expect("CANCELLED", "REFUNDED", {});
    }

    void aShippedOrderStays() {
        shop_->confirm(id_);
        CPPUNIT_ASSERT_EQUAL(202, shop_->cancel(id_).status);
        shop_->host.takePublished();
        shop_->shipment(id_, "cancel_refused", 3);
        expect("CONFIRMED", "PAID", {});
        CPPUNIT_ASSERT(shop_->order(id_)["cancelRefused"].asBool());
        const Answer answer = shop_->cancel(id_);
        CPPUNIT_ASSERT_EQUAL(std::string("not-cancellable"), answer.problem());
        CPPUNIT_ASSERT_EQUAL(std::string("CONFIRMED"), answer.json()["state"].asString());
        shop_->shipment(id_, "delivered", 2);  // overtaken by the refusal
        expect("COMPLETED", "PAID", {});
    }

    void ordersAtRestCantBeCancelled() {
        shop_->payment(id_, "failed", 1);
        shop_->inventory(id_, "released", 1);
        CPPUNIT_ASSERT_EQUAL(std::string("not-cancellable"), shop_->cancel(id_).problem());
        id_ = shop_->placed("k2");
        shop_->confirm(id_);
        shop_->shipment(id_, "delivered", 3);
        CPPUNIT_ASSERT_EQUAL(std::string("not-cancellable"), shop_->cancel(id_).problem());
    }

    void aRefusedCommitGivesTheMoneyBack() {
        shop_->confirm(id_);
        shop_->host.takePublished();
        shop_->inventory(id_, "released", 2, 1, "expired");
        expect("CONFIRMED", "PAID", {});
        shop_->inventory(id_, "commit_refused", 3);
        expect("CANCEL_PENDING", "PAID", {"order.cancel_requested"});
        shop_->shipment(id_, "cancelled", 1);
        expect("CANCEL_PENDING", "PAID", {"order.cancelled"});
        shop_->payment(id_, "refunded", 3);
        expect("CANCELLED", "REFUNDED", {});
        CPPUNIT_ASSERT_EQUAL(std::string("out_of_stock"), shop_->order(id_)["reason"].asString());
    }

    void lateMoneyGoesBack() {
        shop_->payment(id_, "failed", 1);
        shop_->inventory(id_, "released", 1);
        shop_->host.takePublished();
        shop_->payment(id_, "authorized", 2);  // the provider found it after all
        expect("CANCEL_PENDING", "AUTHORIZED", {"order.cancelled"});
        shop_->payment(id_, "voided", 3);
        expect("REJECTED", "VOIDED", {});
    }

    void aPartOfARefundSettlesNothing() {
        shop_->confirm(id_);
        shop_->cancel(id_);
        shop_->shipment(id_, "cancelled", 1);
        shop_->inventory(id_, "released", 2);
        shop_->host.takePublished();
        shop_->payment(id_, "refunded", 3, 1, 1000);
        expect("CANCEL_PENDING", "PARTIALLY_REFUNDED", {});
        shop_->payment(id_, "refunded", 4);
        expect("CANCELLED", "REFUNDED", {});
    }

    void eventsOfUnknownOrdersAreDropped() {
        shop_->payments[uuid(500) + ":1"] = uuid(501);
        shop_->payment(uuid(500), "failed", 1);
        shop_->inventory(uuid(500), "released", 1);
        shop_->shipment(uuid(500), "cancelled", 1);
        CPPUNIT_ASSERT(shop_->host.published().empty());
    }

    void aCustomersNewestProfileIsKept() {
        const auto tell = [&](const char* email, int version) {
            Json::Value data;
            data["userId"] = kAda;
            data["profile"]["email"] = email;
            CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, shop_->host.deliver("user.profile.updated", kAda, data, version) + 0);
        };
        tell("ada@example.org", 2);
        tell("old@example.org", 1);
        CPPUNIT_ASSERT_EQUAL(std::string("ada@example.org"),
                             shop_->host.query("SELECT email FROM customers")[0]["email"].asString());
    }

private:
    /// Status, payment, and what was published since the last look.
    void expect(const std::string& status, const std::string& payment, const std::vector<std::string>& published) {
        const Json::Value order = shop_->order(id_);
        CPPUNIT_ASSERT_EQUAL(status, order["status"].asString());
        CPPUNIT_ASSERT_EQUAL(payment, order["paymentStatus"].asString());
        std::vector<std::string> topics;
        for (const auto& event : shop_->host.takePublished()) {
            topics.push_back(event.topic);
        }
        CPPUNIT_ASSERT(published == topics);
    }

    std::unique_ptr<Shop> shop_;
    std::string id_;
    int keys_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventsTest);

}  // namespace
}  // namespace order::test
