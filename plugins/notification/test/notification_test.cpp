// What users are told, and what becomes of the mails, on a fake host.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include <stoa/fake/host.h>

namespace {

using namespace stoa;
using std::chrono::seconds;

const std::string kUser = "0190a0b0-0000-7000-8000-000000000002";
const std::string kOrder = "0190a0b0-0000-7000-8000-000000000001";
const std::string kDeliveries = "/api/v1/notifications/deliveries";

class NotificationTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(NotificationTest);
    CPPUNIT_TEST(aRegistrationIsWelcomed);
    CPPUNIT_TEST(aConfirmedOrderIsOneMail);
    CPPUNIT_TEST(aWholeOrderIsTold);
    CPPUNIT_TEST(whatIsPublishedAgainIsToldOnce);
    CPPUNIT_TEST(nothingIsSentBeforeTheAddressIsKnown);
    CPPUNIT_TEST(aRefundWaitsForItsOrder);
    CPPUNIT_TEST(theProfilesLocaleAndAddressCount);
    CPPUNIT_TEST(anOldProfileChangesNothing);
    CPPUNIT_TEST(whoWantsNoMailGetsNone);
    CPPUNIT_TEST(aRefusedMailIsTriedAgain);
    CPPUNIT_TEST(aBadAddressIsNotTriedAgain);
    CPPUNIT_TEST(triesEnd);
    CPPUNIT_TEST(anUnknownOutcomeIsHeld);
    CPPUNIT_TEST(anUnknownOutcomeMayBeSentAgain);
    CPPUNIT_TEST(aCrashWhileSendingIsUncertain);
    CPPUNIT_TEST(sendingIsCommittedBeforeTheMail);
    CPPUNIT_TEST(staffSendsOnceMore);
    CPPUNIT_TEST(theInboxIsTheUsersOwn);
    CPPUNIT_TEST(deliveriesAreListedForStaff);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { fresh(); }

    void aRegistrationIsWelcomed() {
        registered();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, mails().size());
        CPPUNIT_ASSERT_EQUAL(std::string("ada@example.org"), mails()[0].to);
        CPPUNIT_ASSERT_EQUAL(std::string("Welcome to Stoa"), mails()[0].subject);
        CPPUNIT_ASSERT(mails()[0].html.find("Hello Ada &lt;3,") != std::string::npos);
    }

    void aConfirmedOrderIsOneMail() {
        registered();
        order("order.confirmed", 2);
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliverAgain());
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, mails().size());
        CPPUNIT_ASSERT_EQUAL("Your order " + kOrder + " is confirmed", mails()[1].subject);
        CPPUNIT_ASSERT_EQUAL(std::string("SENT"), stateOf("order_confirmed"));
    }

    void aWholeOrderIsTold() {
        registered();
        order("order.created", 1);
        order("order.confirmed", 2);
        shipment("shipment.shipped", 1);
        shipment("shipment.delivered", 2);
        order("order.cancelled", 3);
        refunded();
        CPPUNIT_ASSERT_EQUAL(std::size_t{6}, mails().size());
        CPPUNIT_ASSERT(mails()[2].text.find("SBX-1") != std::string::npos);
        CPPUNIT_ASSERT(mails()[4].text.find("You asked for it.") != std::string::npos);
        CPPUNIT_ASSERT(mails()[5].text.find("EUR 12.50") != std::string::npos);
        CPPUNIT_ASSERT(host_->timers().empty());
    }

    void whatIsPublishedAgainIsToldOnce() {
        registered();
        for (const int version : {2, 3}) {  // nobody had answered the first
            order("order.cancelled", version);
            refunded();
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, mails().size());
        order("order.cancelled", 5, 2);  // the next attempt at paying
        CPPUNIT_ASSERT_EQUAL(std::size_t{4}, mails().size());
    }

    void nothingIsSentBeforeTheAddressIsKnown() {
        order("order.confirmed", 2);
        CPPUNIT_ASSERT(mails().empty());
        CPPUNIT_ASSERT_EQUAL(std::string("HELD"), stateOf("order_confirmed"));
        registered();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, mails().size());
        CPPUNIT_ASSERT_EQUAL(std::string("SENT"), stateOf("order_confirmed"));
    }

    void aRefundWaitsForItsOrder() {
        registered();
        refunded();
        CPPUNIT_ASSERT_EQUAL(std::string("HELD"), stateOf("refunded"));
        order("order.created", 1);
        CPPUNIT_ASSERT_EQUAL(std::string("SENT"), stateOf("refunded"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, mails().size());
        CPPUNIT_ASSERT_EQUAL(2u, host_->get("/api/v1/notifications").as(kUser).send().json()["items"].size());
    }

    void theProfilesLocaleAndAddressCount() {
        registered();
        profile(2, "lovelace@example.org", "de-AT", true);
        order("order.confirmed", 2);
        CPPUNIT_ASSERT_EQUAL(std::string("lovelace@example.org"), mails()[1].to);
        CPPUNIT_ASSERT_EQUAL("Ihre Bestellung " + kOrder + " ist bestätigt", mails()[1].subject);
    }

    void anOldProfileChangesNothing() {
        profile(3, "new@example.org", "en", true);
        profile(2, "old@example.org", "de", true);
        registered();
        CPPUNIT_ASSERT_EQUAL(std::string("new@example.org"), mails().at(0).to);
    }

    void whoWantsNoMailGetsNone() {
        registered();
        profile(2, "ada@example.org", "en", false);
        order("order.confirmed", 2);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, mails().size());
        CPPUNIT_ASSERT_EQUAL(std::string("SUPPRESSED"), stateOf("order_confirmed"));
        CPPUNIT_ASSERT_EQUAL(2u, host_->get("/api/v1/notifications").as(kUser).send().json()["items"].size());
    }

    void aRefusedMailIsTriedAgain() {
        host_->failMails(STOA_UNAVAILABLE, false);
        registered();
        CPPUNIT_ASSERT_EQUAL(std::string("FAILED"), stateOf("registered"));
        host_->failMails(STOA_OK, false);
        host_->advance(seconds{29});
        CPPUNIT_ASSERT(mails().empty());
        host_->advance(seconds{1});
        CPPUNIT_ASSERT_EQUAL(std::string("SENT"), stateOf("registered"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, mails().size());
    }

    void aBadAddressIsNotTriedAgain() {
        host_->failMails(STOA_INVALID, false);
        registered();
        CPPUNIT_ASSERT_EQUAL(std::string("FAILED"), stateOf("registered"));
        CPPUNIT_ASSERT(host_->timers().empty());
    }

    void triesEnd() {
        host_->failMails(STOA_UNAVAILABLE, false);
        registered();
        host_->advance(std::chrono::hours{24});
        CPPUNIT_ASSERT(host_->timers().empty());
        CPPUNIT_ASSERT_EQUAL(8, host_->query("SELECT attempts FROM deliveries")[0]["attempts"].asInt());
    }

    void anUnknownOutcomeIsHeld() {
        host_->failMails(STOA_DEADLINE, true);
        registered();
        CPPUNIT_ASSERT_EQUAL(std::string("UNCERTAIN"), stateOf("registered"));
        host_->failMails(STOA_OK, false);
        host_->advance(std::chrono::hours{24});
        CPPUNIT_ASSERT(mails().empty());
    }

    void anUnknownOutcomeMayBeSentAgain() {
        fake::Options options;
        options.settings["onUncertain"] = "resend";
        fresh(options);
        host_->failMails(STOA_DEADLINE, true);
        registered();
        CPPUNIT_ASSERT_EQUAL(std::string("PENDING"), stateOf("registered"));
        host_->failMails(STOA_OK, false);
        host_->advance(seconds{30});
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, mails().size());
    }

    void aCrashWhileSendingIsUncertain() {
        registered(false);
        host_->execute("UPDATE deliveries SET state = 'SENDING', attempts = 1");  // as the dead process left it
        host_->restart();
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("UNCERTAIN"), stateOf("registered"));
        CPPUNIT_ASSERT(mails().empty());
    }

    void sendingIsCommittedBeforeTheMail() {
        registered(false);
        host_->failCommits(4);
        host_->runDue();
        CPPUNIT_ASSERT(mails().empty());
        CPPUNIT_ASSERT_EQUAL(std::string("PENDING"), stateOf("registered"));
        host_->advance(seconds{60});
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, mails().size());
    }

    void staffSendsOnceMore() {
        host_->failMails(STOA_DEADLINE, true);
        registered();
        host_->failMails(STOA_OK, false);
        const std::string path = kDeliveries + "/" + only()["deliveryId"].asString();
        const std::string id = only()["messageId"].asString();
        CPPUNIT_ASSERT_EQUAL(403, host_->post(path + "/resend").as(kUser).send().status);
        const auto answer = host_->post(path + "/resend").as("s", "staff").send();
        CPPUNIT_ASSERT_EQUAL(202, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("not-resendable"),
                             host_->post(path + "/resend").as("s", "staff").send().problem());
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(id, mails().at(0).message_id);
        CPPUNIT_ASSERT_EQUAL(202, host_->post(path + "/resend").as("s", "staff").send().status);
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, mails().size());
        CPPUNIT_ASSERT(id != mails()[1].message_id);
        CPPUNIT_ASSERT_EQUAL(404, host_->post(kDeliveries + "/" + kOrder + "/resend").as("s", "staff").send().status);
    }

    void theInboxIsTheUsersOwn() {
        registered();
        host_->advance(seconds{1});
        order("order.confirmed", 2);
        const std::string path = "/api/v1/notifications";
        CPPUNIT_ASSERT_EQUAL(401, host_->get(path).send().status);
        const auto first = host_->get(path + "?limit=1").as(kUser).send().json();
        CPPUNIT_ASSERT_EQUAL(std::string("order_confirmed"), first["items"][0]["template"].asString());
        CPPUNIT_ASSERT_EQUAL(kOrder, first["items"][0]["orderId"].asString());
        const auto rest = host_->get(path + "?cursor=" + first["nextCursor"].asString()).as(kUser).send().json();
        CPPUNIT_ASSERT_EQUAL(1u, rest["items"].size());
        CPPUNIT_ASSERT_EQUAL(std::string("registered"), rest["items"][0]["template"].asString());
        CPPUNIT_ASSERT_EQUAL(0u, host_->get(path).as("somebody-else").send().json()["items"].size());
        CPPUNIT_ASSERT_EQUAL(400, host_->get(path + "?cursor=x").as(kUser).send().status);
    }

    void deliveriesAreListedForStaff() {
        registered();
        order("order.confirmed", 2);
        CPPUNIT_ASSERT_EQUAL(403, host_->get(kDeliveries).as(kUser).send().status);
        const auto count = [&](const std::string& query) {
            return host_->get(kDeliveries + query).as("s", "staff").send().json()["items"].size();
        };
        CPPUNIT_ASSERT_EQUAL(2u, count(""));
        CPPUNIT_ASSERT_EQUAL(2u, count("?state=SENT&userId=" + kUser));
        CPPUNIT_ASSERT_EQUAL(0u, count("?state=FAILED"));
        CPPUNIT_ASSERT_EQUAL(0u, count("?userId=" + kOrder));
        const auto one = host_->get(kDeliveries + "?limit=1").as("s", "staff").send().json();
        CPPUNIT_ASSERT_EQUAL(1u, count("?cursor=" + one["nextCursor"].asString()));
        const std::string path = kDeliveries + "/" + one["items"][0]["deliveryId"].asString();
        CPPUNIT_ASSERT_EQUAL(std::string("SENT"), host_->get(path).as("s", "staff").send().json()["state"].asString());
    }

private:
    void fresh(fake::Options options = {}) { host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST, options); }

    const std::vector<fake::Mail>& mails() { return host_->mails(); }

    std::string stateOf(const std::string& name) {
        return host_->query("SELECT state FROM deliveries WHERE template = '" + name + "'")[0]["state"].asString();
    }

    Json::Value only() {
        const auto items = host_->get(kDeliveries).as("s", "staff").send().json()["items"];
        CPPUNIT_ASSERT_EQUAL(1u, items.size());
        return items[0];
    }

    void deliver(const std::string& topic, const std::string& key, const Json::Value& data, int version) {
        const auto status = host_->deliver(topic, key, data, version);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(host_->lastError(), STOA_OK + 0, status);
    }

    void registered(bool send = true) {
        Json::Value data;
        data["userId"] = kUser;
        data["email"] = "ada@example.org";
        data["name"] = "Ada <3";
        deliver("user.registered", kUser, data, 1);
        if (send) {
            host_->runDue();
        }
    }

    void profile(int version, const std::string& email, const std::string& locale, bool mail) {
        Json::Value data;
        data["userId"] = kUser;
        data["profile"]["email"] = email;
        data["profile"]["name"] = "Ada";
        data["profile"]["locale"] = locale;
        data["profile"]["emailNotifications"] = mail;
        deliver("user.profile.updated", kUser, data, version);
        host_->runDue();
    }

    void order(const std::string& topic, int version, int attempt = 1) {
        Json::Value data;
        data["attempt"] = attempt;
        data["orderId"] = kOrder;
        data["userId"] = kUser;
        data["reason"] = "customer";
        deliver(topic, kOrder, data, version);
        host_->runDue();
    }

    void shipment(const std::string& topic, int version) {
        Json::Value data;
        data["orderId"] = kOrder;
        data["userId"] = kUser;
        data["trackingNumber"] = "SBX-1";
        deliver(topic, "shipment-1", data, version);
        host_->runDue();
    }

    void refunded() {
        Json::Value data;
        data["orderId"] = kOrder;
        data["refundId"] = "0190a0b0-0000-7000-8000-000000000006";
        data["amount"] = 1250;
        data["currency"] = "EUR";
        deliver("payment.refunded", "payment-1", data, 3);
        host_->runDue();
    }

    std::unique_ptr<fake::Host> host_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(NotificationTest);

}  // namespace
