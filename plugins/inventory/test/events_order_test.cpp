// One order's events in every order in which they can come: the same is held in the end, and the books are right all
// the time.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <stoa/fake/every_order.h>

namespace {

using namespace stoa;
using fake::Cue;
using std::chrono::minutes;

const std::string kOrder = "0190a0b0-0000-7000-8000-000000000001";
const std::string kApple = "0190a0b0-0000-7000-8000-00000000000a";
const std::string kPear = "0190a0b0-0000-7000-8000-00000000000b";

class EventsOrderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventsOrderTest);
    CPPUNIT_TEST(aDeliveredOrderShipsOnce);
    CPPUNIT_TEST(aConfirmationOutlivesTheHold);
    CPPUNIT_TEST(aDeclinedPaymentHoldsNothing);
    CPPUNIT_TEST(aCancelledOrderHoldsNothing);
    CPPUNIT_TEST(aCancelledOrderThatWasConfirmedHoldsNothing);
    CPPUNIT_TEST(aShortageTakesNothing);
    CPPUNIT_TEST(anOrderThatIsPaidAgainIsHeldAgain);
    CPPUNIT_TEST(everyCancelledAttemptHoldsNothing);
    CPPUNIT_TEST(whatIsAskedTwiceIsGivenBackOnce);
    CPPUNIT_TEST(theSecondAttemptStandsWhateverComesOfTheFirst);
    CPPUNIT_TEST_SUITE_END();

public:
    void aDeliveredOrderShipsOnce() {
        ends("SHIPPED 8/0 9/0, 1 reserved, 1 shipped",
             {created(1), confirmed(2), shipped({"order.created 1", "order.confirmed 2"})});
    }

    void aConfirmationOutlivesTheHold() {
        // The hold may end before the confirmation comes; then the stock is taken once more.
        ends("COMMITTED 10/2 10/1", {created(1), confirmed(2), expiry()});
    }

    void aDeclinedPaymentHoldsNothing() { ends("over 10/0 10/0", {created(1), failed(1), cancelled(2)}); }

    void aCancelledOrderHoldsNothing() { ends("over 10/0 10/0", {created(1), cancelled(2), expiry()}); }

    void aCancelledOrderThatWasConfirmedHoldsNothing() {
        ends("over 10/0 10/0", {created(1), confirmed(2), cancelled(4), expiry()});
    }

    void aShortageTakesNothing() {
        pears_ = 0;
        ends("over 10/0 0/0", {created(1), cancelled(2), failed(1)});
    }

    void anOrderThatIsPaidAgainIsHeldAgain() {
        ends("COMMITTED 10/2 10/1", {created(1), failed(1), cancelled(2), created(3, 2), confirmed(4)});
    }

    void everyCancelledAttemptHoldsNothing() {
        ends("over 10/0 10/0", {created(1), cancelled(2), created(3, 2), cancelled(4, 2)});
    }

    void whatIsAskedTwiceIsGivenBackOnce() {
        ends("over 10/0 10/0", {created(1), cancelled(2), cancelled(3), expiry()});
    }

    void theSecondAttemptStandsWhateverComesOfTheFirst() {
        ends("COMMITTED 10/2 10/1", {created(1), created(4, 2), cancelled(2), cancelled(3), failed(1), confirmed(5)});
    }

private:
    Cue event(const std::string& topic, int version, int attempt, std::vector<std::string> after = {}) {
        return {
            .topic = topic, .version = version, .after = std::move(after), .deliver = [=, this](const std::string& id) {
                Json::Value data;
                data["orderId"] = kOrder;
                data["attempt"] = attempt;
                data["items"].append(item(kPear, 1));
                data["items"].append(item(kApple, 2));
                return host_->deliver(topic, kOrder, data, version, id);
            }};
    }
    Cue created(int version, int attempt = 1) { return event("order.created", version, attempt); }
    Cue confirmed(int version) { return event("order.confirmed", version, 1); }
    Cue cancelled(int version, int attempt = 1) { return event("order.cancelled", version, attempt); }
    Cue failed(int attempt) { return event("payment.failed", 1, attempt); }
    Cue shipped(std::vector<std::string> after) { return event("shipment.shipped", 2, 1, std::move(after)); }
    Cue expiry() {
        return {.topic = "the hold expires", .act = [this] { host_->advance(minutes{15}); }};
    }

    static Json::Value item(const std::string& product, int quantity) {
        Json::Value item;
        item["productId"] = product;
        item["quantity"] = quantity;
        return item;
    }

    fake::Host& stocked() {
        host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST);
        Json::Value body;
        body["items"].append(item(kApple, 10));
        if (pears_ > 0) {
            body["items"].append(item(kPear, pears_));
        }
        const auto answer =
            host_->post("/api/v1/inventory/batch-receive").as("staff-1", "staff").key("stock").json(body).send();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 200, answer.status);
        return *host_;
    }

    void ends(const std::string& end, std::vector<Cue> cues) {
        const fake::EveryOrder life(std::move(cues));
        CPPUNIT_ASSERT_EQUAL(end, life.play({.begin = [this]() -> fake::Host& { return stocked(); },
                                             .end = [this] { return left(); },
                                             .holds = [this] { booksAreRight(); }}));
    }

    std::string left() {
        const std::string is = host_->query("SELECT state FROM reservations")[0]["state"].asString();
        // However the order came to its end.
        const bool over = is == "RELEASED" || is == "EXPIRED" || is == "FAILED";
        std::string text = (over ? "over" : is) + " " + stock(kApple) + " " + stock(kPear);
        const bool told = !host_->published("inventory.released").empty() ||
                          !host_->published("inventory.reservation_failed").empty();
        text += over && !told ? ", and nobody was told" : "";
        return is != "SHIPPED" ? text : text + moved("reserved") + moved("shipped");
    }
    std::string stock(const std::string& product) {
        const auto row = host_->query("SELECT on_hand, reserved FROM stock WHERE product_id = '" + product + "'");
        return row.empty() ? "0/0" : row[0]["on_hand"].asString() + "/" + row[0]["reserved"].asString();
    }
    /// How often apples were.
    std::string moved(const std::string& how) {
        return ", " +
               host_
                   ->query("SELECT count(*) AS times FROM stock_movements WHERE product_id = '" + kApple +
                           "' AND type = '" + how + "'")[0]["times"]
                   .asString() +
               " " + how;
    }

    /// Stock is the sum of its movements, what is reserved the sum of the reservations; versions of a reservation's
    /// events are 1…n, and each attempt is reserved, committed and refused once at most.
    void booksAreRight() {
        const auto wrong = host_->query(
            "SELECT s.product_id FROM stock s WHERE on_hand <> (SELECT SUM(on_hand_delta) FROM stock_movements m WHERE "
            "m.product_id = s.product_id) OR reserved <> (SELECT SUM(reserved_delta) FROM stock_movements m WHERE "
            "m.product_id = s.product_id) OR reserved <> (SELECT COALESCE(SUM(quantity), 0) FROM reservation_lines l "
            "JOIN reservations r ON r.order_id = l.order_id WHERE l.product_id = s.product_id AND r.state IN ('HELD', "
            "'COMMITTED')) OR reserved < 0 OR reserved > on_hand");
        CPPUNIT_ASSERT_EQUAL(0u, wrong.size());
        std::int64_t version = 0;
        std::set<std::string> told;
        for (const auto& event : host_->published()) {
            if (event.key != kOrder) {
                continue;
            }
            CPPUNIT_ASSERT_EQUAL_MESSAGE(event.topic, ++version, event.version);
            const bool once = told.insert(event.topic + event.data["attempt"].asString()).second;
            CPPUNIT_ASSERT_MESSAGE(event.topic + " twice", once || event.topic == "inventory.released");
        }
    }

    std::unique_ptr<fake::Host> host_;
    int pears_ = 10;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventsOrderTest);

}  // namespace
