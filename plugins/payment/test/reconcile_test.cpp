// Webhooks, and the provider's ledger against ours.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include <stoa/base64.h>
#include <stoa/json.h>
#include <stoa/sha256.h>

#include "shop.h"

namespace {

using test::Psp;
using test::Shop;
using namespace std::chrono_literals;

/// RFC 2104 with the key "Jefe".
std::string hmac(const std::string& data) {
    std::string inner(64, '\x36');
    std::string outer(64, '\x5c');
    const std::string key = "Jefe";
    for (std::size_t i = 0; i < key.size(); ++i) {
        inner[i] = static_cast<char>(inner[i] ^ key[i]);
        outer[i] = static_cast<char>(outer[i] ^ key[i]);
    }
    const stoa::Digest digest = stoa::sha256(inner + data);
    return stoa::hex(stoa::sha256(outer.append(digest.begin(), digest.end())));
}

class ReconcileTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ReconcileTest);
    CPPUNIT_TEST(aWebhookMakesUsAskAtOnce);
    CPPUNIT_TEST(anEarlyWebhookIsKept);
    CPPUNIT_TEST(forgedOldAndAlteredWebhooksAreRefused);
    CPPUNIT_TEST(aPaymentOfNobodyIsGivenBack);
    CPPUNIT_TEST(whatWeDidIsFoundInTheLedger);
    CPPUNIT_TEST(whatTheLedgerLacksIsReported);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { shop_ = std::make_unique<Shop>(); }

    stoa::fake::Answer webhook(const std::string& event, std::chrono::seconds age = 0s) {
        Json::Value body;
        body["eventId"] = event;
        body["reference"] = shop_->payment;
        body["done"] = false;  // whatever it says
        const std::string text = stoa::writeJson(body);
        const std::string time = std::to_string((stoa::toMicros(shop_->host.now()) / 1'000'000) - age.count());
        return send(text, "t=" + time + ",v1=" + hmac(time + "." + text));
    }
    stoa::fake::Answer send(const std::string& body, const std::string& signature) {
        return shop_->host.post("/api/v1/payments/webhooks/sandbox")
            .header("Psp-Signature", signature)
            .json(body)
            .send();
    }
    void captured() {
        shop_->record();
        shop_->deliver("order.created");
        shop_->deliver("inventory.reserved");
        shop_->host.runDue();
    }

    void aWebhookMakesUsAskAtOnce() {
        shop_->record();
        shop_->deliver("order.created");
        shop_->psp.accident = [] { return Psp::Accident::kLostAfter; };
        shop_->host.runDue();
        shop_->psp.accident = [] { return Psp::Accident::kNone; };
        CPPUNIT_ASSERT_EQUAL(204, webhook("e1").status);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("AUTHORIZED"), shop_->state());
        CPPUNIT_ASSERT_EQUAL(204, webhook("e1").status);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("authorized"), shop_->events());
        const Json::Value rows = shop_->host.query("SELECT event_id FROM provider_events WHERE applied_us IS NOT NULL");
        CPPUNIT_ASSERT_EQUAL(1u, rows.size());
    }

    void anEarlyWebhookIsKept() {
        shop_->payment = shop_->id();
        CPPUNIT_ASSERT_EQUAL(204, webhook("e1").status);
        shop_->host.runDue();
        CPPUNIT_ASSERT_EQUAL(1u, shop_->host.query("SELECT event_id FROM provider_events").size());
    }

    void forgedOldAndAlteredWebhooksAreRefused() {
        shop_->record();
        CPPUNIT_ASSERT_EQUAL(204, webhook("e1", 299s).status);
        CPPUNIT_ASSERT_EQUAL(std::string("bad-signature"), webhook("e2", 301s).problem());
        CPPUNIT_ASSERT_EQUAL(401, webhook("e3", -301s).status);
        for (const char* signature : {"x", "t=,v1=", "t=1767603600", "t=1767603600,v1=00", "t=x,v1=00"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(signature, 401, send("{}", signature).status);
        }
        const std::string time = "1767603600";
        CPPUNIT_ASSERT_EQUAL(400, send("{}", "t=" + time + ",v1=" + hmac(time + ".{}")).status);
        CPPUNIT_ASSERT_EQUAL(401, send("{} ", "t=" + time + ",v1=" + hmac(time + ".{}")).status);
        CPPUNIT_ASSERT_EQUAL(1u, shop_->host.query("SELECT event_id FROM provider_events").size());
    }

    void aPaymentOfNobodyIsGivenBack() {
        captured();
        const std::string held = shop_->psp.intruder("unknown", false);
        const std::string taken = shop_->psp.intruder("unknown", true);
        const std::string twin = shop_->psp.intruder(shop_->payment, true);
        shop_->host.advance(61s);
        CPPUNIT_ASSERT_EQUAL(std::string("voided"), shop_->psp.at(held).status);
        CPPUNIT_ASSERT(shop_->psp.at(taken).settled());
        CPPUNIT_ASSERT(shop_->psp.at(twin).settled());
        CPPUNIT_ASSERT_EQUAL(std::string("CAPTURED"), shop_->state());
        shop_->host.advance(5min);
        CPPUNIT_ASSERT_EQUAL(3.0, shop_->host.metric("payment_orphans_released_total"));
        CPPUNIT_ASSERT_EQUAL(0u, shop_->host.query("SELECT provider_id FROM orphans").size());
    }

    void whatWeDidIsFoundInTheLedger() {
        captured();
        shop_->host.advance(5min);
        CPPUNIT_ASSERT_EQUAL(2u, shop_->host.query("SELECT op_id FROM payment_ops WHERE in_ledger = 1").size());
        CPPUNIT_ASSERT_EQUAL(0.0, shop_->host.metric("payment_ledger_missing_total"));
    }

    void whatTheLedgerLacksIsReported() {
        captured();
        shop_->host.external("psp").on("GET", "/ledger", [](const test::Incoming&) {
            Json::Value body;
            body["items"] = Json::Value(Json::arrayValue);
            body["cursor"] = "0";
            return test::Outgoing{200, body};
        });
        shop_->host.advance(121s);
        CPPUNIT_ASSERT_EQUAL(2.0, shop_->host.metric("payment_ledger_missing_total"));
    }

private:
    std::unique_ptr<Shop> shop_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ReconcileTest);

}  // namespace
