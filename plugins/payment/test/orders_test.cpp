// Whatever the order of the events, however often they come, and whatever happens to the requests on their way.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <memory>
#include <random>

#include "shop.h"

namespace {

using test::Psp;
using test::Shop;
using namespace std::chrono_literals;

class EveryOrderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EveryOrderTest);
    CPPUNIT_TEST(aCancelledOrderCostsNothing);
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

    /// Plays `steps` in every order: 'p' the payment is recorded, 'c' created, 'r' reserved, 's' short, 'x' cancelled,
    /// 'y' cancelled once more because nobody has answered.
    template <class Check>
    void play(std::string steps, const std::string& token, Check check) {
        std::sort(steps.begin(), steps.end());
        shop_->psp.accident = [this] { return accident(); };
        do {
            for (const bool eager : {false, true}) {
                shop_->newOrder();
                for (const char step : steps) {
                    take(step, token);
                    if (eager) {
                        shop_->host.runDue();
                    }
                }
                shop_->host.advance(10min);
                shop_->psp.accident = [] { return Psp::Accident::kNone; };
                shop_->host.advance(10min);
                shop_->psp.accident = [this] { return accident(); };
                check(steps + (eager ? " at once, " : " later, ") + token);
            }
        } while (std::next_permutation(steps.begin(), steps.end()));
    }

    void take(char step, const std::string& token) {
        switch (step) {
            case 'p':
                shop_->record(token);
                return;
            case 'c':
                shop_->deliver("order.created", 1);
                break;
            case 'r':
                shop_->deliver("inventory.reserved", 1);
                break;
            case 's':
                shop_->deliver("inventory.reservation_failed", 1);
                break;
            case 'y':
                shop_->deliver("order.cancelled", 3);
                break;
            default:
                shop_->deliver("order.cancelled", 2);
                break;
        }
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, shop_->host.deliverAgain() + 0);
        if (step == 'c' || step == 'x') {
            shop_->deliver(step == 'c' ? "order.created" : "order.cancelled", step == 'c' ? 1 : 2);  // another id
        }
    }

    Psp::Accident accident() {
        const unsigned dice = random_() % 10;
        return dice < 6 ? static_cast<Psp::Accident>(dice + 1) : Psp::Accident::kNone;
    }

    static bool endsWith(const std::string& text, const std::string& end) {
        return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
    }

    void aCancelledOrderCostsNothing() {
        for (const char* token : {"tok_ok", "tok_declined", "tok_capture_fails", "tok_refund_fails_once"}) {
            for (const char* steps : {"pcrx", "pcsx", "pcs", "pcx"}) {
                play(steps, token, [this](const std::string& what) {
                    const auto accounts = shop_->psp.of(shop_->payment);
                    CPPUNIT_ASSERT_MESSAGE(what, accounts.size() <= 1);
                    CPPUNIT_ASSERT_MESSAGE(what, accounts.empty() || accounts[0]->settled());
                    const std::string state = shop_->state();
                    CPPUNIT_ASSERT_MESSAGE(what + " is " + state,
                                           state == "VOIDED" || state == "FAILED" || state == "REFUNDED");
                    const std::string events = shop_->events();
                    CPPUNIT_ASSERT_MESSAGE(what + ": " + events, endsWith(events, "voided") ||
                                                                     endsWith(events, "failed") ||
                                                                     endsWith(events, "refunded"));
                });
            }
        }
    }

    void anOrderThatLivesIsChargedOnce() {
        play("pcr", "tok_ok", [this](const std::string& what) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string("authorized completed"), shop_->events());
            const auto accounts = shop_->psp.of(shop_->payment);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::size_t{1}, accounts.size());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::int64_t{2500}, accounts[0]->captured);
        });
        play("pcr", "tok_capture_fails", [this](const std::string& what) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string("authorized failed"), shop_->events());
        });
    }

    void anOrderOfAnotherAmountIsNeverCharged() {
        shop_->total = 2499;
        play("pcrx", "tok_ok",
             [this](const std::string& what) { CPPUNIT_ASSERT_MESSAGE(what, shop_->psp.of(shop_->payment).empty()); });
        play("pcr", "tok_ok", [this](const std::string& what) {
            CPPUNIT_ASSERT_MESSAGE(what, shop_->psp.of(shop_->payment).empty());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::string("failed"), shop_->events());
        });
    }

    void anOrderThatAsksAgainIsAnsweredAgain() {
        play("pcrxy", "tok_ok", [this](const std::string& what) {
            const auto accounts = shop_->psp.of(shop_->payment);
            CPPUNIT_ASSERT_MESSAGE(what, accounts.empty() || (accounts.size() == 1 && accounts[0]->settled()));
            const std::string events = shop_->events();
            CPPUNIT_ASSERT_MESSAGE(what + ": " + events, endsWith(events, "voided") || endsWith(events, "refunded"));
        });
    }

private:
    std::unique_ptr<Shop> shop_;
    std::mt19937 random_{20260105};  // the same accidents in every run
};

CPPUNIT_TEST_SUITE_REGISTRATION(EveryOrderTest);

}  // namespace
