// Orders among the events of the others, in every order in which they can come.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "shop.h"

namespace order::test {
namespace {

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

class EventsOrderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventsOrderTest);
    CPPUNIT_TEST(anyOrderOfTheHappyPathEndsTheSame);
    CPPUNIT_TEST(anyOrderOfADeclineEndsTheSame);
    CPPUNIT_TEST(anyOrderOfAShortageEndsTheSame);
    CPPUNIT_TEST(anyOrderOfACancellationEndsTheSame);
    CPPUNIT_TEST(anyOrderOfARefusedCancellationEndsTheSame);
    CPPUNIT_TEST(anyOrderOfARefusedCommitEndsTheSame);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { shop_ = std::make_unique<Shop>(); }

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
        std::iota(order.begin(), order.end(), std::size_t{0});
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

CPPUNIT_TEST_SUITE_REGISTRATION(EventsOrderTest);

}  // namespace
}  // namespace order::test
