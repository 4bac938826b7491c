// One order's events in every order in which they can come: one parcel at the carrier, or none, and one answer to who
// asks.

#include <cppunit/extensions/HelperMacros.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <stoa/fake/every_order.h>

namespace {

using namespace stoa;
using fake::Cue;

constexpr const char* kOrder = "0190a0b0-0000-7000-8000-000000000001";
constexpr const char* kUser = "0190a0b0-0000-7000-8000-000000000002";
constexpr const char* kProduct = "0190a0b0-0000-7000-8000-000000000003";

/// Books one parcel for each key, and lets go of those that have not left.
class Carrier {
public:
    explicit Carrier(fake::Host& host) {
        auto& carrier = host.external("carrier");
        carrier.on("POST", "/parcels", [this](const fake::Incoming& call) {
            const std::string parcel = "parcel of " + call.header("Idempotency-Key");
            parcels_.try_emplace(parcel, true);
            Json::Value answer;
            answer["parcelId"] = parcel;
            answer["trackingNumber"] = "SBX1";
            return fake::Outgoing{201, answer};
        });
        carrier.on("POST", "/parcels/{id}/cancel", [this](const fake::Incoming& call) {
            parcels_.at(call.param.at("id")) = false;
            return fake::Outgoing{200, Json::Value{Json::objectValue}};
        });
    }
    std::size_t booked() const { return parcels_.size(); }
    std::size_t kept() const {
        std::size_t kept = 0;
        for (const auto& [id, is_there] : parcels_) {
            kept += is_there ? 1 : 0;
        }
        return kept;
    }

private:
    std::map<std::string, bool> parcels_;
};

class EventsOrderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventsOrderTest);
    CPPUNIT_TEST(aConfirmedOrderIsBookedOnce);
    CPPUNIT_TEST(anOrderThatIsPaidAgainIsBookedOnce);
    CPPUNIT_TEST(anOrderThatWasNeverConfirmedIsQuiet);
    CPPUNIT_TEST(aCancellationInTimeIsAnsweredOnce);
    CPPUNIT_TEST(aCancellationOfWhatIsNotCommittedAsksNobody);
    CPPUNIT_TEST(aParcelThatHasLeftRefusesOnce);
    CPPUNIT_TEST_SUITE_END();

public:
    void aConfirmedOrderIsBookedOnce() {
        ends("LABELLED, 1 parcel, shipment.created 1", {created(1), confirmed(2), committed()});
    }

    void anOrderThatIsPaidAgainIsBookedOnce() {
        ends("LABELLED, 1 parcel, shipment.created 1",
             {created(1), cancelled(2), created(3), confirmed(4, 2), committed(2)});
    }

    void anOrderThatWasNeverConfirmedIsQuiet() { ends("nothing, 0 parcel", {created(1), cancelled(2)}); }

    void aCancellationInTimeIsAnsweredOnce() {
        ends("CANCELLED, 0 parcel, 1 answer",
             {created(1), confirmed(2), committed(), asked(3), cancelled(4, {"order.cancel_requested 3"})});
    }

    void aCancellationOfWhatIsNotCommittedAsksNobody() {
        ends("CANCELLED, 0 parcel, 1 answer", {created(1), confirmed(2), asked(3)});
        CPPUNIT_ASSERT(host_->external("carrier").calls().empty());
    }

    void aParcelThatHasLeftRefusesOnce() {
        const Cue left{.topic = "the parcel leaves",
                       .after = {"order.created 1", "order.confirmed 2", "inventory.committed 1"},
                       .act = [this] { leaves(); }};
        ends("SHIPPED, 1 parcel, 1 answer",
             {created(1), confirmed(2), committed(), left, asked(3, {"the parcel leaves"})});
    }

private:
    Cue event(const std::string& topic, int version, int attempt, std::vector<std::string> after = {}) {
        return {
            .topic = topic, .version = version, .after = std::move(after), .deliver = [=, this](const std::string& id) {
                Json::Value data;
                data["orderId"] = kOrder;
                data["userId"] = kUser;
                data["attempt"] = attempt;
                if (topic == "order.created") {
                    Json::Value item;
                    item["productId"] = kProduct;
                    item["quantity"] = 2;
                    data["items"].append(item);
                }
                return host_->deliver(topic, kOrder, data, version, id);
            }};
    }
    Cue created(int version) { return event("order.created", version, version == 1 ? 1 : 2); }
    Cue confirmed(int version, int attempt = 1) { return event("order.confirmed", version, attempt); }
    Cue committed(int attempt = 1) { return event("inventory.committed", 1, attempt); }
    Cue asked(int version, std::vector<std::string> after = {}) {
        return event("order.cancel_requested", version, 1, std::move(after));
    }
    Cue cancelled(int version, std::vector<std::string> after = {}) {
        return event("order.cancelled", version, 1, std::move(after));
    }

    /// Staff hands it over, once it has its label.
    void leaves() {
        host_->runDue();
        const auto shipments = host_->query("SELECT shipment_id FROM shipments");
        const std::string id = shipments.empty() ? kOrder : shipments[0]["shipment_id"].asString();
        host_->post("/api/v1/shipments/" + id + "/ship").as("staff-1", "staff").send();
    }

    fake::Host& fresh() {
        carrier_.reset();
        host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST,
                                             fake::Options{.secrets = {{"webhook", "a secret"}, {"carrier", "key"}}});
        Json::Value order;
        order["orderId"] = kOrder;
        order["shippingAddress"]["city"] = "Berlin";
        host_->neighbour("order").on("GET", "/api/v1/orders/{orderId}", fake::Outgoing{200, order});
        carrier_ = std::make_unique<Carrier>(*host_);
        return *host_;
    }

    void ends(const std::string& end, std::vector<Cue> cues) {
        const fake::EveryOrder life(std::move(cues));
        CPPUNIT_ASSERT_EQUAL(end, life.play({.begin = [this]() -> fake::Host& { return fresh(); },
                                             .end = [this] { return left(); },
                                             .holds = [this] { nothingIsDoneTwice(); }}));
    }

    std::string left() {
        const std::string state = host_->query("SELECT state FROM shipments")[0]["state"].asString();
        std::string topics;
        std::size_t answers = 0;
        for (const auto& event : host_->published()) {
            topics += ", " + event.topic + " " + std::to_string(event.version);
            answers += event.topic == "shipment.cancelled" || event.topic == "shipment.cancel_refused" ? 1 : 0;
        }
        return (state == "EXPECTED" ? "nothing" : state) + ", " + std::to_string(carrier_->kept()) + " parcel" +
               (answers == 0 ? topics : ", " + std::to_string(answers) + " answer");
    }

    void nothingIsDoneTwice() {
        CPPUNIT_ASSERT(carrier_->booked() <= 1);
        std::int64_t version = 0;
        std::set<std::string> told;
        for (const auto& event : host_->published()) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(event.topic, ++version, event.version);
            CPPUNIT_ASSERT_MESSAGE(event.topic + " twice", told.insert(event.topic).second);
        }
    }

    std::unique_ptr<fake::Host> host_;
    std::unique_ptr<Carrier> carrier_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventsOrderTest);

}  // namespace
