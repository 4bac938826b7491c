// The API of orders as its callers see it, on a fake host.

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <set>
#include <string>

#include <stoa/uuid.h>

#include "shop.h"

namespace order::test {
namespace {
using stoa::fake::Answer;
using stoa::fake::Outgoing;

const std::string kOrders = "/api/v1/orders";

void expect(int status, const std::string& problem, const Answer& answer) {
    CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, status, answer.status);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, problem, answer.problem());
}

class ApiTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ApiTest);
    CPPUNIT_TEST(anOrderIsTakenAtTheServersPrices);
    CPPUNIT_TEST(thePaymentIsRecordedBeforeTheOrderAndTheTokenEntersNoEvent);
    CPPUNIT_TEST(linesOfOneProductAreOneLine);
    CPPUNIT_TEST(theSameKeyReplaysTheOrder);
    CPPUNIT_TEST(theSameKeyWithAnotherBasketIsRefused);
    CPPUNIT_TEST(aCrashedAttemptIsRepeatedUnderTheSameId);
    CPPUNIT_TEST(aChangedPriceIsRefusedWithTheNewTotal);
    CPPUNIT_TEST(unknownAndWithdrawnProductsAreNamed);
    CPPUNIT_TEST(anotherCurrencyIsRefused);
    CPPUNIT_TEST(shortagesAreNamed);
    CPPUNIT_TEST(aTotalBeyondCountingIsRefused);
    CPPUNIT_TEST(aCartBecomesOneOrder);
    CPPUNIT_TEST(aRefusedPaymentIsSaid);
    CPPUNIT_TEST(aMissingProfileIsWaitedForAWhile);
    CPPUNIT_TEST(whoDoesNotAnswerIsWorthAnotherTry);
    CPPUNIT_TEST(badOrdersNeverReachTheOthers);
    CPPUNIT_TEST(othersOrdersAreNotThere);
    CPPUNIT_TEST(staffAndServicesMayLook);
    CPPUNIT_TEST(pagesHoldEveryOrderOnceNewestFirst);
    CPPUNIT_TEST(aMadeUpCursorIsRefused);
    CPPUNIT_TEST(listsAreFiltered);
    CPPUNIT_TEST(theTimelineTellsWhatHappened);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { shop_ = std::make_unique<Shop>(); }

    void anOrderIsTakenAtTheServersPrices() {
        const Answer answer = shop_->place("k");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 202, answer.status);
        const Json::Value order = answer.json();
        const std::string id = order["orderId"].asString();
        CPPUNIT_ASSERT(stoa::isUuid(id));
        CPPUNIT_ASSERT_EQUAL(kOrders + "/" + id, answer.header("Location"));
        CPPUNIT_ASSERT_EQUAL(std::string("\"1\""), answer.header("ETag"));
        CPPUNIT_ASSERT_EQUAL(std::string("PENDING"), order["status"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("NONE"), order["paymentStatus"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("UNFULFILLED"), order["fulfillmentStatus"].asString());
        CPPUNIT_ASSERT_EQUAL(2230, order["total"]["amount"].asInt());
        CPPUNIT_ASSERT_EQUAL(980, order["lines"][0]["lineTotal"]["amount"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("Berlin"), order["shippingAddress"]["city"].asString());
        CPPUNIT_ASSERT(order == shop_->order(id));

        const auto events = shop_->host.published();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, events.size());
        CPPUNIT_ASSERT_EQUAL(std::string("order.created"), events[0].topic);
        CPPUNIT_ASSERT_EQUAL(id, events[0].key);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, events[0].version);
        CPPUNIT_ASSERT_EQUAL(2230, events[0].data["totalAmount"].asInt());
        CPPUNIT_ASSERT_EQUAL(1, events[0].data["attempt"].asInt());
        CPPUNIT_ASSERT_EQUAL(2u, events[0].data["items"].size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, shop_->host.timers().size());
        CPPUNIT_ASSERT(shop_->host.timers()[0].due == shop_->host.now() + std::chrono::minutes{10});
    }

    void thePaymentIsRecordedBeforeTheOrderAndTheTokenEntersNoEvent() {
        const std::string id = shop_->place("k").json()["orderId"].asString();
        const auto& calls = shop_->host.neighbour("payment").calls();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, calls.size());
        CPPUNIT_ASSERT_EQUAL(id + ":1", calls[0].header("Idempotency-Key"));
        const Json::Value body = calls[0].json();
        CPPUNIT_ASSERT_EQUAL(id, body["orderId"].asString());
        CPPUNIT_ASSERT_EQUAL(kAda, body["userId"].asString());
        CPPUNIT_ASSERT_EQUAL(1, body["attempt"].asInt());
        CPPUNIT_ASSERT_EQUAL(2230, body["amount"]["amount"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("tok_ok"), body["token"].asString());
        const Json::Value event = shop_->host.published("order.created")[0].data;
        CPPUNIT_ASSERT_EQUAL(shop_->payments.at(id + ":1"), event["paymentId"].asString());
        CPPUNIT_ASSERT(event.toStyledString().find("tok_ok") == std::string::npos);
    }

    void linesOfOneProductAreOneLine() {
        const Answer answer = shop_->place("k", Shop::basket({{kBread, 2}, {kWine, 1}, {kBread, 3}}, 3700));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 202, answer.status);
        const Json::Value lines = answer.json()["lines"];
        CPPUNIT_ASSERT_EQUAL(2u, lines.size());
        CPPUNIT_ASSERT_EQUAL(5, lines[0]["quantity"].asInt());
        CPPUNIT_ASSERT_EQUAL(2u, shop_->host.neighbour("product").calls()[0].json()["ids"].size());
    }

    void theSameKeyReplaysTheOrder() {
        const Answer first = shop_->place("k");
        const Answer again = shop_->place("k");
        CPPUNIT_ASSERT(!first.replayed());
        CPPUNIT_ASSERT(again.replayed());
        CPPUNIT_ASSERT_EQUAL(first.body, again.body);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, shop_->host.published().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, shop_->host.neighbour("payment").calls().size());
        CPPUNIT_ASSERT(shop_->place("k2").json()["orderId"] != first.json()["orderId"]);
    }

    void theSameKeyWithAnotherBasketIsRefused() {
        shop_->place("k");
        expect(422, "idempotency-key-reused", shop_->place("k", Shop::basket({{kBread, 1}}, 490)));
        expect(400, "idempotency-key-missing", shop_->host.post(kOrders).as(kAda).json(Shop::basket()).send());
    }

    void aCrashedAttemptIsRepeatedUnderTheSameId() {
        shop_->host.failCommits(10, STOA_UNAVAILABLE);
        CPPUNIT_ASSERT_EQUAL(503, shop_->place("k").status);
        CPPUNIT_ASSERT(shop_->host.published().empty());
        shop_->host.failCommits(0);
        const Answer answer = shop_->place("k");
        CPPUNIT_ASSERT_EQUAL(202, answer.status);
        const auto& calls = shop_->host.neighbour("payment").calls();
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, calls.size());
        CPPUNIT_ASSERT_EQUAL(calls[0].body, calls[1].body);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, shop_->payments.size());
        CPPUNIT_ASSERT_EQUAL(answer.json()["orderId"].asString() + ":1", calls[0].header("Idempotency-Key"));
    }

    void aChangedPriceIsRefusedWithTheNewTotal() {
        shop_->price[kBread] = 500;
        const Answer answer = shop_->place("k");
        expect(409, "price-changed", answer);
        CPPUNIT_ASSERT_EQUAL(2250, answer.json()["total"]["amount"].asInt());
        expectNothingHappened();
        Json::Value other_currency = Shop::basket({{kBread, 2}, {kWine, 1}}, 2250);
        other_currency["expectedTotal"]["currency"] = "USD";
        expect(409, "price-changed", shop_->place("k2", other_currency));
        CPPUNIT_ASSERT_EQUAL(202, shop_->place("k3", Shop::basket({{kBread, 2}, {kWine, 1}}, 2250)).status);
    }

    void unknownAndWithdrawnProductsAreNamed() {
        shop_->status[kWine] = "discontinued";
        const Answer answer = shop_->place("k", Shop::basket({{kBread, 1}, {kNothing, 1}, {kWine, 1}}, 1));
        expect(422, "product-not-available", answer);
        const Json::Value errors = answer.json()["errors"];
        CPPUNIT_ASSERT_EQUAL(2u, errors.size());
        CPPUNIT_ASSERT_EQUAL(std::string("/lines/1/productId"), errors[0]["field"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("/lines/2/productId"), errors[1]["field"].asString());
        expectNothingHappened();
    }

    void anotherCurrencyIsRefused() {
        shop_->currency[kWine] = "USD";
        const Answer answer = shop_->place("k");
        expect(422, "product-not-available", answer);
        CPPUNIT_ASSERT_EQUAL(std::string("/lines/1/productId"), answer.json()["errors"][0]["field"].asString());
    }

    void shortagesAreNamed() {
        shop_->stock[kBread] = 1;
        const Answer answer = shop_->place("k");
        expect(409, "out-of-stock", answer);
        const Json::Value shortages = answer.json()["shortages"];
        CPPUNIT_ASSERT_EQUAL(1u, shortages.size());
        CPPUNIT_ASSERT_EQUAL(kBread, shortages[0]["productId"].asString());
        CPPUNIT_ASSERT_EQUAL(2, shortages[0]["requested"].asInt());
        CPPUNIT_ASSERT_EQUAL(1, shortages[0]["available"].asInt());
        // Two lines that are each within stock, but not together.
        expect(409, "out-of-stock", shop_->place("k2", Shop::basket({{kBread, 1}, {kBread, 1}}, 980)));
        expectNothingHappened();
    }

    void aTotalBeyondCountingIsRefused() {
        shop_->price[kBread] = 9'000'000'000'000'000'000;
        CPPUNIT_ASSERT_EQUAL(422, shop_->place("k").status);
        expectNothingHappened();
    }

    void aCartBecomesOneOrder() {
        Json::Value body = Shop::basket();
        body["cartId"] = uuid(77);
        CPPUNIT_ASSERT_EQUAL(202, shop_->place("k", body).status);
        expect(409, "cart-ordered", shop_->place("k2", body));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, shop_->host.published().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, shop_->host.timers().size());
    }

    void aRefusedPaymentIsSaid() {
        Json::Value cause;
        cause["type"] = "urn:stoa:problem:token-unknown";
        shop_->host.neighbour("payment").on("POST", "/api/v1/payments", Outgoing{422, cause});
        const Answer answer = shop_->place("k");
        expect(422, "payment-refused", answer);
        CPPUNIT_ASSERT_EQUAL(cause["type"].asString(), answer.json()["cause"].asString());
        expectNothingHappened();
    }

    void aMissingProfileIsWaitedForAWhile() {
        shop_->host.neighbour("user").on("GET", "/api/v1/users/{id}", Outgoing{404});
        const auto millis = stoa::toMicros(shop_->host.now()) / 1000;
        char fresh[37];
        std::snprintf(fresh, sizeof fresh, "%08llx-%04llx-7000-8000-000000000001",
                      static_cast<unsigned long long>(millis >> 16), static_cast<unsigned long long>(millis & 0xffff));
        const Answer soon = shop_->place("k", Shop::basket(), fresh);
        expect(503, "unavailable", soon);
        CPPUNIT_ASSERT_EQUAL(std::string("1"), soon.header("Retry-After"));
        shop_->host.moveClock(std::chrono::seconds{31});
        expect(409, "profile-missing", shop_->place("k2", Shop::basket(), fresh));
        expect(409, "profile-missing", shop_->place("k3", Shop::basket(), "no-uuid"));
    }

    void whoDoesNotAnswerIsWorthAnotherTry() {
        for (const char* service : {"user", "product", "inventory", "payment"}) {
            for (const int status : {0, 401, 403, 429, 500}) {
                Shop shop;
                auto& neighbour = shop.host.neighbour(service);
                const bool asks = std::string(service) == "user";
                const std::string path = asks                                ? "/api/v1/users/{id}"
                                         : std::string(service) == "product" ? "/api/v1/products/batch-get"
                                         : std::string(service) == "payment" ? "/api/v1/payments"
                                                                             : "/api/v1/inventory/batch-stock";
                if (status == 0) {
                    neighbour.down();
                } else {
                    neighbour.on(asks ? "GET" : "POST", path, Outgoing{status});
                }
                const std::string what = std::string(service) + " " + std::to_string(status);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(what, 503, shop.place("k").status);
                CPPUNIT_ASSERT_MESSAGE(what, shop.host.published().empty());
                CPPUNIT_ASSERT_MESSAGE(what, !shop.place("k").replayed());
            }
        }
    }

    void badOrdersNeverReachTheOthers() {
        const auto broken = [](auto&& change) {
            Json::Value body = Shop::basket();
            change(body);
            return body;
        };
        const std::vector<Json::Value> bodies{
            broken([](Json::Value& body) { body["lines"][0]["quantity"] = 0; }),
            broken([](Json::Value& body) { body["lines"][0]["quantity"] = -1; }),
            broken([](Json::Value& body) { body["lines"][0]["productId"] = "bread"; }),
            broken([](Json::Value& body) { body["lines"] = Json::Value(Json::arrayValue); }),
            broken([](Json::Value& body) {
                for (int i = 0; i < 200; ++i) {
                    body["lines"].append(body["lines"][0]);
                }
            }),
            broken([](Json::Value& body) { body.removeMember("shippingAddress"); }),
            broken([](Json::Value& body) { body["shippingAddress"]["country"] = "Germany"; }),
            broken([](Json::Value& body) { body["discount"] = 5; }),
            broken([](Json::Value& body) { body["expectedTotal"]["amount"] = 22.30; }),
            broken([](Json::Value& body) { body["paymentToken"] = ""; })};
        for (const Json::Value& body : bodies) {
            expect(400, "invalid-body", shop_->place("k", body));
        }
        CPPUNIT_ASSERT_EQUAL(401, shop_->host.post(kOrders).key("k").json(Shop::basket()).send().status);
        CPPUNIT_ASSERT(shop_->host.neighbour("product").calls().empty());
    }

    void othersOrdersAreNotThere() {
        const std::string id = shop_->placed();
        const std::string path = kOrders + "/" + id;
        expect(404, "not-found", shop_->host.get(path).as(kBob).send());
        expect(404, "not-found", shop_->host.get(path + "/timeline").as(kBob).send());
        expect(404, "not-found", shop_->cancel(id, kBob));
        Json::Value body;
        body["paymentToken"] = "tok_ok";
        expect(404, "not-found", shop_->host.post(path + "/pay").as(kBob).key("p").json(body).send());
        expect(404, "not-found", shop_->host.get(kOrders + "/" + kNothing).as(kAda).send());
        CPPUNIT_ASSERT_EQUAL(0u, shop_->host.get(kOrders).as(kBob).send().json()["items"].size());
        CPPUNIT_ASSERT_EQUAL(std::string("PENDING"), shop_->statusOf(id));
    }

    void staffAndServicesMayLook() {
        const std::string path = kOrders + "/" + shop_->placed();
        CPPUNIT_ASSERT_EQUAL(200, shop_->host.get(path).as("s", "staff").send().status);
        CPPUNIT_ASSERT_EQUAL(200, shop_->host.get(path).service("shipping").send().status);
        CPPUNIT_ASSERT_EQUAL(403, shop_->host.get(path).service("cart").send().status);
        CPPUNIT_ASSERT_EQUAL(401, shop_->host.get(path).send().status);
    }

    void pagesHoldEveryOrderOnceNewestFirst() {
        std::vector<std::string> placed;
        for (int i = 0; i < 5; ++i) {
            placed.insert(placed.begin(), shop_->placed("k" + std::to_string(i)));
            shop_->host.moveClock(std::chrono::milliseconds{i % 2});  // some in the same moment
        }
        std::set<std::string> seen;
        std::string cursor;
        int pages = 0;
        do {
            const std::string target = kOrders + "?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor);
            const Json::Value page = shop_->host.get(target).as(kAda).send().json();
            for (const Json::Value& order : page["items"]) {
                CPPUNIT_ASSERT(seen.insert(order["orderId"].asString()).second);
            }
            cursor = page.isMember("nextCursor") ? page["nextCursor"].asString() : "";
            ++pages;
        } while (!cursor.empty() && pages < 10);
        CPPUNIT_ASSERT_EQUAL(3, pages);
        CPPUNIT_ASSERT_EQUAL(std::size_t{5}, seen.size());
        const Json::Value all = shop_->host.get(kOrders).as(kAda).send().json();
        CPPUNIT_ASSERT_EQUAL(placed[0], all["items"][0]["orderId"].asString());
        CPPUNIT_ASSERT(!all.isMember("nextCursor"));
    }

    void aMadeUpCursorIsRefused() {
        for (const char* cursor : {"x", "e30", "WyJhIiwiYiJd", "WyIxIl0"}) {
            const Answer answer = shop_->host.get(kOrders + "?cursor=" + cursor).as(kAda).send();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(cursor, 400, answer.status);
        }
        CPPUNIT_ASSERT_EQUAL(400, shop_->host.get(kOrders + "?limit=0").as(kAda).send().status);
        CPPUNIT_ASSERT_EQUAL(400, shop_->host.get(kOrders + "?limit=101").as(kAda).send().status);
    }

    void listsAreFiltered() {
        shop_->cancel(shop_->placed("k1"));
        const std::string pending = shop_->placed("k2");
        const auto list = [&](const std::string& query, const std::string& user, const std::string& roles) {
            return shop_->host.get(kOrders + query).as(user, roles).send().json()["items"];
        };
        CPPUNIT_ASSERT_EQUAL(1u, list("?status=PENDING", kAda, "customer").size());
        CPPUNIT_ASSERT_EQUAL(pending, list("?status=PENDING", kAda, "customer")[0]["orderId"].asString());
        CPPUNIT_ASSERT_EQUAL(2u, list("", "s", "staff").size());
        CPPUNIT_ASSERT_EQUAL(0u, list("?userId=" + kBob, "s", "staff").size());
        CPPUNIT_ASSERT_EQUAL(0u, list("?userId=" + kAda, kBob, "customer").size());
        CPPUNIT_ASSERT_EQUAL(400, shop_->host.get(kOrders + "?status=LOST").as(kAda).send().status);
    }

    void theTimelineTellsWhatHappened() {
        const std::string id = shop_->placed();
        shop_->confirm(id);
        shop_->shipment(id, "shipped", 2);
        shop_->shipment(id, "delivered", 3);
        const Json::Value items = shop_->host.get(kOrders + "/" + id + "/timeline").as(kAda).send().json()["items"];
        std::string told;
        for (const Json::Value& item : items) {
            CPPUNIT_ASSERT_EQUAL(static_cast<int>(std::count(told.begin(), told.end(), ';')) + 1,
                                 item["sequence"].asInt());
            told += item["type"].asString() + ";";
        }
        CPPUNIT_ASSERT_EQUAL(std::string("status PENDING;payment.authorized;inventory.reserved;payment.completed;"
                                         "status CONFIRMED;shipment.shipped;shipment.delivered;status COMPLETED;"),
                             told);
        CPPUNIT_ASSERT_EQUAL(std::string("T-1"), items[5]["detail"].asString());
    }

private:
    /// No order, no event, no timer, and nothing recorded with payment.
    void expectNothingHappened() {
        CPPUNIT_ASSERT(shop_->host.published().empty());
        CPPUNIT_ASSERT(shop_->host.timers().empty());
        CPPUNIT_ASSERT(shop_->payments.empty());
        CPPUNIT_ASSERT_EQUAL(0u, shop_->host.query("SELECT order_id FROM orders").size());
    }

    std::unique_ptr<Shop> shop_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ApiTest);

}  // namespace
}  // namespace order::test
