#include "host/security/upgrade_orders.h"

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/error.h>

#include "host/security/test_fleet.h"

namespace stoa::host::security {
namespace {

class UpgradeOrdersTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(UpgradeOrdersTest);
    CPPUNIT_TEST(theAskedHostLearnsWhatAndWhoAsks);
    CPPUNIT_TEST(anOrderForAnythingElseIsForbidden);
    CPPUNIT_TEST(whatIsNoOrderOfThisFleetIsNotBelieved);
    CPPUNIT_TEST(aHostOrdersOnlyForItsServices);
    CPPUNIT_TEST(anOrderIsTakenOnceAndForgottenWhenItHasExpired);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        asking_ = fleet_.host("asking", {"order"});
        asked_ = fleet_.host("asked", {"order"});
        order_ = {"upgrade", "order", "asked", 7, "abc", {}};
        order_.options["canary"] = 1000;
    }

    int refused(const std::string& text, const UpgradeOrder& wanted) const {
        const auto opened = openOrder(*asked_, text, wanted);
        return opened ? 200 : opened.error().status;
    }

    void theAskedHostLearnsWhatAndWhoAsks() {
        const auto opened = openOrder(*asked_, signOrder(*asking_, order_), {"upgrade", "order", "asked", 7, "", {}});
        CPPUNIT_ASSERT(opened.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("asking"), opened->from);
        CPPUNIT_ASSERT_EQUAL(std::string("abc"), opened->order.subject);
        CPPUNIT_ASSERT_EQUAL(1000, opened->order.options["canary"].asInt());
    }

    void anOrderForAnythingElseIsForbidden() {
        const std::string text = signOrder(*asking_, order_);
        for (int what = 0; what < 4; ++what) {
            UpgradeOrder wanted = order_;
            (what == 0 ? wanted.purpose : what == 1 ? wanted.service : wanted.target) += what < 3 ? "x" : "";
            wanted.epoch += what == 3 ? 1 : 0;
            CPPUNIT_ASSERT_EQUAL(403, refused(text, wanted));
        }
    }

    void whatIsNoOrderOfThisFleetIsNotBelieved() {
        const std::string good = signOrder(*asking_, order_);
        CPPUNIT_ASSERT_EQUAL(200, refused(good, order_));
        CPPUNIT_ASSERT_EQUAL(401, refused("", order_));
        CPPUNIT_ASSERT_EQUAL(401, refused("a.b.c", order_));
        std::string bent = good;
        bent[bent.size() - 10] = bent[bent.size() - 10] == 'A' ? 'B' : 'A';
        CPPUNIT_ASSERT_EQUAL(401, refused(bent, order_));
        const TestFleet others;
        CPPUNIT_ASSERT_EQUAL(401, refused(signOrder(*others.host("asking", {"order"}), order_), order_));
        fleet_.clock.shift(std::chrono::seconds(70));
        CPPUNIT_ASSERT_EQUAL(401, refused(good, order_));
    }

    void aHostOrdersOnlyForItsServices() {
        const auto stranger = fleet_.host("stranger", {"product"});
        CPPUNIT_ASSERT_THROW(signOrder(*stranger, order_), Error);
        // Whoever signs it all the same, with a key of this fleet, is refused by the certificate.
        Json::Value claims;
        claims["iss"] = "stranger";
        claims["aud"] = "asked";
        claims["jti"] = "1";
        claims["iat"] = Json::Int64(toSeconds(fleet_.clock.now()));
        claims["exp"] = Json::Int64(toSeconds(fleet_.clock.now()) + 60);
        claims["purpose"] = "upgrade";
        claims["service"] = "order";
        claims["epoch"] = 7;
        claims["subject"] = "abc";
        claims["options"] = Json::Value(Json::objectValue);
        const auto text = signJws(kUpgradeToken, stranger->kid(), claims, stranger->key(), stranger->certificate());
        CPPUNIT_ASSERT_EQUAL(403, refused(text, order_));
        // And one that lives longer than it may is none, whoever signed it.
        claims["iss"] = "asking";
        claims["exp"] = Json::Int64(toSeconds(fleet_.clock.now()) + 3600);
        CPPUNIT_ASSERT_EQUAL(
            401,
            refused(signJws(kUpgradeToken, asking_->kid(), claims, asking_->key(), asking_->certificate()), order_));
    }

    void anOrderIsTakenOnceAndForgottenWhenItHasExpired() {
        SpentOrders spent;
        const auto opened = openOrder(*asked_, signOrder(*asking_, order_), order_);
        const Time now = fleet_.clock.now();
        CPPUNIT_ASSERT(spent.spend(*opened, now));
        CPPUNIT_ASSERT(!spent.spend(*opened, now + std::chrono::seconds(64)));
        CPPUNIT_ASSERT(spent.spend(*openOrder(*asked_, signOrder(*asking_, order_), order_), now));
        CPPUNIT_ASSERT(spent.spend(*opened, now + std::chrono::seconds(75)));
    }

private:
    TestFleet fleet_;
    std::unique_ptr<HostIdentity> asking_;
    std::unique_ptr<HostIdentity> asked_;
    UpgradeOrder order_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(UpgradeOrdersTest);

}  // namespace
}  // namespace stoa::host::security
