/// A payment service on a fake host with a provider in memory, and an order to pay.
#pragma once

#include <cppunit/extensions/HelperMacros.h>

#include <set>

#include <stoa/fake/host.h>
#include <stoa/money.h>
#include <stoa/uuid.h>

#include "psp.h"

namespace test {

class Shop {
public:
    explicit Shop(const Json::Value& settings = Json::Value{Json::objectValue})
        : host(STOA_TEST_MANIFEST, {.settings = settings, .secrets = {{"psp", "k3y"}, {"webhook", "Jefe"}}}),
          psp(host) {
        newOrder();
    }

    void newOrder() {
        order = id();
        payment.clear();
    }
    std::string id() {
        ++ids_;
        return stoa::uuidV7(
            stoa::toMicros(host.now()) / 1000,
            {0, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(ids_ >> 8U), static_cast<std::uint8_t>(ids_)});
    }

    stoa::fake::Answer post(const std::string& token = "tok_ok", int attempt = 1, int amount = 2500) {
        Json::Value body;
        body["orderId"] = order;
        body["attempt"] = attempt;
        body["amount"] = stoa::Money{amount, "EUR"}.json();
        body["token"] = token;
        body["userId"] = user;
        return host.post("/api/v1/payments")
            .service("order")
            .key(order + ":" + std::to_string(attempt))
            .json(body)
            .send();
    }
    void record(const std::string& token = "tok_ok", int attempt = 1) {
        const auto answer = post(token, attempt);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 201, answer.status);
        payment = answer.json()["paymentId"].asString();
    }
    /// `version` is that of the order, or of the reservation. An empty event id: a new one.
    void deliver(const std::string& topic, int version = 1, int attempt = 1, const std::string& event_id = {}) {
        Json::Value data;
        data["orderId"] = order;
        data["attempt"] = attempt;
        data["paymentId"] = payment.empty() ? id() : payment;
        data["totalAmount"] = total;
        data["currency"] = currency;
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host.deliver(topic, order, data, version, event_id) + 0);
    }
    stoa::fake::Answer get() { return host.get("/api/v1/payments/" + payment).service("order").send(); }
    std::string state() { return get().json()["state"].asString(); }
    stoa::fake::Answer staff(const std::string& what) {
        return host.post("/api/v1/payments/" + payment + "/" + what).as("staff-1", "staff").send();
    }
    stoa::fake::Answer refund(const std::string& key, const std::string& body) {
        return host.post("/api/v1/payments/" + payment + "/refunds").as("staff-1", "staff").key(key).json(body).send();
    }
    /// Topics of this payment's events, in order of their versions, without "payment."; fails when those have gaps.
    std::string events() const {
        std::string topics;
        std::int64_t version = 0;
        for (const auto& event : host.published()) {
            if (event.key == payment) {
                CPPUNIT_ASSERT_EQUAL(++version, event.version);
                topics += (topics.empty() ? "" : " ") + event.topic.substr(std::string("payment.").size());
            }
        }
        return topics;
    }

    stoa::fake::Host host;
    Psp psp;
    std::string user = "0190a0b0-0000-7000-8000-000000000002";
    std::string order;
    std::string payment;
    int total = 2500;              ///< what order.created says
    std::string currency = "EUR";  ///< of it

private:
    unsigned ids_ = 0;
};

}  // namespace test
