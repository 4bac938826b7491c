// Orders among the events of the others, on a fake host: every compensation, and every order in which events can come.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "shop.h"

namespace {

using namespace order::test;
using namespace std::chrono_literals;
using stoa::fake::Answer;

/// An event of somebody else, and what must have been delivered before it can exist at all.
struct Cue {
    enum Who { kPayment, kInventory, kShipment } who;
    std::string what;
    int version;
    std::vector<std::string> after = {};
    std::string reason = {};
    std::string name() const {
        return (who == kPayment ? "payment." : who == kInventory ? "inventory." : "shipment.") + what;
    }
};

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
    CPPUNIT_TEST(anyOrderOfTheHappyPathEndsTheSame);
    CPPUNIT_TEST(anyOrderOfADeclineEndsTheSame);
    CPPUNIT_TEST(anyOrderOfAShortageEndsTheSame);
    CPPUNIT_TEST(anyOrderOfACancellationEndsTheSame);
    CPPUNIT_TEST(anyOrderOfARefusedCancellationEndsTheSame);
    CPPUNIT_TEST(anyOrderOfARefusedCommitEndsTheSame);
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
        CPPUNIT_ASSERT_EQUAL(0, shop_->host.advance(10min - 1s));
        CPPUNIT_ASSERT_EQUAL(1, shop_->host.advance(1s));
        expect("CANCEL_PENDING", "AUTHORIZED", {"order.cancelled"});
        CPPUNIT_ASSERT_EQUAL(0, shop_->host.advance(24h));
        shop_->payment(id_, "voided", 2);
        shop_->inventory(id_, "released", 1);
        expect("EXPIRED", "VOIDED", {});
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
        CPPUNIT_ASSERT(shop_->host.timers().empty());
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
        CPPUNIT_ASSERT_EQUAL(std::string("CONFIRMED"), answer.json()["status"].asString());
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

    void anyOrderOfTheHappyPathEndsTheSame() {
        const std::vector<std::string> confirmed{"payment.completed", "inventory.reserved"};
        everyOrder({{Cue::kPayment, "authorized", 1},
                    {Cue::kPayment, "completed", 2},
                    {Cue::kInventory, "reserved", 1},
                    {Cue::kInventory, "committed", 2, confirmed},
                    {Cue::kShipment, "created", 1, confirmed},
                    {Cue::kShipment, "shipped", 2, confirmed},
                    {Cue::kShipment, "delivered", 3, confirmed}},
                   {}, "COMPLETED PAID DELIVERED ", {"order.confirmed"});
    }

    void anyOrderOfADeclineEndsTheSame() {
        everyOrder({{Cue::kPayment, "failed", 1},
                    {Cue::kInventory, "reserved", 1},
                    {Cue::kInventory, "released", 2, {}, "payment_failed"}},
                   {}, "REJECTED FAILED UNFULFILLED payment_failed", {"order.cancelled"});
    }

    void anyOrderOfAShortageEndsTheSame() {
        everyOrder({{Cue::kPayment, "authorized", 1},
                    {Cue::kInventory, "reservation_failed", 1},
                    {Cue::kPayment, "voided", 2}},
                   {}, "REJECTED VOIDED UNFULFILLED out_of_stock", {"order.cancelled"});
    }

    void anyOrderOfACancellationEndsTheSame() {
        everyOrder({{Cue::kInventory, "committed", 2},
                    {Cue::kShipment, "created", 1},
                    {Cue::kShipment, "cancelled", 2},
                    {Cue::kPayment, "refunded", 3, {"shipment.cancelled"}},
                    {Cue::kInventory, "released", 3, {"shipment.cancelled"}}},
                   confirmAndCancel(), "CANCELLED REFUNDED UNFULFILLED customer",
                   {"order.confirmed", "order.cancel_requested", "order.cancelled"});
    }

    void anyOrderOfARefusedCancellationEndsTheSame() {
        everyOrder({{Cue::kInventory, "committed", 2},
                    {Cue::kShipment, "created", 1},
                    {Cue::kShipment, "shipped", 2},
                    {Cue::kShipment, "cancel_refused", 3},
                    {Cue::kShipment, "delivered", 4}},
                   confirmAndCancel(), "COMPLETED PAID DELIVERED  refused",
                   {"order.confirmed", "order.cancel_requested"});
    }

    void anyOrderOfARefusedCommitEndsTheSame() {
        everyOrder({{Cue::kInventory, "released", 2, {}, "expired"},
                    {Cue::kInventory, "commit_refused", 3},
                    {Cue::kShipment, "created", 1},
                    {Cue::kShipment, "cancelled", 2, {"inventory.commit_refused"}},
                    {Cue::kPayment, "refunded", 3, {"shipment.cancelled"}}},
                   [this] { shop_->confirm(id_); }, "CANCELLED REFUNDED UNFULFILLED out_of_stock",
                   {"order.confirmed", "order.cancel_requested", "order.cancelled"});
    }

private:
    std::function<void()> confirmAndCancel() {
        return [this] {
            shop_->confirm(id_);
            CPPUNIT_ASSERT_EQUAL(202, shop_->cancel(id_).status);
        };
    }

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

    void deliver(const Cue& cue) {
        if (cue.who == Cue::kPayment) {
            shop_->payment(id_, cue.what, cue.version);
        } else if (cue.who == Cue::kInventory) {
            shop_->inventory(id_, cue.what, cue.version, 1, cue.reason);
        } else {
            shop_->shipment(id_, cue.what, cue.version);
        }
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, shop_->host.deliverAgain() + 0);  // the same event: the inbox knows it
    }

    /// Each permutation that can be, on an order of its own after `before`, every event twice and all of them once more
    /// at the end under new ids (as after a redrive): same end, and the same events published, numbered without gaps.
    void everyOrder(const std::vector<Cue>& cues, const std::function<void()>& before, const std::string& end,
                    const std::vector<std::string>& published) {
        std::vector<std::size_t> order(cues.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        int tried = 0;
        do {
            if (!possible(cues, order)) {
                continue;
            }
            id_ = shop_->placed("permutation " + std::to_string(++keys_));
            if (before) {
                before();
            }
            std::string story;
            for (const std::size_t i : order) {
                story += cues[i].name() + " ";
                deliver(cues[i]);
            }
            for (const std::size_t i : order) {
                deliver(cues[i]);
            }
            check(end, published, story);
            ++tried;
        } while (std::next_permutation(order.begin(), order.end()));
        CPPUNIT_ASSERT(tried > 1);
    }

    static bool possible(const std::vector<Cue>& cues, const std::vector<std::size_t>& order) {
        std::set<std::string> seen;
        for (const std::size_t i : order) {
            for (const std::string& cause : cues[i].after) {
                if (!seen.contains(cause)) {
                    return false;
                }
            }
            seen.insert(cues[i].name());
        }
        return true;
    }

    void check(const std::string& end, const std::vector<std::string>& published, const std::string& story) {
        const Json::Value order = shop_->order(id_);
        const std::string reached = order["status"].asString() + " " + order["paymentStatus"].asString() + " " +
                                    order["fulfillmentStatus"].asString() + " " + order["reason"].asString() +
                                    (order["cancelRefused"].asBool() ? " refused" : "");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(story, end, reached);
        std::vector<std::string> topics;
        for (const auto& event : shop_->host.takePublished()) {
            topics.push_back(event.topic);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(story, static_cast<std::int64_t>(topics.size()) + 1, event.version);
        }
        CPPUNIT_ASSERT_MESSAGE(story, published == topics);
    }

    std::unique_ptr<Shop> shop_;
    std::string id_;
    int keys_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventsTest);

}  // namespace
