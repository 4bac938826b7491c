// What inventory says of the stock of one product, in every order and more than once: the newest word stays.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>

#include <stoa/fake/every_order.h>
#include <stoa/money.h>

namespace {

using namespace stoa;
using fake::Cue;

class EventsOrderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventsOrderTest);
    CPPUNIT_TEST(theNewestStockIsShown);
    CPPUNIT_TEST_SUITE_END();

public:
    void theNewestStockIsShown() {
        const fake::EveryOrder life({low(1, 0), low(2, 3), low(3, 0)});
        CPPUNIT_ASSERT_EQUAL(
            std::string("out, 1 timer"),
            life.play({.begin = [this]() -> fake::Host& { return fresh(); }, .end = [this] { return left(); }}));
    }

private:
    /// Each under a key of its own: the newest stays even where the order of one topic is lost.
    Cue low(int version, int left) {
        return {.topic = "inventory.low_stock",
                .key = std::to_string(version),
                .version = version,
                .deliver = [=, this](const std::string& id) {
                    Json::Value data;
                    data["productId"] = product_;
                    data["currentStock"] = left;
                    data["threshold"] = 5;
                    return host_->deliver("inventory.low_stock", product_, data, version, id);
                }};
    }

    fake::Host& fresh() {
        host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST);
        Json::Value product;
        product["sku"] = "loaf";
        product["name"] = "Loaf";
        product["price"] = Money{490, "EUR"}.json();
        product_ = host_->post("/api/v1/products")
                       .as("staff-1", "staff")
                       .key("loaf")
                       .json(product)
                       .send()
                       .json()["id"]
                       .asString();
        return *host_;
    }
    std::string left() {
        const auto answer = host_->get("/api/v1/products/" + product_).send();
        return answer.json()["availability"].asString() + ", " + std::to_string(host_->timers().size()) + " timer";
    }

    std::unique_ptr<fake::Host> host_;
    std::string product_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventsOrderTest);

}  // namespace
