// Whatever the order of a user's and an order's events, and however often they come: one mail for each, to the address
// that is known in the end.

#include <cppunit/extensions/HelperMacros.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <stoa/fake/every_order.h>

namespace {

using namespace stoa;
using fake::Cue;

class EventsOrderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventsOrderTest);
    CPPUNIT_TEST(aDeliveredOrderIsToldOnce);
    CPPUNIT_TEST(aRefundedOrderIsToldOnce);
    CPPUNIT_TEST(whoWantsNoMailGetsNoneThatCouldHaveBeenKnown);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST); }

    void aDeliveredOrderIsToldOnce() {
        told("delivered order_confirmed registered shipped: 4",
             {registered(), profile(true), order("order.created", 1), order("order.confirmed", 2),
              shipment("shipment.shipped", 2), shipment("shipment.delivered", 3)});
    }

    void aRefundedOrderIsToldOnce() {
        told("order_cancelled refunded registered: 3",
             {registered(), profile(true), order("order.created", 1), order("order.cancelled", 2), refunded()});
    }

    /// Who is known only by the registration is written to; the profile may say no to what comes after it.
    void whoWantsNoMailGetsNoneThatCouldHaveBeenKnown() {
        told("order_confirmed SUPPRESSED shipped SUPPRESSED: 0",
             {profile(false), order("order.confirmed", 2), shipment("shipment.shipped", 2)});
    }

private:
    Cue event(const std::string& topic, int version, std::function<Json::Value()> data) {
        return {
            .topic = topic, .version = version, .deliver = [=, this, data = std::move(data)](const std::string& id) {
                const std::string key = topic.starts_with("user.") ? user_ : order_;
                return host_->deliver(topic, key, data(), version, id);
            }};
    }
    Cue registered() {
        return event("user.registered", 1, [this] {
            Json::Value data;
            data["userId"] = user_;
            data["email"] = "first@example.org";
            return data;
        });
    }
    Cue profile(bool mail) {
        return event("user.profile.updated", 2, [this, mail] {
            Json::Value data;
            data["userId"] = user_;
            data["profile"]["email"] = "ada@example.org";
            data["profile"]["emailNotifications"] = mail;
            return data;
        });
    }
    Cue order(const std::string& topic, int version) {
        return event(topic, version, [this] {
            Json::Value data;
            data["orderId"] = order_;
            data["userId"] = user_;
            data["attempt"] = 1;
            return data;
        });
    }
    Cue shipment(const std::string& topic, int version) {
        return event(topic, version, [this] {
            Json::Value data;
            data["orderId"] = order_;
            data["userId"] = user_;
            data["trackingNumber"] = "SBX-1";
            return data;
        });
    }
    Cue refunded() {
        return event("payment.refunded", 3, [this] {
            Json::Value data;
            data["orderId"] = order_;
            data["refundId"] = order_;
            data["amount"] = 1250;
            data["currency"] = "EUR";
            return data;
        });
    }

    static std::string uuid(const std::string& begin, int number) {
        const std::string digits = std::to_string(number);
        return begin + std::string(12 - digits.size(), '0') + digits;
    }

    /// For a user and an order of their own in each sequence. A mail belongs to an event: under another id it is
    /// another.
    void told(const std::string& mails, std::vector<Cue> cues) {
        const auto begin = [this]() -> fake::Host& {
            ++number_;
            user_ = uuid("0190a0b0-0000-7000-8000-", number_);
            order_ = uuid("0190a0b0-0000-7000-9000-", number_);
            before_ = host_->mails().size();
            return *host_;
        };
        const fake::EveryOrder life(std::move(cues));
        CPPUNIT_ASSERT_EQUAL(mails, life.play({.begin = begin,
                                               .end = [this] { return sent(); },
                                               .holds = [this] { noMailTwice(); },
                                               .renamed = false}));
    }

    std::string sent() {
        std::string templates;
        for (const Json::Value& row : host_->query("SELECT template, state FROM deliveries WHERE recipient = '" +
                                                   user_ + "' ORDER BY template")) {
            const std::string state = row["state"].asString();
            templates +=
                (templates.empty() ? "" : " ") + row["template"].asString() + (state == "SENT" ? "" : " " + state);
        }
        return templates + ": " + std::to_string(host_->mails().size() - before_);
    }

    void noMailTwice() {
        const auto& mails = host_->mails();
        std::set<std::string> ids;
        for (std::size_t i = before_; i < mails.size(); ++i) {
            CPPUNIT_ASSERT_MESSAGE(mails[i].subject, ids.insert(mails[i].message_id).second);
        }
    }

    std::unique_ptr<fake::Host> host_;
    std::string user_, order_;
    std::size_t before_ = 0;
    int number_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventsOrderTest);

}  // namespace
