/// Order on a fake host, with the four services that it asks.
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <stoa/fake/host.h>
#include <stoa/money.h>

namespace order::test {

inline const std::string kAda = "0190a0b0-0000-7000-8000-00000000000a";
inline const std::string kBob = "0190a0b0-0000-7000-8000-00000000000b";
inline const std::string kBread = "0190a0b0-0000-7000-8000-000000000001";
inline const std::string kWine = "0190a0b0-0000-7000-8000-000000000002";
inline const std::string kNothing = "0190a0b0-0000-7000-8000-000000000009";

/// "…-<number>", a UUID.
inline std::string uuid(int number) {
    const std::string digits = std::to_string(number);
    return "0190a0b0-0000-7000-9000-" + std::string(12 - digits.size(), '0') + digits;
}

class Shop {
public:
    explicit Shop(stoa::fake::Options options = {}) : host(STOA_TEST_MANIFEST, std::move(options)) {
        Json::Value user;
        user["userId"] = kAda;
        host.neighbour("user").on("GET", "/api/v1/users/{id}", stoa::fake::Outgoing{200, user});
        host.neighbour("product").on("POST", "/api/v1/products/batch-get",
                                     [this](const stoa::fake::Incoming& call) { return products(call.json()["ids"]); });
        host.neighbour("inventory")
            .on("POST", "/api/v1/inventory/batch-stock",
                [this](const stoa::fake::Incoming& call) { return stocks(call.json()["productIds"]); });
        host.neighbour("payment").on("POST", "/api/v1/payments", [this](const stoa::fake::Incoming& call) {
            return payment(call.header("Idempotency-Key"));
        });
    }

    stoa::fake::Host host;
    std::map<std::string, std::int64_t> price{{kBread, 490}, {kWine, 1250}};
    std::map<std::string, std::int64_t> stock{{kBread, 10}, {kWine, 10}};
    std::map<std::string, std::string> status{};    ///< "active" unless here
    std::map<std::string, std::string> currency{};  ///< "EUR" unless here
    std::map<std::string, std::string> payments{};  ///< id by idempotency key

    static Json::Value basket(const std::vector<std::pair<std::string, int>>& lines, std::int64_t expected_total) {
        Json::Value body;
        for (const auto& [product, quantity] : lines) {
            Json::Value line;
            line["productId"] = product;
            line["quantity"] = quantity;
            body["lines"].append(line);
        }
        body["expectedTotal"] = stoa::Money{expected_total, "EUR"}.json();
        body["paymentToken"] = "tok_ok";
        Json::Value& address = body["shippingAddress"];
        address["name"] = "Ada";
        address["line1"] = "1 Stoa Street";
        address["postalCode"] = "10115";
        address["city"] = "Berlin";
        address["country"] = "DE";
        return body;
    }
    /// Two loaves and a bottle.
    static Json::Value basket() { return basket({{kBread, 2}, {kWine, 1}}, 2230); }

    stoa::fake::Answer place(const std::string& key, const Json::Value& body = basket(),
                             const std::string& user = kAda) {
        return host.post("/api/v1/orders").as(user).key(key).json(body).send();
    }
    /// A placed order's id; nothing is left of its events.
    std::string placed(const std::string& key = "k") {
        const auto answer = place(key);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 202, answer.status);
        host.takePublished();
        return answer.json()["orderId"].asString();
    }
    Json::Value order(const std::string& id) {
        return host.get("/api/v1/orders/" + id).as("staff", "staff").send().json();
    }
    std::string statusOf(const std::string& id) { return order(id)["status"].asString(); }
    stoa::fake::Answer cancel(const std::string& id, const std::string& user = kAda) {
        return host.post("/api/v1/orders/" + id + "/cancel").as(user).send();
    }
    stoa::fake::Answer pay(const std::string& id, const std::string& key, const std::string& token = "tok_ok") {
        Json::Value body;
        body["paymentToken"] = token;
        return host.post("/api/v1/orders/" + id + "/pay").as(kAda).key(key).json(body).send();
    }

    // Events of the others. A version is the sender's; the payment is that of the attempt. An empty event id: a new
    // one.
    void payment(const std::string& id, const std::string& what, int version, int attempt = 1,
                 std::int64_t refunded = 2230, const std::string& event_id = {}) {
        Json::Value data;
        data["orderId"] = id;
        data["paymentId"] = payments.at(id + ":" + std::to_string(attempt));
        data["attempt"] = attempt;
        if (what == "refunded") {
            data["refundedTotal"] = static_cast<Json::Int64>(refunded);
        }
        deliver("payment." + what, data["paymentId"].asString(), data, version, event_id);
    }
    void inventory(const std::string& id, const std::string& what, int version, int attempt = 1,
                   const std::string& reason = "", const std::string& event_id = {}) {
        Json::Value data;
        data["orderId"] = id;
        data["attempt"] = attempt;
        if (!reason.empty()) {
            data["reason"] = reason;
        }
        deliver("inventory." + what, id, data, version, event_id);
    }
    void shipment(const std::string& id, const std::string& what, int version, const std::string& event_id = {}) {
        Json::Value data;
        data["orderId"] = id;
        data["shipmentId"] = id;
        if (what == "shipped") {
            data["trackingNumber"] = "T-1";
        }
        deliver("shipment." + what, id, data, version, event_id);
    }
    void confirm(const std::string& id, int attempt = 1, int reserved_version = 1) {
        payment(id, "authorized", 1, attempt);
        inventory(id, "reserved", reserved_version, attempt);
        payment(id, "completed", 2, attempt);
        CPPUNIT_ASSERT_EQUAL(std::string("CONFIRMED"), statusOf(id));
    }

private:
    void deliver(const std::string& topic, const std::string& key, const Json::Value& data, int version,
                 const std::string& event_id) {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(topic, STOA_OK + 0, host.deliver(topic, key, data, version, event_id) + 0);
    }

    stoa::fake::Outgoing products(const Json::Value& ids) {
        Json::Value answer;
        answer["items"] = answer["missing"] = Json::Value(Json::arrayValue);
        for (const Json::Value& id : ids) {
            const auto known = price.find(id.asString());
            if (known == price.end()) {
                answer["missing"].append(id);
                continue;
            }
            Json::Value item;
            item["id"] = id;
            item["name"] = "Product " + id.asString().substr(35);
            item["status"] = status.contains(id.asString()) ? status[id.asString()] : "active";
            const std::string money = currency.contains(id.asString()) ? currency[id.asString()] : "EUR";
            item["price"] = stoa::Money{known->second, money}.json();
            answer["items"].append(item);
        }
        return {200, answer};
    }

    stoa::fake::Outgoing stocks(const Json::Value& ids) {
        Json::Value answer;
        for (const Json::Value& id : ids) {
            Json::Value item;
            item["productId"] = id;
            item["available"] = static_cast<Json::Int64>(stock[id.asString()]);
            answer["items"].append(item);
        }
        return {200, answer};
    }

    /// The same one again for the same key, as the host of payment sees to.
    stoa::fake::Outgoing payment(const std::string& key) {
        Json::Value answer;
        const auto known = payments.try_emplace(key, uuid(static_cast<int>(payments.size()) + 1)).first;
        answer["paymentId"] = known->second;
        return {201, answer};
    }
};

}  // namespace order::test
