// Whatever the order of the events, however often they come, and whatever happens to the requests on their way.

#include <cppunit/extensions/HelperMacros.h>

#include <map>
#include <memory>
#include <random>

#include <stoa/fake/every_order.h>

#include "shop.h"

namespace {

using stoa::fake::Cue;
using test::Psp;
using test::Shop;
using namespace std::chrono_literals;

class EveryOrderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EveryOrderTest);
    CPPUNIT_TEST(aCancelledOrderCostsNothing);
    CPPUNIT_TEST(anOrderWithoutStockCostsNothing);
    CPPUNIT_TEST(anOrderThatLivesIsChargedOnce);
    CPPUNIT_TEST(anOrderOfAnotherAmountIsNeverCharged);
    CPPUNIT_TEST(anOrderThatAsksAgainIsAnsweredAgain);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        Json::Value settings;
        settings["reconcileSeconds"] = 86400;
        shop_ = std::make_unique<Shop>(settings);
    }

    void aCancelledOrderCostsNothing() {
        for (const char* token : {"tok_ok", "tok_declined", "tok_capture_fails", "tok_refund_fails_once"}) {
            ends("over, nothing is kept", token, {recorded(), created(), reserved(), cancelled(2)});
        }
    }

    void anOrderWithoutStockCostsNothing() {
        for (const char* token : {"tok_ok", "tok_declined"}) {
            ends("over, nothing is kept", token, {recorded(), created(), shortOfStock()});
            ends("over, nothing is kept", token, {recorded(), created(), shortOfStock(), cancelled(2)});
        }
    }

    void anOrderThatLivesIsChargedOnce() {
        ends("authorized completed, 2500 is kept", "tok_ok", {recorded(), created(), reserved()});
        ends("over, nothing is kept", "tok_capture_fails", {recorded(), created(), reserved()});
    }

    void anOrderOfAnotherAmountIsNeverCharged() {
        shop_->total = 2499;
        accounts_ = 0;
        ends("over, nothing is kept", "tok_ok", {recorded(), created(), reserved(), cancelled(2)});
        ends("over, nothing is kept", "tok_ok", {recorded(), created(), reserved()});
    }

    void anOrderThatAsksAgainIsAnsweredAgain() {
        ends("over, nothing is kept", "tok_ok", {recorded(), created(), reserved(), cancelled(2), cancelled(3)});
    }

private:
    Cue event(const std::string& topic, int version) {
        return {.topic = topic, .version = version, .deliver = [=, this](const std::string& id) {
                    shop_->deliver(topic, version, 1, id);
                    return STOA_OK;
                }};
    }
    Cue created() { return event("order.created", 1); }
    Cue cancelled(int version) { return event("order.cancelled", version); }
    Cue reserved() { return event("inventory.reserved", 1); }
    Cue shortOfStock() { return event("inventory.reservation_failed", 1); }
    /// Comes first, as order sees to; but nothing depends on that.
    Cue recorded() {
        return {.topic = "the payment is recorded", .act = [this] { shop_->record(token_); }};
    }

    void ends(const std::string& end, const std::string& token, std::vector<Cue> cues) {
        token_ = token;
        const auto begin = [this]() -> stoa::fake::Host& {
            shop_->newOrder();
            shop_->psp.accident = [this] { return accident(); };
            return shop_->host;
        };
        const stoa::fake::EveryOrder life(std::move(cues));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            token, end,
            life.play({.begin = begin, .end = [this] { return left(); }, .holds = [this] { nothingIsDoneTwice(); }}));
    }

    Psp::Accident accident() {
        const unsigned dice = random_() % 10;
        return dice < 6 ? static_cast<Psp::Accident>(dice + 1) : Psp::Accident::kNone;
    }

    /// After ten bad minutes and ten good ones. However a payment came to its end, its last word says so.
    std::string left() {
        shop_->host.advance(10min);
        shop_->psp.accident = [] { return Psp::Accident::kNone; };
        shop_->host.advance(10min);
        nothingIsDoneTwice();
        const std::string state = shop_->state();
        const std::string events = shop_->events();
        const std::string last = events.substr(events.rfind(' ') + 1);
        static const std::map<std::string, std::string> kOver{
            {"VOIDED", "voided"}, {"FAILED", "failed"}, {"REFUNDED", "refunded"}};
        const auto over = kOver.find(state);
        const std::string what = over != kOver.end() && over->second == last ? "over" : events;
        const auto accounts = shop_->psp.of(shop_->payment);
        if (accounts.empty() || accounts[0]->settled()) {
            return what + ", nothing is kept";
        }
        return what + ", " + std::to_string(accounts[0]->captured - accounts[0]->refunded) + " is kept";
    }

    /// At most one account at the provider, nothing done there more than once, and no more given back than was taken.
    void nothingIsDoneTwice() {
        const auto accounts = shop_->payment.empty() ? decltype(shop_->psp.of("")){} : shop_->psp.of(shop_->payment);
        CPPUNIT_ASSERT(accounts.size() <= accounts_);
        if (accounts.empty()) {
            return;
        }
        std::map<std::string, int> done;
        for (const Json::Value& operation : accounts[0]->operations) {
            CPPUNIT_ASSERT_EQUAL(1, ++done[operation["key"].asString()]);
        }
        CPPUNIT_ASSERT(accounts[0]->refunded <= accounts[0]->captured &&
                       accounts[0]->captured <= accounts[0]->authorized);
    }

    std::unique_ptr<Shop> shop_;
    std::string token_;
    std::size_t accounts_ = 1;
    std::mt19937 random_{20260105};  // the same accidents in every run
};

CPPUNIT_TEST_SUITE_REGISTRATION(EveryOrderTest);

}  // namespace
