// Orders as they come and go, on a fake host: what is held, what is published, and that the books are right.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include <stoa/fake/host.h>

namespace {

using namespace stoa;
using std::chrono::minutes;
using std::chrono::seconds;

const std::string kOrder = "0190a0b0-0000-7000-8000-000000000001";
const std::string kApple = "0190a0b0-0000-7000-8000-00000000000a";
const std::string kPear = "0190a0b0-0000-7000-8000-00000000000b";

class FlowTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FlowTest);
    CPPUNIT_TEST(anOrderIsHeldCommittedAndShipped);
    CPPUNIT_TEST(duplicateLinesAreSummed);
    CPPUNIT_TEST(aShortageTakesNothing);
    CPPUNIT_TEST(theLastPieceGoesToOne);
    CPPUNIT_TEST(aCancelledOrderGivesBackOnce);
    CPPUNIT_TEST(aCancellationFirstLeavesATombstone);
    CPPUNIT_TEST(everyCancelledAttemptIsAcknowledged);
    CPPUNIT_TEST(aFailedPaymentGivesBack);
    CPPUNIT_TEST(aPaymentThatFailedFirstHoldsNothing);
    CPPUNIT_TEST(aHoldExpires);
    CPPUNIT_TEST(aLateConfirmationTakesAgain);
    CPPUNIT_TEST(aLateConfirmationWithoutStockIsRefused);
    CPPUNIT_TEST(payingAgainHoldsAgain);
    CPPUNIT_TEST(aParcelWithoutCommittedStockIsForPeople);
    CPPUNIT_TEST(anOrderThatAsksAgainIsAnsweredAgain);
    CPPUNIT_TEST(lowStockIsSaidOncePerCrossing);
    CPPUNIT_TEST(aLostRaceIsRunAgain);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        fresh();
        stocked(10, 10);
    }

    void anOrderIsHeldCommittedAndShipped() {
        created();
        const auto reserved = onlyOne("inventory.reserved");
        CPPUNIT_ASSERT_EQUAL(kOrder, reserved.key);
        CPPUNIT_ASSERT_EQUAL(std::string("reservation"), reserved.aggregate);
        CPPUNIT_ASSERT_EQUAL(std::string("2026-01-05T09:15:00Z"), reserved.data["expiresAt"].asString());
        CPPUNIT_ASSERT_EQUAL(2u, reserved.data["items"].size());
        CPPUNIT_ASSERT_EQUAL(std::string("10/2"), stock(kApple));
        confirmed(2);
        CPPUNIT_ASSERT(reserved.data["reservationId"] == onlyOne("inventory.committed").data["reservationId"]);
        CPPUNIT_ASSERT(host_->timers().empty());
        shipped();
        CPPUNIT_ASSERT_EQUAL(std::string("8/0"), stock(kApple));
        CPPUNIT_ASSERT_EQUAL(std::string("9/0"), stock(kPear));
        CPPUNIT_ASSERT_EQUAL(std::string("SHIPPED"), state());
        booksAreRight();
    }

    void duplicateLinesAreSummed() {
        Json::Value data = order(1);
        data["items"].append(item(kApple, 3));
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("order.created", kOrder, data, 1));
        const Json::Value items = onlyOne("inventory.reserved").data["items"];
        CPPUNIT_ASSERT_EQUAL(2u, items.size());
        CPPUNIT_ASSERT_EQUAL(kApple, items[0]["productId"].asString());
        CPPUNIT_ASSERT_EQUAL(5, items[0]["quantity"].asInt());
    }

    void aShortageTakesNothing() {
        Json::Value data = order(1);
        data["items"].append(item(kPear, 10));
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("order.created", kOrder, data, 1));
        const auto failed = onlyOne("inventory.reservation_failed").data;
        CPPUNIT_ASSERT_EQUAL(1u, failed["shortages"].size());
        CPPUNIT_ASSERT_EQUAL(11, failed["shortages"][0]["requested"].asInt());
        CPPUNIT_ASSERT_EQUAL(10, failed["shortages"][0]["available"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("10/0"), stock(kApple));
        CPPUNIT_ASSERT_EQUAL(std::string("FAILED"), state());
        cancelled(2);
        CPPUNIT_ASSERT(host_->published().size() == 1);
        booksAreRight();
    }

    void theLastPieceGoesToOne() {
        const std::string other = "0190a0b0-0000-7000-8000-000000000002";
        Json::Value data = order(1);
        data["items"][0u]["quantity"] = 9;
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("order.created", kOrder, data, 1));
        data["orderId"] = other;
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("order.created", other, data, 1));
        CPPUNIT_ASSERT_EQUAL(other, onlyOne("inventory.reservation_failed").key);
        CPPUNIT_ASSERT_EQUAL(std::string("10/9"), stock(kPear));
        CPPUNIT_ASSERT_EQUAL(std::string("10/2"), stock(kApple));  // the second order gave its apples back
        booksAreRight();
    }

    void aCancelledOrderGivesBackOnce() {
        created();
        cancelled(2);
        cancelled(2);
        CPPUNIT_ASSERT_EQUAL(std::string("cancelled"), onlyOne("inventory.released").data["reason"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("10/0"), stock(kApple));
        booksAreRight();
    }

    void aCancellationFirstLeavesATombstone() {
        cancelled(2);
        const auto released = onlyOne("inventory.released").data;
        CPPUNIT_ASSERT_EQUAL(std::string(), released["reservationId"].asString());
        CPPUNIT_ASSERT_EQUAL(1, released["attempt"].asInt());
        created();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published().size());
        CPPUNIT_ASSERT_EQUAL(std::string("10/0"), stock(kApple));
    }

    void everyCancelledAttemptIsAcknowledged() {
        cancelled(2);
        cancelled(4, 2);
        created(1, 1);
        created(2, 3);
        const auto all = host_->published("inventory.released");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, all.size());
        CPPUNIT_ASSERT_EQUAL(2, all[1].data["attempt"].asInt());
        created(3, 5);
        CPPUNIT_ASSERT_EQUAL(3, onlyOne("inventory.reserved").data["attempt"].asInt());
    }

    void aFailedPaymentGivesBack() {
        created();
        paymentFailed(1);
        cancelled(2);
        CPPUNIT_ASSERT_EQUAL(std::string("payment_failed"), onlyOne("inventory.released").data["reason"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("10/0"), stock(kApple));
    }

    void aPaymentThatFailedFirstHoldsNothing() {
        paymentFailed(1);
        CPPUNIT_ASSERT(host_->published().empty());
        created();
        cancelled(2);
        CPPUNIT_ASSERT_EQUAL(std::string("payment_failed"), onlyOne("inventory.released").data["reason"].asString());
        CPPUNIT_ASSERT(host_->published("inventory.reserved").empty());
    }

    void aHoldExpires() {
        created();
        host_->advance(seconds{899});
        CPPUNIT_ASSERT_EQUAL(std::string("HELD"), state());
        host_->advance(seconds{1});
        CPPUNIT_ASSERT_EQUAL(std::string("EXPIRED"), state());
        CPPUNIT_ASSERT_EQUAL(std::string("expired"), onlyOne("inventory.released").data["reason"].asString());
        cancelled(2);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published("inventory.released").size());
        booksAreRight();
    }

    void aLateConfirmationTakesAgain() {
        created();
        host_->advance(minutes{15});
        confirmed(2);
        CPPUNIT_ASSERT_EQUAL(std::string("COMMITTED"), state());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, onlyOne("inventory.committed").version);
        CPPUNIT_ASSERT_EQUAL(std::string("10/2"), stock(kApple));
        booksAreRight();
    }

    void aLateConfirmationWithoutStockIsRefused() {
        created();
        host_->advance(minutes{15});
        CPPUNIT_ASSERT_EQUAL(200, adjust(kPear, -10).status);
        confirmed(2);
        onlyOne("inventory.commit_refused");
        CPPUNIT_ASSERT_EQUAL(std::string("EXPIRED"), state());
        CPPUNIT_ASSERT_EQUAL(std::string("10/0"), stock(kApple));
        booksAreRight();
    }

    void payingAgainHoldsAgain() {
        created();
        paymentFailed(1);
        cancelled(2);
        created(2, 3);
        const auto reserved = host_->published("inventory.reserved");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, reserved.size());
        CPPUNIT_ASSERT(reserved[0].data["reservationId"] != reserved[1].data["reservationId"]);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, reserved[1].version);
        paymentFailed(1);
        CPPUNIT_ASSERT_EQUAL(std::string("HELD"), state());
    }

    void aParcelWithoutCommittedStockIsForPeople() {
        created();
        host_->advance(minutes{15});
        CPPUNIT_ASSERT(host_->deliver("shipment.shipped", kOrder, order(1), 1) != STOA_OK);
        CPPUNIT_ASSERT(host_->lastError().find("without committed stock") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("10/0"), stock(kApple));
    }

    void anOrderThatAsksAgainIsAnsweredAgain() {
        created();
        cancelled(2);
        cancelled(3);
        const auto all = host_->published("inventory.released");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, all.size());
        CPPUNIT_ASSERT(all[0].data["reservationId"] == all[1].data["reservationId"]);
        CPPUNIT_ASSERT_EQUAL(std::string("10/0"), stock(kApple));
        created(2, 4);  // and the next attempt is none the worse
        CPPUNIT_ASSERT_EQUAL(std::string("HELD"), state());
        booksAreRight();
    }

    void lowStockIsSaidOncePerCrossing() {
        CPPUNIT_ASSERT_EQUAL(200, adjust(kApple, -3).status);
        created();
        const auto low = onlyOne("inventory.low_stock");
        CPPUNIT_ASSERT_EQUAL(5, low.data["currentStock"].asInt());
        CPPUNIT_ASSERT_EQUAL(kApple, low.key);
        CPPUNIT_ASSERT_EQUAL(200, adjust(kApple, -1).status);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published("inventory.low_stock").size());
        cancelled(2);  // 6 can be sold again
        CPPUNIT_ASSERT_EQUAL(200, adjust(kApple, -1).status);
        const auto all = host_->published("inventory.low_stock");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, all.size());
        CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, all[1].version);
    }

    void aLostRaceIsRunAgain() {
        host_->failCommits(1);
        (void)host_->deliver("order.created", kOrder, order(1), 1, "race");
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("order.created", kOrder, order(1), 1, "race"));
        onlyOne("inventory.reserved");
        CPPUNIT_ASSERT_EQUAL(std::string("10/2"), stock(kApple));
    }

private:
    void fresh() { host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST); }

    void stocked(int apples, int pears) {
        Json::Value body;
        body["items"].append(item(kApple, apples));
        body["items"].append(item(kPear, pears));
        const auto answer =
            host_->post("/api/v1/inventory/batch-receive").as("staff-1", "staff").key("stock").json(body).send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
    }

    fake::Answer adjust(const std::string& product, int delta) {
        Json::Value body;
        body["delta"] = delta;
        body["reason"] = "counted";
        return host_->post("/api/v1/inventory/" + product + "/adjust")
            .as("staff-1", "staff")
            .key("adjust-" + std::to_string(++keys_))
            .json(body)
            .send();
    }

    static Json::Value item(const std::string& product, int quantity) {
        Json::Value item;
        item["productId"] = product;
        item["quantity"] = quantity;
        return item;
    }

    static Json::Value order(int attempt) {
        Json::Value data;
        data["orderId"] = kOrder;
        data["attempt"] = attempt;
        data["items"].append(item(kPear, 1));
        data["items"].append(item(kApple, 2));
        return data;
    }

    /// With a duplicate: each event comes twice, under ids of its own and again under the same.
    void deliver(const std::string& topic, int attempt, int version) {
        for (int i = 0; i < 2; ++i) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(host_->lastError(), STOA_OK + 0,
                                         host_->deliver(topic, kOrder, order(attempt), version));
            CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliverAgain());
        }
    }

    void created(int attempt = 1, int version = 1) { deliver("order.created", attempt, version); }
    void confirmed(int version) { deliver("order.confirmed", 1, version); }
    void cancelled(int version, int attempt = 1) { deliver("order.cancelled", attempt, version); }
    void paymentFailed(int attempt) { deliver("payment.failed", attempt, 1); }
    void shipped() { deliver("shipment.shipped", 1, 1); }

    std::string stock(const std::string& product) {
        const auto row = host_->query("SELECT on_hand, reserved FROM stock WHERE product_id = '" + product + "'")[0];
        return row["on_hand"].asString() + "/" + row["reserved"].asString();
    }

    std::string state() {
        return host_->query("SELECT state FROM reservations WHERE order_id = '" + kOrder + "'")[0]["state"].asString();
    }

    fake::Published onlyOne(const std::string& topic) {
        const auto all = host_->published(topic);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(topic, std::size_t{1}, all.size());
        return all.front();
    }

    /// Invariant 4, the inventory's part of 5, and of 10: versions of a reservation's events are 1…n.
    void booksAreRight(const std::string& what = {}) {
        const auto wrong = host_->query(
            "SELECT s.product_id FROM stock s WHERE on_hand <> (SELECT SUM(on_hand_delta) FROM stock_movements m WHERE "
            "m.product_id = s.product_id) OR reserved <> (SELECT SUM(reserved_delta) FROM stock_movements m WHERE "
            "m.product_id = s.product_id) OR reserved <> (SELECT COALESCE(SUM(quantity), 0) FROM reservation_lines l "
            "JOIN reservations r ON r.order_id = l.order_id WHERE l.product_id = s.product_id AND r.state IN ('HELD', "
            "'COMMITTED')) OR reserved < 0 OR reserved > on_hand");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(what, 0u, wrong.size());
        std::int64_t version = 0;
        for (const auto& event : host_->published()) {
            if (event.key == kOrder) {
                CPPUNIT_ASSERT_EQUAL_MESSAGE(what, ++version, event.version);
            }
        }
    }

    std::unique_ptr<fake::Host> host_;
    int keys_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(FlowTest);

}  // namespace
