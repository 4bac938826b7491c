// A cancellation that nobody answers: asked again, and in the end shown to people.

#include <cppunit/extensions/HelperMacros.h>

#include "shop.h"

namespace order::test {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class CompensationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CompensationTest);
    CPPUNIT_TEST(whoDoesNotAnswerIsAskedAgain);
    CPPUNIT_TEST(anAnswerEndsTheAsking);
    CPPUNIT_TEST(shippingIsAskedAgainAndThenTheOthers);
    CPPUNIT_TEST(whatStaysUnansweredIsMarked);
    CPPUNIT_TEST(anAnswerIsNeverTooLate);
    CPPUNIT_TEST(askingAgainCanBeSwitchedOff);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { shop_ = std::make_unique<Shop>(); }

    void whoDoesNotAnswerIsAskedAgain() {
        cancelled();
        CPPUNIT_ASSERT_EQUAL(std::string("order.cancelled 2"), published());
        shop_->host.advance(seconds{59});
        CPPUNIT_ASSERT_EQUAL(std::string(), published());
        shop_->host.advance(seconds{1});
        CPPUNIT_ASSERT_EQUAL(std::string("order.cancelled 3"), published());
        shop_->host.advance(seconds{120});  // twice as long
        const auto again = shop_->host.published("order.cancelled");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, again.size());
        CPPUNIT_ASSERT_EQUAL(1, again[0].data["attempt"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("CANCELLED"), again[0].data["outcome"].asString());
        CPPUNIT_ASSERT_EQUAL(2.0, shop_->host.metric("order_compensations_repeated_total"));
        CPPUNIT_ASSERT_EQUAL(std::string("asked again, 2 of 5"), lastInTimeline()["detail"].asString());
    }

    void anAnswerEndsTheAsking() {
        cancelled();
        shop_->host.advance(seconds{60});
        shop_->payment(id_, "voided", 2);
        shop_->inventory(id_, "released", 2);
        CPPUNIT_ASSERT_EQUAL(std::string("CANCELLED"), shop_->statusOf(id_));
        CPPUNIT_ASSERT(shop_->host.timers().empty());
        published();
        shop_->host.advance(hours{24});
        CPPUNIT_ASSERT_EQUAL(std::string(), published());
    }

    void shippingIsAskedAgainAndThenTheOthers() {
        id_ = shop_->placed();
        shop_->confirm(id_);
        CPPUNIT_ASSERT_EQUAL(202, shop_->cancel(id_).status);
        shop_->host.advance(seconds{60});
        CPPUNIT_ASSERT_EQUAL(std::string("order.confirmed 2 order.cancel_requested 3 order.cancel_requested 4"),
                             published());
        shop_->shipment(id_, "cancelled", 2);
        CPPUNIT_ASSERT_EQUAL(std::string("order.cancelled 5"), published());
        shop_->host.advance(seconds{60});  // a new question, with time of its own
        CPPUNIT_ASSERT_EQUAL(std::string("order.cancelled 6"), published());
        CPPUNIT_ASSERT_EQUAL(std::string("asked again, 1 of 5"), lastInTimeline()["detail"].asString());
    }

    void whatStaysUnansweredIsMarked() {
        cancelled();
        shop_->host.advance(hours{24});
        CPPUNIT_ASSERT_EQUAL(std::size_t{6}, shop_->host.published("order.cancelled").size());
        CPPUNIT_ASSERT(shop_->host.timers().empty());
        CPPUNIT_ASSERT_EQUAL(std::string("CANCEL_PENDING"), shop_->statusOf(id_));
        CPPUNIT_ASSERT_EQUAL(1.0, shop_->host.metric("order_sagas_stuck_total"));
        CPPUNIT_ASSERT_EQUAL(std::string("saga stuck"), lastInTimeline()["type"].asString());
        CPPUNIT_ASSERT_EQUAL(1u, shop_->host.query("SELECT order_id FROM orders WHERE stuck").size());
        CPPUNIT_ASSERT(shop_->host.log().back().message.find("not answered") != std::string::npos);
    }

    void anAnswerIsNeverTooLate() {
        cancelled();
        shop_->host.advance(hours{24});
        shop_->payment(id_, "voided", 2);
        shop_->inventory(id_, "released", 2);
        CPPUNIT_ASSERT_EQUAL(std::string("CANCELLED"), shop_->statusOf(id_));
        CPPUNIT_ASSERT_EQUAL(0u, shop_->host.query("SELECT order_id FROM orders WHERE stuck").size());
    }

    void askingAgainCanBeSwitchedOff() {
        stoa::fake::Options options;
        options.settings["compensationRepeats"] = 0;
        shop_ = std::make_unique<Shop>(options);
        cancelled();
        shop_->host.advance(seconds{60});
        CPPUNIT_ASSERT_EQUAL(std::string("order.cancelled 2"), published());
        CPPUNIT_ASSERT_EQUAL(1.0, shop_->host.metric("order_sagas_stuck_total"));
    }

private:
    /// An order with money and stock held, and its customer gone.
    void cancelled() {
        id_ = shop_->placed();
        shop_->payment(id_, "authorized", 1);
        shop_->inventory(id_, "reserved", 1);
        CPPUNIT_ASSERT_EQUAL(202, shop_->cancel(id_).status);
    }

    /// What was published since the last look, with versions.
    std::string published() {
        std::string all;
        for (const auto& event : shop_->host.takePublished()) {
            all += (all.empty() ? "" : " ") + event.topic + " " + std::to_string(event.version);
        }
        return all;
    }

    Json::Value lastInTimeline() {
        const Json::Value items =
            shop_->host.get("/api/v1/orders/" + id_ + "/timeline").as(kAda).send().json()["items"];
        return items[items.size() - 1];
    }

    std::unique_ptr<Shop> shop_;
    std::string id_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CompensationTest);

}  // namespace
}  // namespace order::test
