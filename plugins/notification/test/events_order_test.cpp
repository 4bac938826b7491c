// Whatever the order of a user's and an order's events, and however often they come: one mail for each, to the address
// that is known in the end.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <stoa/fake/host.h>

namespace {

using namespace stoa;

class EventsOrderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventsOrderTest);
    CPPUNIT_TEST(aDeliveredOrderIsToldOnce);
    CPPUNIT_TEST(aRefundedOrderIsToldOnce);
    CPPUNIT_TEST(whoWantsNoMailGetsNoneThatCouldHaveBeenKnown);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST); }

    void aDeliveredOrderIsToldOnce() {
        everyOrder({registered(), profile(true), order("order.created", 1), order("order.confirmed", 2),
                    shipment("shipment.shipped", 2), shipment("shipment.delivered", 3)},
                   {"delivered", "order_confirmed", "registered", "shipped"});
    }

    void aRefundedOrderIsToldOnce() {
        everyOrder({registered(), profile(true), order("order.created", 1), order("order.cancelled", 2), refunded()},
                   {"order_cancelled", "refunded", "registered"});
    }

    /// Who is known only by the registration is written to; the profile may say no to what comes after it.
    void whoWantsNoMailGetsNoneThatCouldHaveBeenKnown() {
        everyOrder({profile(false), order("order.confirmed", 2), shipment("shipment.shipped", 2)}, {});
    }

private:
    using Step = std::function<void()>;

    Step registered() {
        return [this] {
            Json::Value data;
            data["userId"] = user_;
            data["email"] = "first@example.org";
            deliver("user.registered", user_, data, 1);
        };
    }
    Step profile(bool mail) {
        return [this, mail] {
            Json::Value data;
            data["userId"] = user_;
            data["profile"]["email"] = "ada@example.org";
            data["profile"]["emailNotifications"] = mail;
            deliver("user.profile.updated", user_, data, 2);
        };
    }
    Step order(const std::string& topic, int version) {
        return [this, topic, version] {
            Json::Value data;
            data["orderId"] = order_;
            data["userId"] = user_;
            data["attempt"] = 1;
            deliver(topic, order_, data, version);
        };
    }
    Step shipment(const std::string& topic, int version) {
        return [this, topic, version] {
            Json::Value data;
            data["orderId"] = order_;
            data["userId"] = user_;
            data["trackingNumber"] = "SBX-1";
            deliver(topic, order_, data, version);
        };
    }
    Step refunded() {
        return [this] {
            Json::Value data;
            data["orderId"] = order_;
            data["refundId"] = order_;
            data["amount"] = 1250;
            data["currency"] = "EUR";
            deliver("payment.refunded", order_, data, 3);
        };
    }

    /// Each event twice under its id.
    void deliver(const std::string& topic, const std::string& key, const Json::Value& data, int version) {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(host_->lastError(), STOA_OK + 0, host_->deliver(topic, key, data, version));
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliverAgain());
    }

    static std::string uuid(const std::string& begin, int number) {
        const std::string digits = std::to_string(number);
        return begin + std::string(12 - digits.size(), '0') + digits;
    }

    /// For a user and an order of their own in each permutation, sending at once or at the end.
    void everyOrder(const std::vector<Step>& steps, const std::vector<std::string>& told) {
        std::vector<std::size_t> sequence(steps.size());
        for (std::size_t i = 0; i < sequence.size(); ++i) {
            sequence[i] = i;
        }
        do {
            for (const bool at_once : {true, false}) {
                ++number_;
                user_ = uuid("0190a0b0-0000-7000-8000-", number_);
                order_ = uuid("0190a0b0-0000-7000-9000-", number_);
                std::string what;
                const std::size_t before = host_->mails().size();
                for (const std::size_t i : sequence) {
                    what += std::to_string(i);
                    steps[i]();
                    if (at_once) {
                        host_->runDue();
                    }
                }
                host_->runDue();
                check(what, before, told);
            }
        } while (std::next_permutation(sequence.begin(), sequence.end()));
    }

    void check(const std::string& what, std::size_t before, const std::vector<std::string>& told) {
        std::vector<std::string> sent;
        for (const Json::Value& row : host_->query("SELECT template, state FROM deliveries WHERE recipient = '" +
                                                   user_ + "' ORDER BY template")) {
            const std::string state = row["state"].asString();
            CPPUNIT_ASSERT_MESSAGE(what + " " + state, state == "SENT" || (told.empty() && state == "SUPPRESSED"));
            if (state == "SENT") {
                sent.push_back(row["template"].asString());
            }
        }
        CPPUNIT_ASSERT_MESSAGE(what, sent == told);
        const auto& mails = host_->mails();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(what, told.size(), mails.size() - before);
        std::set<std::string> ids;
        for (std::size_t i = before; i < mails.size(); ++i) {
            ids.insert(mails[i].message_id);
        }
        CPPUNIT_ASSERT_EQUAL_MESSAGE(what, told.size(), ids.size());
    }

    std::unique_ptr<fake::Host> host_;
    std::string user_, order_;
    int number_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventsOrderTest);

}  // namespace
