// Orders among the events of the others, in every order in which they can come.

#include <cppunit/extensions/HelperMacros.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <stoa/fake/every_order.h>

#include "shop.h"

namespace order::test {
namespace {

using stoa::fake::Cue;
using Causes = std::vector<std::string>;
using std::chrono::minutes;

class EventsOrderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventsOrderTest);
    CPPUNIT_TEST(anyOrderOfTheHappyPathEndsTheSame);
    CPPUNIT_TEST(anyOrderOfADeclineEndsTheSame);
    CPPUNIT_TEST(anyOrderOfAShortageEndsTheSame);
    CPPUNIT_TEST(anyOrderAfterTheDeadlineEndsTheSame);
    CPPUNIT_TEST(anyOrderOfACancellationEndsTheSame);
    CPPUNIT_TEST(anyOrderOfARefusedCancellationEndsTheSame);
    CPPUNIT_TEST(anyOrderOfARefusedCommitEndsTheSame);
    CPPUNIT_TEST(theNewestProfileStays);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { shop_ = std::make_unique<Shop>(); }

    void anyOrderOfTheHappyPathEndsTheSame() {
        const Causes confirmed{"payment.completed 2", "inventory.reserved 1"};
        ends("COMPLETED PAID DELIVERED, order.confirmed 2",
             {payment("authorized", 1), payment("completed", 2), inventory("reserved", 1),
              inventory("committed", 2, confirmed), shipment("created", 1, confirmed),
              shipment("shipped", 2, confirmed), shipment("delivered", 3, confirmed)});
    }

    void anyOrderOfADeclineEndsTheSame() {
        ends("REJECTED FAILED UNFULFILLED payment_failed, order.cancelled 2",
             {payment("failed", 1), inventory("reserved", 1), inventory("released", 2, {}, "payment_failed")});
    }

    void anyOrderOfAShortageEndsTheSame() {
        ends("REJECTED VOIDED UNFULFILLED out_of_stock, order.cancelled 2",
             {payment("authorized", 1), inventory("reservation_failed", 1), payment("voided", 2)});
    }

    void anyOrderAfterTheDeadlineEndsTheSame() {
        const Causes over{"the deadline passes"};
        ends("EXPIRED VOIDED UNFULFILLED deadline, order.cancelled 2",
             {payment("authorized", 1),
              inventory("reserved", 1),
              {.topic = over[0], .act = [this] { shop_->host.advance(minutes{10}); }},
              payment("voided", 2, over),
              inventory("released", 2, over)},
             [this] { setUp(); });
    }

    void anyOrderOfACancellationEndsTheSame() {
        const Causes given_up{"shipment.cancelled 2"};
        ends("CANCELLED REFUNDED UNFULFILLED customer, order.confirmed 2, order.cancel_requested 3, order.cancelled 4",
             {inventory("committed", 2), shipment("created", 1), shipment("cancelled", 2),
              payment("refunded", 3, given_up), inventory("released", 3, given_up)},
             {}, confirmAndCancel());
    }

    void anyOrderOfARefusedCancellationEndsTheSame() {
        ends("COMPLETED PAID DELIVERED refused, order.confirmed 2, order.cancel_requested 3",
             {inventory("committed", 2), shipment("created", 1), shipment("shipped", 2), shipment("cancel_refused", 3),
              shipment("delivered", 4)},
             {}, confirmAndCancel());
    }

    void anyOrderOfARefusedCommitEndsTheSame() {
        ends(
            "CANCELLED REFUNDED UNFULFILLED out_of_stock, order.confirmed 2, order.cancel_requested 3, order.cancelled "
            "4",
            {inventory("released", 2, {}, "expired"), inventory("commit_refused", 3), shipment("created", 1),
             shipment("cancelled", 2, {"inventory.commit_refused 3"}),
             payment("refunded", 3, {"shipment.cancelled 2"})},
            {}, [this] { shop_->confirm(id_); });
    }

    void theNewestProfileStays() {
        const auto profile = [this](int version, const std::string& email) {
            return Cue{
                .topic = "user.profile.updated", .version = version, .deliver = [=, this](const std::string& id) {
                    Json::Value data;
                    data["userId"] = kAda;
                    data["profile"]["email"] = email;
                    data["profile"]["emailNotifications"] = true;
                    return shop_->host.deliver("user.profile.updated", kAda, data, version, id);
                }};
        };
        const stoa::fake::EveryOrder life(
            {profile(2, "a@example.org"), profile(3, "b@example.org"), profile(4, "c@example.org")});
        CPPUNIT_ASSERT_EQUAL(
            std::string("c@example.org"),
            life.play(
                {.begin = [this]() -> stoa::fake::Host& {
                     setUp();
                     return shop_->host;
                 },
                 .end = [this] { return shop_->host.query("SELECT email FROM customers")[0]["email"].asString(); }}));
    }

private:
    Cue payment(const std::string& what, int version, Causes after = {}) {
        return {.topic = "payment." + what,
                .version = version,
                .after = std::move(after),
                .deliver = [=, this](const std::string& id) {
                    shop_->payment(id_, what, version, 1, 2230, id);
                    return STOA_OK;
                }};
    }
    Cue inventory(const std::string& what, int version, Causes after = {}, const std::string& reason = {}) {
        return {.topic = "inventory." + what,
                .version = version,
                .after = std::move(after),
                .deliver = [=, this](const std::string& id) {
                    shop_->inventory(id_, what, version, 1, reason, id);
                    return STOA_OK;
                }};
    }
    Cue shipment(const std::string& what, int version, Causes after = {}) {
        return {.topic = "shipment." + what,
                .version = version,
                .after = std::move(after),
                .deliver = [=, this](const std::string& id) {
                    shop_->shipment(id_, what, version, id);
                    return STOA_OK;
                }};
    }

    std::function<void()> confirmAndCancel() {
        return [this] {
            shop_->confirm(id_);
            CPPUNIT_ASSERT_EQUAL(202, shop_->cancel(id_).status);
        };
    }

    /// `fresh` before the order is placed, `before` afterwards.
    void ends(const std::string& end, std::vector<Cue> cues, const std::function<void()>& fresh = {},
              const std::function<void()>& before = {}) {
        const auto begin = [&]() -> stoa::fake::Host& {
            if (fresh) {
                fresh();
            }
            id_ = shop_->placed("sequence " + std::to_string(++keys_));
            if (before) {
                before();
            }
            return shop_->host;
        };
        const stoa::fake::EveryOrder life(std::move(cues));
        CPPUNIT_ASSERT_EQUAL(
            end, life.play({.begin = begin, .end = [this] { return left(); }, .holds = [this] { published(); }}));
    }

    std::string left() {
        const Json::Value order = shop_->order(id_);
        const std::string reason = order["reason"].asString();
        return order["status"].asString() + " " + order["paymentStatus"].asString() + " " +
               order["fulfillmentStatus"].asString() + (reason.empty() ? "" : " ") + reason +
               (order["cancelRefused"].asBool() ? " refused" : "") + published();
    }

    /// What was published of this order, numbered without gaps.
    std::string published() const {
        std::string topics;
        std::int64_t version = 1;
        for (const auto& event : shop_->host.published()) {
            if (event.key == id_) {
                CPPUNIT_ASSERT_EQUAL_MESSAGE(topics + event.topic, ++version, event.version);
                topics += ", " + event.topic + " " + std::to_string(event.version);
            }
        }
        return topics;
    }

    std::unique_ptr<Shop> shop_;
    std::string id_;
    int keys_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventsOrderTest);

}  // namespace
}  // namespace order::test
