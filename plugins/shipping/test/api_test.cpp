// The service as order, the carrier and its callers see it, on a fake host.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include <stoa/base64.h>
#include <stoa/fake/host.h>
#include <stoa/json.h>
#include <stoa/sha256.h>

namespace {

using namespace stoa;
using std::chrono::seconds;

constexpr const char* kOrder = "0190a0b0-0000-7000-8000-000000000001";
constexpr const char* kUser = "0190a0b0-0000-7000-8000-000000000002";
constexpr const char* kProduct = "0190a0b0-0000-7000-8000-000000000003";
constexpr const char* kSecret = "an example of a shared secret";

/// RFC 2104, apart from the code under test; the secret is shorter than a block.
std::string hmacHex(const std::string& text) {
    std::string inner(kSecret), outer(kSecret);
    inner.resize(64), outer.resize(64);
    for (char& c : inner) {
        c = static_cast<char>(c ^ 0x36);
    }
    for (char& c : outer) {
        c = static_cast<char>(c ^ 0x5c);
    }
    const Digest digest = sha256(inner + text);
    return hex(sha256(outer.append(digest.begin(), digest.end())));
}

Json::Value orderEvent() {
    Json::Value data;
    data["orderId"] = kOrder;
    data["userId"] = kUser;
    data["attempt"] = 1;
    return data;
}

class ApiTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ApiTest);
    CPPUNIT_TEST(aConfirmedOrderIsBookedAtTheCarrier);
    CPPUNIT_TEST(aConfirmationBeforeItsOrderIsHeld);
    CPPUNIT_TEST(nothingIsBookedBeforeTheStockIsCommitted);
    CPPUNIT_TEST(committedStockIsRememberedUntilTheOrderIsKnown);
    CPPUNIT_TEST(aConfirmationOfAnOlderOrderServiceIsBooked);
    CPPUNIT_TEST(theBookingIsRepeatedUntilItSucceeds);
    CPPUNIT_TEST(aBookingThatIsRefusedForGoodEndsTheShipment);
    CPPUNIT_TEST(aCarrierThatIsBusyOrDoesNotKnowUsIsAskedAgain);
    CPPUNIT_TEST(aParcelThatTheCarrierDoesNotHaveIsCancelled);
    CPPUNIT_TEST(theCarriersReportsMoveTheParcel);
    CPPUNIT_TEST(unsignedReportsAreRefused);
    CPPUNIT_TEST(aLabelledParcelIsCancelledAtTheCarrier);
    CPPUNIT_TEST(aParcelThatWasPickedUpIsNotCancelled);
    CPPUNIT_TEST(aRequestForAnUnknownOrderLeavesATombstone);
    CPPUNIT_TEST(aCancelledOrderThatWasNeverConfirmedIsQuiet);
    CPPUNIT_TEST(othersSeeNothing);
    CPPUNIT_TEST(staffShipsDeliversAndCancels);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST,
                                             fake::Options{.secrets = {{"webhook", kSecret}, {"carrier", "key"}}});
        Json::Value order;
        order["orderId"] = kOrder;
        order["shippingAddress"]["city"] = "Berlin";
        host_->neighbour("order").on("GET", "/api/v1/orders/{orderId}", fake::Outgoing{200, order});
        Json::Value parcel;
        parcel["parcelId"] = "parcel-1";
        parcel["trackingNumber"] = "SBX1";
        host_->external("carrier").on("POST", "/parcels", fake::Outgoing{201, parcel});
        host_->external("carrier").on("POST", "/parcels/{id}/cancel", fake::Outgoing{200, parcel});
    }

    void aConfirmedOrderIsBookedAtTheCarrier() {
        confirm();
        host_->runDue();
        const auto& calls = host_->external("carrier").calls();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, calls.size());
        CPPUNIT_ASSERT_EQUAL(id(), calls[0].header("Idempotency-Key"));
        CPPUNIT_ASSERT_EQUAL(std::string("key"), calls[0].header("Carrier-Key"));
        CPPUNIT_ASSERT_EQUAL(id(), calls[0].json()["reference"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("Berlin"), calls[0].json()["address"]["city"].asString());
        CPPUNIT_ASSERT_EQUAL(3, calls[0].json()["lines"][0]["quantity"].asInt());  // two lines of one product
        CPPUNIT_ASSERT_EQUAL(std::string("LABELLED"), status());
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.created 1"), topics());
        CPPUNIT_ASSERT(host_->timers().empty());
    }

    void aConfirmationBeforeItsOrderIsHeld() {
        deliver("order.confirmed", orderEvent(), 2);
        CPPUNIT_ASSERT(host_->published().empty());
        CPPUNIT_ASSERT_EQUAL(404, host_->get("/api/v1/shipments/" + id()).as(kUser).send().status);
        created();
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.created 1"), topics());
    }

    void nothingIsBookedBeforeTheStockIsCommitted() {
        created();
        deliver("order.confirmed", orderEvent(), 2);
        host_->advance(seconds{60});
        CPPUNIT_ASSERT(host_->external("carrier").calls().empty());
        CPPUNIT_ASSERT_EQUAL(std::string("PENDING"), status());
        committed();
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("LABELLED"), status());
    }

    void committedStockIsRememberedUntilTheOrderIsKnown() {
        committed();
        CPPUNIT_ASSERT_EQUAL(404, host_->get("/api/v1/shipments/" + id()).as(kUser).send().status);
        deliver("order.confirmed", orderEvent(), 2);
        created();
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("LABELLED"), status());  // and it is this user's
    }

    void aConfirmationOfAnOlderOrderServiceIsBooked() {
        Json::Value data = orderEvent();
        data.removeMember("attempt");  // events of before the swap say nothing of attempts
        created();
        deliver("order.confirmed", data, 2);
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("LABELLED"), status());
    }

    void aBookingThatIsRefusedForGoodEndsTheShipment() {
        host_->external("carrier").on("POST", "/parcels", fake::Outgoing{422});
        confirm();
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("CANCELLED"), status());
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.created 1 shipment.cancelled 2"), topics());
        CPPUNIT_ASSERT_EQUAL(std::string("carrier_refused"),
                             host_->published("shipment.cancelled")[0].data["reason"].asString());
        host_->advance(std::chrono::hours{24});
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->external("carrier").calls().size());
        CPPUNIT_ASSERT_EQUAL(1.0, host_->metric("shipping_bookings_refused_total"));
    }

    void aCarrierThatIsBusyOrDoesNotKnowUsIsAskedAgain() {
        confirm();
        for (const int status_code : {401, 403, 409, 429, 500, 503}) {
            host_->external("carrier").on("POST", "/parcels", fake::Outgoing{status_code});
            host_->advance(seconds{60});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(std::to_string(status_code), std::string("BOOKING"), status());
        }
        CPPUNIT_ASSERT_EQUAL(0.0, host_->metric("shipping_bookings_refused_total"));
    }

    void aParcelThatTheCarrierDoesNotHaveIsCancelled() {
        confirm();
        host_->runDue();
        host_->external("carrier").on("POST", "/parcels/{id}/cancel", fake::Outgoing{404});
        deliver("order.cancel_requested", orderEvent(), 3);
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.created 1 shipment.cancelled 2"), topics());
    }

    void theBookingIsRepeatedUntilItSucceeds() {
        host_->external("carrier").timeout();
        confirm();
        host_->advance(seconds{5});
        CPPUNIT_ASSERT_EQUAL(std::string("BOOKING"), status());
        host_->external("carrier").up();
        host_->advance(seconds{10});
        CPPUNIT_ASSERT_EQUAL(std::string("LABELLED"), status());
        for (const auto& call : host_->external("carrier").calls()) {
            CPPUNIT_ASSERT_EQUAL(id(), call.header("Idempotency-Key"));
        }
    }

    void theCarriersReportsMoveTheParcel() {
        confirm();
        host_->runDue();
        for (const char* what : {"PICKED_UP", "PICKED_UP", "IN_TRANSIT", "PICKED_UP", "DELIVERED", "IN_TRANSIT"}) {
            CPPUNIT_ASSERT_EQUAL(204, report(what).status);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.created 1 shipment.shipped 2 shipment.delivered 3"), topics());
        CPPUNIT_ASSERT_EQUAL(std::string("SBX1"),
                             host_->published("shipment.shipped")[0].data["trackingNumber"].asString());
        const Json::Value tracking = host_->get("/api/v1/shipments/" + id() + "/tracking").as(kUser).send().json();
        std::string states;
        for (const Json::Value& item : tracking["items"]) {
            states += item["status"].asString() + " ";
        }
        CPPUNIT_ASSERT_EQUAL(std::string("PENDING BOOKING LABELLED SHIPPED IN_TRANSIT DELIVERED "), states);
    }

    void unsignedReportsAreRefused() {
        confirm();
        host_->runDue();
        const auto status_of = [&](const std::string& signature) {
            return host_->post("/api/v1/shipments/webhooks/sandbox")
                .header("Carrier-Signature", signature)
                .json(reportBody("PICKED_UP"))
                .send()
                .status;
        };
        const std::string at = std::to_string(toMicros(host_->now()) / 1'000'000);
        const std::string old = std::to_string(toMicros(host_->now()) / 1'000'000 - 301);
        CPPUNIT_ASSERT_EQUAL(401, status_of("t=" + at + ",v1=" + std::string(64, '0')));
        CPPUNIT_ASSERT_EQUAL(401, status_of("t=" + old + ",v1=" + hmacHex(old + "." + reportBody("PICKED_UP"))));
        CPPUNIT_ASSERT_EQUAL(401, status_of("nonsense"));
        CPPUNIT_ASSERT_EQUAL(404, report("PICKED_UP", "other").status);
        CPPUNIT_ASSERT_EQUAL(std::string("LABELLED"), status());
        CPPUNIT_ASSERT_EQUAL(204, report("PICKED_UP").status);
    }

    void aLabelledParcelIsCancelledAtTheCarrier() {
        confirm();
        host_->runDue();
        deliver("order.cancel_requested", orderEvent(), 3);
        CPPUNIT_ASSERT_EQUAL(std::string("CANCELLING"), status());
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("CANCELLED"), status());
        CPPUNIT_ASSERT_EQUAL(std::string("/parcels/parcel-1/cancel"), host_->external("carrier").calls()[1].path);
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.created 1 shipment.cancelled 2"), topics());
        deliver("order.cancelled", orderEvent(), 4);
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.created 1 shipment.cancelled 2"), topics());
    }

    void aParcelThatWasPickedUpIsNotCancelled() {
        confirm();
        host_->runDue();
        host_->external("carrier").on("POST", "/parcels/{id}/cancel", fake::Outgoing{409});
        deliver("order.cancel_requested", orderEvent(), 3);
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.created 1 shipment.cancel_refused 2"), topics());
        report("PICKED_UP");
        deliver("order.cancel_requested", orderEvent(), 5);
        CPPUNIT_ASSERT_EQUAL(
            std::string("shipment.created 1 shipment.cancel_refused 2 shipment.shipped 3 shipment.cancel_refused 4"),
            topics());
    }

    void aRequestForAnUnknownOrderLeavesATombstone() {
        deliver("order.cancel_requested", orderEvent(), 3);
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.cancelled 1"), topics());
        confirm();
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.cancelled 1"), topics());
        CPPUNIT_ASSERT_EQUAL(0, host_->runDue());
    }

    void aCancelledOrderThatWasNeverConfirmedIsQuiet() {
        deliver("order.cancelled", orderEvent(), 2);
        created();
        CPPUNIT_ASSERT(host_->published().empty());
        deliver("order.confirmed", orderEvent(), 4);  // paid again
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.created 1"), topics());
    }

    void othersSeeNothing() {
        confirm();
        const std::string target = "/api/v1/shipments/" + id();
        CPPUNIT_ASSERT_EQUAL(200, host_->get(target).as(kUser).send().status);
        CPPUNIT_ASSERT_EQUAL(200, host_->get(target).as("s", "staff").send().status);
        CPPUNIT_ASSERT_EQUAL(404, host_->get(target).as("other").send().status);
        CPPUNIT_ASSERT_EQUAL(401, host_->get(target).send().status);
        CPPUNIT_ASSERT_EQUAL(403, host_->post(target + "/cancel").as(kUser).send().status);
        const std::string list = std::string("/api/v1/shipments?orderId=") + kOrder;
        CPPUNIT_ASSERT_EQUAL(1u, host_->get(list).as(kUser).send().json()["items"].size());
        CPPUNIT_ASSERT_EQUAL(0u, host_->get(list).as("other").send().json()["items"].size());
    }

    void staffShipsDeliversAndCancels() {
        confirm();
        const auto staff = [&](const std::string& what) {
            return host_->post("/api/v1/shipments/" + id() + "/" + what).as("s", "staff").send();
        };
        CPPUNIT_ASSERT_EQUAL(std::string("wrong-status"), staff("ship").problem());
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(200, staff("ship").status);
        CPPUNIT_ASSERT_EQUAL(200, staff("ship").status);
        CPPUNIT_ASSERT_EQUAL(409, staff("cancel").status);
        CPPUNIT_ASSERT_EQUAL(200, staff("deliver").status);
        CPPUNIT_ASSERT_EQUAL(std::string("shipment.created 1 shipment.shipped 2 shipment.delivered 3"), topics());
    }

private:
    void deliver(const std::string& topic, const Json::Value& data, std::int64_t version) {
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver(topic, kOrder, data, version));
    }
    void created() {
        Json::Value data = orderEvent();
        for (const int quantity : {1, 2}) {
            Json::Value item;
            item["productId"] = kProduct;
            item["quantity"] = quantity;
            data["items"].append(item);
        }
        deliver("order.created", data, 1);
    }
    void committed() {
        Json::Value data;
        data["orderId"] = kOrder;
        data["attempt"] = 1;
        deliver("inventory.committed", data, 2);
    }
    void confirm() {
        created();
        deliver("order.confirmed", orderEvent(), 2);
        committed();
    }
    std::string id() const { return host_->query("SELECT shipment_id FROM shipments")[0]["shipment_id"].asString(); }
    std::string status() {
        return host_->get("/api/v1/shipments/" + id()).as(kUser).send().json()["status"].asString();
    }
    /// What was published so far, with versions.
    std::string topics() const {
        std::string all;
        for (const auto& event : host_->published()) {
            all += (all.empty() ? "" : " ") + event.topic + " " + std::to_string(event.version);
        }
        return all;
    }
    std::string reportBody(const char* what) const {
        Json::Value body;
        body["parcelId"] = "parcel-1";
        body["reference"] = id();
        body["status"] = what;
        body["trackingNumber"] = "SBX1";
        body["at"] = formatTime(host_->now());
        return writeJson(body);
    }
    fake::Answer report(const char* what, const std::string& carrier = "sandbox") {
        const std::string at = std::to_string(toMicros(host_->now()) / 1'000'000);
        const std::string body = reportBody(what);
        return host_->post("/api/v1/shipments/webhooks/" + carrier)
            .header("Carrier-Signature", "t=" + at + ",v1=" + hmacHex(at + "." + body))
            .json(body)
            .send();
    }

    std::unique_ptr<fake::Host> host_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ApiTest);

}  // namespace
