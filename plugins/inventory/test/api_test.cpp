// The service as its callers see it, on a fake host.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include <stoa/fake/host.h>

namespace {

using namespace stoa;

const std::string kOrder = "0190a0b0-0000-7000-8000-000000000001";
const std::string kApple = "0190a0b0-0000-7000-8000-00000000000a";
const std::string kPear = "0190a0b0-0000-7000-8000-00000000000b";
const std::string kPath = "/api/v1/inventory/";

class ApiTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ApiTest);
    CPPUNIT_TEST(anUnknownProductHasNothing);
    CPPUNIT_TEST(receivedGoodsAddUp);
    CPPUNIT_TEST(aRepeatedKeyReceivesOnce);
    CPPUNIT_TEST(aBatchAddsDuplicates);
    CPPUNIT_TEST(stockNeverFallsBelowWhatIsReserved);
    CPPUNIT_TEST(movementsTellWhyNewestFirst);
    CPPUNIT_TEST(onlyStaffChangesStock);
    CPPUNIT_TEST(badBodiesAreRefused);
    CPPUNIT_TEST(aReservationIsShownAndCommittedByHand);
    CPPUNIT_TEST(aHoldIsReleasedByHandOnce);
    CPPUNIT_TEST(aReservationThatEndedIsNotCommitted);
    CPPUNIT_TEST(whatShippedIsNotReleased);
    CPPUNIT_TEST(anOrderThatOnlyFailedHasNoReservation);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST); }

    void anUnknownProductHasNothing() {
        const auto answer = host_->get(kPath + kApple + "/stock").send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT_EQUAL(0, answer.json()["available"].asInt());
        Json::Value body;
        body["productIds"].append(kPear);
        body["productIds"].append(kApple);
        body["productIds"].append(kPear);
        const auto all = host_->post(kPath + "batch-stock").json(body).send().json()["items"];
        CPPUNIT_ASSERT_EQUAL(2u, all.size());
        CPPUNIT_ASSERT_EQUAL(kApple, all[0]["productId"].asString());
    }

    void receivedGoodsAddUp() {
        receive(7, "k1");
        const auto answer = receive(5, "k2");
        CPPUNIT_ASSERT_EQUAL(12, answer.json()["onHand"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("\"2\""), answer.header("ETag"));
    }

    void aRepeatedKeyReceivesOnce() {
        receive(7, "k1");
        CPPUNIT_ASSERT(receive(7, "k1").replayed());
        CPPUNIT_ASSERT_EQUAL(7, host_->get(kPath + kApple + "/stock").send().json()["onHand"].asInt());
    }

    void aBatchAddsDuplicates() {
        const auto answer =
            staff(kPath + "batch-receive", "k1")
                .json(R"({"reference":"truck","items":[{"productId":")" + kPear + R"(","quantity":1},{"productId":")" +
                      kApple + R"(","quantity":2},{"productId":")" + kPear + R"(","quantity":3}]})")
                .send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT_EQUAL(2u, answer.json()["items"].size());
        CPPUNIT_ASSERT_EQUAL(4, answer.json()["items"][1]["onHand"].asInt());
    }

    void stockNeverFallsBelowWhatIsReserved() {
        receive(10, "k1");
        order();
        const auto refused = adjust(-9, "k2");
        CPPUNIT_ASSERT_EQUAL(std::string("not-enough-stock"), refused.problem());
        CPPUNIT_ASSERT_EQUAL(2, refused.json()["stock"]["reserved"].asInt());
        CPPUNIT_ASSERT_EQUAL(2, adjust(-8, "k3").json()["onHand"].asInt());
    }

    void movementsTellWhyNewestFirst() {
        receive(10, "k1");
        order();
        adjust(-1, "k2");
        const std::string path = kPath + kApple + "/movements";
        const auto first = host_->get(path + "?limit=2").as("s", "staff").send().json();
        CPPUNIT_ASSERT_EQUAL(2u, first["items"].size());
        CPPUNIT_ASSERT_EQUAL(std::string("adjusted"), first["items"][0]["type"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("broken"), first["items"][0]["reason"].asString());
        CPPUNIT_ASSERT_EQUAL(kOrder, first["items"][1]["reference"].asString());
        const auto rest = host_->get(path + "?cursor=" + first["nextCursor"].asString()).as("s", "staff").send().json();
        CPPUNIT_ASSERT_EQUAL(1u, rest["items"].size());
        CPPUNIT_ASSERT_EQUAL(std::string("received"), rest["items"][0]["type"].asString());
        CPPUNIT_ASSERT(!rest.isMember("nextCursor"));
        CPPUNIT_ASSERT_EQUAL(400, host_->get(path + "?cursor=x").as("s", "staff").send().status);
    }

    void onlyStaffChangesStock() {
        const auto body = R"({"quantity":1})";
        CPPUNIT_ASSERT_EQUAL(401, host_->post(kPath + kApple + "/receive").key("k").json(body).send().status);
        CPPUNIT_ASSERT_EQUAL(403, host_->post(kPath + kApple + "/receive").as("u").key("k").json(body).send().status);
        CPPUNIT_ASSERT_EQUAL(400, host_->post(kPath + kApple + "/receive").as("u", "staff").json(body).send().status);
        CPPUNIT_ASSERT_EQUAL(403, host_->get(kPath + kApple + "/movements").as("u").send().status);
        CPPUNIT_ASSERT_EQUAL(403,
                             host_->post(kPath + "reservations/" + kOrder + "/release").service("order").send().status);
    }

    void badBodiesAreRefused() {
        for (const char* body : {R"({"quantity":0})", R"({"quantity":1000001})", R"({"quantity":1,"x":1})", "{}"}) {
            const auto answer = staff(kPath + kApple + "/receive", "k").json(body).send();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(body, 400, answer.status);
        }
        CPPUNIT_ASSERT_EQUAL(400, host_->get(kPath + "apple/stock").send().status);
    }

    void aReservationIsShownAndCommittedByHand() {
        receive(10, "k1");
        order();
        const std::string path = kPath + "reservations/" + kOrder;
        const auto held = host_->get(path).service("order").send().json();
        CPPUNIT_ASSERT_EQUAL(std::string("HELD"), held["state"].asString());
        CPPUNIT_ASSERT_EQUAL(2, held["items"][0]["quantity"].asInt());
        CPPUNIT_ASSERT(held.isMember("expiresAt"));
        for (int i = 0; i < 2; ++i) {
            const auto committed = host_->post(path + "/commit").service("admin").send().json();
            CPPUNIT_ASSERT_EQUAL(std::string("COMMITTED"), committed["state"].asString());
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published("inventory.committed").size());
        // Shipping goes by what was committed: only the order takes that back.
        CPPUNIT_ASSERT_EQUAL(std::string("committed"),
                             host_->post(path + "/release").as("s", "staff").send().problem());
    }

    void aHoldIsReleasedByHandOnce() {
        receive(10, "k1");
        order();
        for (int i = 0; i < 2; ++i) {
            const auto answer = host_->post(kPath + "reservations/" + kOrder + "/release").as("s", "staff").send();
            CPPUNIT_ASSERT_EQUAL(std::string("RELEASED"), answer.json()["state"].asString());
        }
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published("inventory.released").size());
        CPPUNIT_ASSERT_EQUAL(10, host_->get(kPath + kApple + "/stock").send().json()["available"].asInt());
    }

    void aReservationThatEndedIsNotCommitted() {
        order();  // nothing is there
        const auto answer = host_->post(kPath + "reservations/" + kOrder + "/commit").as("s", "staff").send();
        CPPUNIT_ASSERT_EQUAL(std::string("not-held"), answer.problem());
        CPPUNIT_ASSERT_EQUAL(std::string("FAILED"), answer.json()["state"].asString());
    }

    void whatShippedIsNotReleased() {
        receive(10, "k1");
        order();
        Json::Value data;
        data["orderId"] = kOrder;
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("order.confirmed", kOrder, data, 2));
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("shipment.shipped", kOrder, data, 1));
        const auto answer = host_->post(kPath + "reservations/" + kOrder + "/release").as("s", "staff").send();
        CPPUNIT_ASSERT_EQUAL(std::string("shipped"), answer.problem());
    }

    void anOrderThatOnlyFailedHasNoReservation() {
        const std::string path = kPath + "reservations/" + kOrder;
        CPPUNIT_ASSERT_EQUAL(404, host_->get(path).service("order").send().status);
        Json::Value data;
        data["orderId"] = kOrder;
        data["attempt"] = 1;
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("payment.failed", kOrder, data, 1));
        CPPUNIT_ASSERT_EQUAL(404, host_->get(path).service("order").send().status);
        CPPUNIT_ASSERT_EQUAL(404, host_->post(path + "/release").as("s", "staff").send().status);
    }

private:
    fake::Ask staff(const std::string& path, const std::string& key) {
        return host_->post(path).as("staff-1", "staff").key(key);
    }

    fake::Answer receive(int quantity, const std::string& key) {
        Json::Value body;
        body["quantity"] = quantity;
        const auto answer = staff(kPath + kApple + "/receive", key).json(body).send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        return answer;
    }

    fake::Answer adjust(int delta, const std::string& key) {
        Json::Value body;
        body["delta"] = delta;
        body["reason"] = "broken";
        return staff(kPath + kApple + "/adjust", key).json(body).send();
    }

    /// Two apples.
    void order() {
        Json::Value data;
        data["orderId"] = kOrder;
        data["attempt"] = 1;
        data["items"][0u]["productId"] = kApple;
        data["items"][0u]["quantity"] = 2;
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("order.created", kOrder, data, 1));
    }

    std::unique_ptr<fake::Host> host_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ApiTest);

}  // namespace
