// A registration that comes again makes one profile, and is told once; what the user has changed since then stays.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>
#include <string>

#include <stoa/fake/every_order.h>

namespace {

using namespace stoa;
using fake::Cue;

const std::string kAda = "0190a0b0-0000-7000-8000-00000000000a";

class EventsOrderTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EventsOrderTest);
    CPPUNIT_TEST(aRegistrationMakesOneProfile);
    CPPUNIT_TEST_SUITE_END();

public:
    void aRegistrationMakesOneProfile() {
        const Cue registered{.topic = "user.registered", .deliver = [this](const std::string& id) {
                                 Json::Value data;
                                 data["userId"] = kAda;
                                 data["email"] = "ada@example.org";
                                 return host_->deliver("user.registered", kAda, data, 1, id);
                             }};
        const Cue renamed{.topic = "Ada takes a name", .after = {"user.registered 1"}, .act = [this] {
                              Json::Value body;
                              body["name"] = "Ada";
                              host_->patch("/api/v1/users/me").as(kAda).json(body).send();
                          }};
        const fake::EveryOrder life({registered, renamed});
        CPPUNIT_ASSERT_EQUAL(std::string("1 Ada, told 2 3"),
                             life.play({.begin = [this]() -> fake::Host& { return fresh(); },
                                        .end = [this] { return left(); },
                                        .holds = [this] { told(); }}));
    }

private:
    fake::Host& fresh() {
        host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST);
        return *host_;
    }
    std::string left() {
        const Json::Value rows = host_->query("SELECT name FROM users");
        return std::to_string(rows.size()) + " " + rows[0]["name"].asString() + ", told" + told();
    }
    /// The versions of what was told: the registration itself was the first.
    std::string told() {
        std::string versions;
        std::int64_t version = 1;
        for (const auto& event : host_->published()) {
            CPPUNIT_ASSERT_EQUAL(++version, event.version);
            versions += " " + std::to_string(event.version);
        }
        return versions;
    }

    std::unique_ptr<fake::Host> host_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(EventsOrderTest);

}  // namespace
