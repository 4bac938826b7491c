// The carrier as a shop sees it, on a fake host.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include <stoa/fake/host.h>

#include "domain.h"

namespace {

using namespace stoa;
using std::chrono::milliseconds;

constexpr const char* kHook = "/shipments/webhooks/sandbox";

class CarrierTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(CarrierTest);
    CPPUNIT_TEST(aParcelGoesToTheDoorAndEveryStepIsReported);
    CPPUNIT_TEST(aReportIsRepeatedUntilTheShopTakesIt);
    CPPUNIT_TEST(oneParcelAReference);
    CPPUNIT_TEST(aBookedParcelIsCancelledOnce);
    CPPUNIT_TEST(aPickedUpParcelIsKept);
    CPPUNIT_TEST(anAddressThatIsNotServedIsRefused);
    CPPUNIT_TEST(aWrongKeyIsRefused);
    CPPUNIT_TEST(aParcelStaysAsLongAsItsPaceSays);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST,
                                             fake::Options{.secrets = {{"webhook", "Jefe"}, {"key", "key"}}});
        host_->external("shop").on("POST", kHook, fake::Outgoing{204});
    }

    void aParcelGoesToTheDoorAndEveryStepIsReported() {
        const Json::Value parcel = book("a").json();
        CPPUNIT_ASSERT(parcel["trackingNumber"].asString().starts_with("SBX"));
        host_->advance(milliseconds{499});
        CPPUNIT_ASSERT_EQUAL(std::string("BOOKED"), status(parcel));
        host_->advance(milliseconds{2000});
        CPPUNIT_ASSERT_EQUAL(std::string("DELIVERED"), status(parcel));
        const auto& calls = host_->external("shop").calls();
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, calls.size());
        const char* const expected[] = {"PICKED_UP", "IN_TRANSIT", "DELIVERED"};
        for (std::size_t i = 0; i < 3; ++i) {
            CPPUNIT_ASSERT_EQUAL(std::string(expected[i]), calls[i].json()["status"].asString());
            CPPUNIT_ASSERT(parcel["parcelId"] == calls[i].json()["parcelId"]);
            CPPUNIT_ASSERT_EQUAL(std::string("a"), calls[i].json()["reference"].asString());
            CPPUNIT_ASSERT_EQUAL(std::size_t{2 + 10 + 4 + 64}, calls[i].header("Carrier-Signature").size());
        }
        CPPUNIT_ASSERT(host_->timers().empty());
    }

    void aReportIsRepeatedUntilTheShopTakesIt() {
        book("a");
        host_->external("shop").on("POST", kHook, fake::Outgoing{503});
        host_->advance(std::chrono::seconds{5});
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, host_->timers().size());
        host_->external("shop").on("POST", kHook, fake::Outgoing{204});
        host_->advance(std::chrono::seconds{30});
        CPPUNIT_ASSERT(host_->timers().empty());
    }

    void oneParcelAReference() {
        const Json::Value first = book("a").json();
        CPPUNIT_ASSERT(first == book("a").json());
        CPPUNIT_ASSERT(first == book("a", "another key").json());
        CPPUNIT_ASSERT(first["parcelId"] != book("b").json()["parcelId"]);
    }

    void aBookedParcelIsCancelledOnce() {
        const Json::Value parcel = book("a").json();
        CPPUNIT_ASSERT_EQUAL(200, cancel(parcel).status);
        CPPUNIT_ASSERT_EQUAL(200, cancel(parcel).status);
        host_->advance(std::chrono::seconds{5});
        CPPUNIT_ASSERT_EQUAL(std::string("CANCELLED"), status(parcel));
        CPPUNIT_ASSERT(host_->external("shop").calls().empty());
    }

    void aPickedUpParcelIsKept() {
        const Json::Value parcel = book("a").json();
        host_->advance(milliseconds{500});
        CPPUNIT_ASSERT_EQUAL(std::string("picked-up"), cancel(parcel).problem());
    }

    void anAddressThatIsNotServedIsRefused() {
        const auto answer = send(booking("a", "00000"), "a");
        CPPUNIT_ASSERT_EQUAL(std::string("not-served"), answer.problem());
        CPPUNIT_ASSERT_EQUAL(422, answer.status);
        CPPUNIT_ASSERT(host_->timers().empty());
    }

    void aWrongKeyIsRefused() {
        const Json::Value parcel = book("a").json();
        const std::string target = "/api/v1/carrier/parcels/" + parcel["parcelId"].asString();
        CPPUNIT_ASSERT_EQUAL(401, host_->get(target).header("Carrier-Key", "other").send().status);
        CPPUNIT_ASSERT_EQUAL(401, host_->get(target).send().status);
        // Nor is an answer that somebody with the key got before given to one without it.
        CPPUNIT_ASSERT_EQUAL(401,
                             host_->post("/api/v1/carrier/parcels").key("a").json(booking("a", "x")).send().status);
    }

    void aParcelStaysAsLongAsItsPaceSays() {
        using namespace sandbox_carrier;
        const Pace pace{.pickup = milliseconds{7}, .deliver = milliseconds{5}};
        CPPUNIT_ASSERT(stay(kBooked, pace) == milliseconds{7});
        CPPUNIT_ASSERT(stay(kPickedUp, pace) + stay(kInTransit, pace) == milliseconds{5});
        CPPUNIT_ASSERT(!next(kDelivered) && !next(kCancelled));
    }

private:
    static Json::Value booking(const std::string& reference, const std::string& postal_code) {
        Json::Value body;
        body["reference"] = reference;
        for (const char* field : {"name", "line1", "city"}) {
            body["address"][field] = "x";
        }
        body["address"]["postalCode"] = postal_code;
        body["address"]["country"] = "DE";
        body["lines"][0]["productId"] = "p";
        body["lines"][0]["quantity"] = 1;
        return body;
    }
    fake::Answer send(const Json::Value& body, const std::string& key) {
        return host_->post("/api/v1/carrier/parcels").header("Carrier-Key", "key").key(key).json(body).send();
    }
    fake::Answer book(const std::string& reference, const std::string& key = {}) {
        const fake::Answer answer = send(booking(reference, "x"), key.empty() ? reference : key);
        CPPUNIT_ASSERT_EQUAL(201, answer.status);
        return answer;
    }
    fake::Answer cancel(const Json::Value& parcel) {
        return host_->post("/api/v1/carrier/parcels/" + parcel["parcelId"].asString() + "/cancel")
            .header("Carrier-Key", "key")
            .send();
    }
    std::string status(const Json::Value& parcel) {
        return host_->get("/api/v1/carrier/parcels/" + parcel["parcelId"].asString())
            .header("Carrier-Key", "key")
            .send()
            .json()["status"]
            .asString();
    }

    std::unique_ptr<fake::Host> host_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(CarrierTest);

}  // namespace
