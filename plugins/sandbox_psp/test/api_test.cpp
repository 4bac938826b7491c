// The provider as its callers see it, on a fake host.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include <stoa/fake/host.h>

namespace {

using namespace stoa;

const std::string kPayments = "/api/v1/psp/payments";

class PspApiTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PspApiTest);
    CPPUNIT_TEST(aPaymentIsAuthorisedCapturedAndRefunded);
    CPPUNIT_TEST(aDeclinedPaymentIsAnswered201);
    CPPUNIT_TEST(theSameKeyHasTheSameAnswer);
    CPPUNIT_TEST(aKeyOfAnotherRequestIsRefused);
    CPPUNIT_TEST(whatIsRefusedIsAnswered402AndStaysSo);
    CPPUNIT_TEST(aLostAnswerIsFoundByReference);
    CPPUNIT_TEST(tooManyLateAnswersAreLost);
    CPPUNIT_TEST(theLedgerIsReadOnFromItsCursor);
    CPPUNIT_TEST(webhooksAreSignedAndTriedAgain);
    CPPUNIT_TEST(nobodyGetsInWithoutTheKey);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        fake::Options options{.secrets = {{"key", "k3y"}, {"webhook", "Jefe"}}};
        options.settings["slowMs"] = 1;
        options.settings["timeoutMs"] = 1;
        start(options);
    }
    void start(const fake::Options& options) {
        host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST, options);
        host_->external("shop").on("POST", "/payments/webhooks/sandbox", fake::Outgoing{204});
    }

    fake::Answer post(const std::string& path, const std::string& key, const std::string& body = {}) {
        auto ask = host_->post(path).header("Psp-Key", "k3y").header("Idempotency-Key", key);
        return body.empty() ? ask.send() : ask.json(body).send();
    }
    fake::Answer get(const std::string& target) { return host_->get(target).header("Psp-Key", "k3y").send(); }
    fake::Answer authorize(const std::string& token, const std::string& key = "a") {
        return post(kPayments, key,
                    R"({"reference":"ref-)" + key + R"(","amount":100,"currency":"EUR","token":")" + token + R"("})");
    }
    std::string authorized(const std::string& token) {
        const fake::Answer answer = authorize(token);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 201, answer.status);
        return kPayments + "/" + answer.json()["id"].asString();
    }

    void aPaymentIsAuthorisedCapturedAndRefunded() {
        const std::string path = authorized("tok_ok");
        CPPUNIT_ASSERT_EQUAL(std::string("authorized"), get(path).json()["status"].asString());
        CPPUNIT_ASSERT_EQUAL(200, post(path + "/capture", "c", R"({"amount":100})").status);
        const fake::Answer refunded = post(path + "/refunds", "r", R"({"amount":40,"reference":"x"})");
        CPPUNIT_ASSERT_EQUAL(std::string("partially_refunded"), refunded.json()["status"].asString());
        CPPUNIT_ASSERT_EQUAL(3u, get(path).json()["operations"].size());
        CPPUNIT_ASSERT_EQUAL(404, get(kPayments + "/0190a0b0-0000-7000-8000-000000000006").status);
    }

    void aDeclinedPaymentIsAnswered201() {
        const fake::Answer answer = authorize("tok_insufficient");
        CPPUNIT_ASSERT_EQUAL(201, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("declined"), answer.json()["status"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("insufficient_funds"), answer.json()["declineReason"].asString());
    }

    void theSameKeyHasTheSameAnswer() {
        const std::string path = authorized("tok_ok");
        CPPUNIT_ASSERT_EQUAL(path, authorized("tok_ok"));
        for (int i = 0; i < 2; ++i) {
            CPPUNIT_ASSERT_EQUAL(200, post(path + "/capture", "c", R"({"amount":100})").status);
            CPPUNIT_ASSERT_EQUAL(200, post(path + "/refunds", "r", R"({"amount":40,"reference":"x"})").status);
        }
        CPPUNIT_ASSERT_EQUAL(40, get(path).json()["refunded"].asInt());
    }

    void aKeyOfAnotherRequestIsRefused() {
        const std::string path = authorized("tok_ok");
        CPPUNIT_ASSERT_EQUAL(422, post(path + "/capture", "a", R"({"amount":100})").status);
        post(path + "/capture", "c", R"({"amount":99})");
        CPPUNIT_ASSERT_EQUAL(422, post(path + "/capture", "c", R"({"amount":100})").status);
    }

    void whatIsRefusedIsAnswered402AndStaysSo() {
        const std::string path = authorized("tok_refund_fails_once");
        post(path + "/capture", "c", R"({"amount":100})");
        for (int i = 0; i < 2; ++i) {
            const fake::Answer refused = post(path + "/refunds", "r1", R"({"amount":100,"reference":"x"})");
            CPPUNIT_ASSERT_EQUAL(402, refused.status);
            CPPUNIT_ASSERT_EQUAL(std::string("try_again_later"), refused.json()["reason"].asString());
        }
        CPPUNIT_ASSERT_EQUAL(200, post(path + "/refunds", "r2", R"({"amount":100,"reference":"x"})").status);
    }

    void aLostAnswerIsFoundByReference() {
        CPPUNIT_ASSERT_EQUAL(503, authorize("tok_error_approved").status);
        const Json::Value found = get(kPayments + "?reference=ref-a").json()["items"];
        CPPUNIT_ASSERT_EQUAL(1u, found.size());
        CPPUNIT_ASSERT_EQUAL(std::string("authorized"), found[0]["status"].asString());
        CPPUNIT_ASSERT_EQUAL(201, authorize("tok_error_approved").status);
        CPPUNIT_ASSERT_EQUAL(0u, get(kPayments + "?reference=other").json()["items"].size());
    }

    void tooManyLateAnswersAreLost() {
        CPPUNIT_ASSERT_EQUAL(201, authorize("tok_timeout_approved").status);
        fake::Options options{.secrets = {{"key", "k3y"}}};
        options.settings["maxWaiting"] = 0;
        start(options);
        CPPUNIT_ASSERT_EQUAL(503, authorize("tok_timeout_approved").status);
        CPPUNIT_ASSERT_EQUAL(201, authorize("tok_ok", "b").status);
        CPPUNIT_ASSERT_EQUAL(1u, get(kPayments + "?reference=ref-a").json()["items"].size());
    }

    void theLedgerIsReadOnFromItsCursor() {
        const std::string path = authorized("tok_ok");
        authorize("tok_declined", "b");
        const Json::Value first = get("/api/v1/psp/ledger").json();
        CPPUNIT_ASSERT_EQUAL(1u, first["items"].size());
        CPPUNIT_ASSERT_EQUAL(std::string("ref-a"), first["items"][0]["reference"].asString());
        post(path + "/void", "v");
        const Json::Value second = get("/api/v1/psp/ledger?cursor=" + first["cursor"].asString()).json();
        CPPUNIT_ASSERT_EQUAL(1u, second["items"].size());
        CPPUNIT_ASSERT_EQUAL(std::string("VOID"), second["items"][0]["type"].asString());
        CPPUNIT_ASSERT_EQUAL(100, second["items"][0]["amount"].asInt());
        const Json::Value end = get("/api/v1/psp/ledger?cursor=" + second["cursor"].asString()).json();
        CPPUNIT_ASSERT(end["items"].empty());
        CPPUNIT_ASSERT_EQUAL(second["cursor"].asString(), end["cursor"].asString());
    }

    void webhooksAreSignedAndTriedAgain() {
        auto& shop = host_->external("shop").down();
        authorize("tok_ok");
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->timers().size());
        shop.up();
        host_->advance(std::chrono::seconds{2});
        CPPUNIT_ASSERT(host_->timers().empty());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, shop.calls().size());
        const fake::Incoming& call = shop.calls().back();
        CPPUNIT_ASSERT_EQUAL(std::string("ref-a"), call.json()["reference"].asString());
        const std::string signature = call.header("Psp-Signature");
        CPPUNIT_ASSERT_EQUAL(std::string("t=1767603601,v1="), signature.substr(0, 16));
        CPPUNIT_ASSERT_EQUAL(std::size_t{16 + 64}, signature.size());
    }

    void nobodyGetsInWithoutTheKey() {
        CPPUNIT_ASSERT_EQUAL(401, host_->get("/api/v1/psp/ledger").header("Psp-Key", "x").send().status);
        CPPUNIT_ASSERT_EQUAL(401, host_->get("/api/v1/psp/ledger").send().status);
    }

private:
    std::unique_ptr<fake::Host> host_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PspApiTest);

}  // namespace
