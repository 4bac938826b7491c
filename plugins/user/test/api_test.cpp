// The service as its callers see it, on a fake host.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <memory>

#include <stoa/fake/host.h>
#include <stoa/json.h>
#include <stoa/uuid.h>

namespace {

using namespace stoa;

const std::string kMe = "/api/v1/users/me";
const std::string kAddresses = kMe + "/addresses";

class UserApiTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(UserApiTest);
    CPPUNIT_TEST(aRegistrationMakesAProfile);
    CPPUNIT_TEST(aRegistrationCountsOnce);
    CPPUNIT_TEST(aNameIsOptional);
    CPPUNIT_TEST(aProfileThatIsLateIsSaidToBe);
    CPPUNIT_TEST(everyRouteNeedsAUser);
    CPPUNIT_TEST(servicesStaffAndTheUserReadAProfile);
    CPPUNIT_TEST(othersProfilesAreNotThere);
    CPPUNIT_TEST(aChangedNameIsPublished);
    CPPUNIT_TEST(anEmptyNameRemovesIt);
    CPPUNIT_TEST(theSameNameIsNoChange);
    CPPUNIT_TEST(aChangeOfAnOldVersionIsRefused);
    CPPUNIT_TEST(badProfilesAreRefused);
    CPPUNIT_TEST(aLostRaceIsTriedAgain);
    CPPUNIT_TEST(theFirstAddressIsTheDefault);
    CPPUNIT_TEST(theDefaultMoves);
    CPPUNIT_TEST(aReplacedDefaultStaysTheDefault);
    CPPUNIT_TEST(aDeletedDefaultIsSucceededByTheOldest);
    CPPUNIT_TEST(aRepeatedAddressIsAddedOnce);
    CPPUNIT_TEST(badAddressesAreRefused);
    CPPUNIT_TEST(thereAreAtMostFiftyAddresses);
    CPPUNIT_TEST(othersAddressesAreNotThere);
    CPPUNIT_TEST(addressesChangeTheVersionOfTheProfile);
    CPPUNIT_TEST(preferencesAreKeptAndPublished);
    CPPUNIT_TEST(versionsOfEventsHaveNoGaps);
    CPPUNIT_TEST(aRegistrationThatComesAgainUndoesNothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST);
        ada_ = newUser();
        bob_ = newUser();
        CPPUNIT_ASSERT(registered(ada_, "ada@example.org", "Ada") == STOA_OK);
        CPPUNIT_ASSERT(registered(bob_, "bob@example.org", "Bob") == STOA_OK);
        host_->takePublished();
    }

    std::string newUser() {
        return uuidV7(toMicros(host_->now()) / 1000, {0, 0, 0, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(++users_)});
    }

    stoa_status registered(const std::string& id, const std::string& email, const std::string& name = "",
                           const std::string& event = "") {
        Json::Value data;
        data["userId"] = id;
        data["email"] = email;
        if (!name.empty()) {
            data["name"] = name;
        }
        return host_->deliver("user.registered", id, data, 1, event);
    }

    fake::Answer get(const std::string& path) { return host_->get(path).as(ada_).send(); }
    fake::Answer rename(const std::string& name) {
        Json::Value body;
        body["name"] = name;
        return host_->patch(kMe).as(ada_).json(body).send();
    }

    static Json::Value home(const std::string& line = "1 Stoa Street", bool is_default = false) {
        Json::Value body;
        body["name"] = "Ada";
        body["line1"] = line;
        body["postalCode"] = "10115";
        body["city"] = "Berlin";
        body["country"] = "DE";
        body["isDefault"] = is_default;
        return body;
    }
    fake::Answer add(const std::string& line, bool is_default = false) {
        return host_->post(kAddresses).as(ada_).key(line).json(home(line, is_default)).send();
    }
    std::string added(const std::string& line, bool is_default = false) {
        return add(line, is_default).json()["addressId"].asString();
    }
    std::string defaultLine() { return get(kMe).json()["defaultAddress"]["line1"].asString(); }

    void aRegistrationMakesAProfile() {
        const auto answer = get(kMe);
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("\"1\""), answer.header("ETag"));
        const auto profile = answer.json();
        CPPUNIT_ASSERT_EQUAL(ada_, profile["userId"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("ada@example.org"), profile["email"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("Ada"), profile["name"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("2026-01-05T09:00:00Z"), profile["createdAt"].asString());
        CPPUNIT_ASSERT(!profile.isMember("defaultAddress"));
        CPPUNIT_ASSERT_EQUAL(true, get(kMe + "/preferences").json()["emailNotifications"].asBool());
    }

    void aRegistrationCountsOnce() {
        const std::string id = newUser();
        CPPUNIT_ASSERT(registered(id, "eve@example.org", "Eve", "event-1") == STOA_OK);
        CPPUNIT_ASSERT(host_->deliverAgain() == STOA_OK);
        CPPUNIT_ASSERT(registered(id, "other@example.org", "Other", "event-2") == STOA_OK);
        const auto published = host_->takePublished("user.profile.updated");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, published.size());
        CPPUNIT_ASSERT_EQUAL(id, published[0].key);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, published[0].version);
        CPPUNIT_ASSERT_EQUAL(std::string("eve@example.org"), published[0].data["profile"]["email"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("Eve"), host_->get(kMe).as(id).send().json()["name"].asString());
    }

    void aNameIsOptional() {
        const std::string id = newUser();
        CPPUNIT_ASSERT(registered(id, "eve@example.org") == STOA_OK);
        CPPUNIT_ASSERT(!host_->get(kMe).as(id).send().json().isMember("name"));
        CPPUNIT_ASSERT(!host_->takePublished().back().data["profile"].isMember("name"));
        CPPUNIT_ASSERT(registered(newUser(), "no address") == STOA_INVALID);
    }

    void aProfileThatIsLateIsSaidToBe() {
        const std::string id = newUser();
        const auto early = host_->get(kMe).as(id).send();
        CPPUNIT_ASSERT_EQUAL(503, early.status);
        CPPUNIT_ASSERT_EQUAL(std::string("1"), early.header("Retry-After"));
        host_->advance(std::chrono::seconds{31});
        for (const std::string& path : {kMe, kAddresses, kMe + "/preferences"}) {
            const auto late = host_->get(path).as(id).send();
            CPPUNIT_ASSERT_EQUAL(409, late.status);
            CPPUNIT_ASSERT_EQUAL(std::string("profile-missing"), late.problem());
        }
    }

    void everyRouteNeedsAUser() {
        for (const std::string& path : {kMe, kAddresses, kMe + "/preferences", "/api/v1/users/" + ada_}) {
            CPPUNIT_ASSERT_EQUAL(401, host_->get(path).send().status);
        }
        CPPUNIT_ASSERT_EQUAL(403, host_->get("/api/v1/users/" + ada_).service("cart").send().status);
        CPPUNIT_ASSERT_EQUAL(403, host_->get(kMe).service("order").send().status);
    }

    void servicesStaffAndTheUserReadAProfile() {
        const std::string path = "/api/v1/users/" + ada_;
        for (const char* service : {"order", "shipping", "notification"}) {
            CPPUNIT_ASSERT_EQUAL(ada_, host_->get(path).service(service).send().json()["userId"].asString());
        }
        CPPUNIT_ASSERT_EQUAL(200, host_->get(path).as(ada_).send().status);
        CPPUNIT_ASSERT_EQUAL(200, host_->get(path).as(bob_, "staff").send().status);
        CPPUNIT_ASSERT_EQUAL(404, host_->get("/api/v1/users/" + newUser()).service("order").send().status);
        CPPUNIT_ASSERT_EQUAL(400, host_->get("/api/v1/users/nobody").service("order").send().status);
    }

    void othersProfilesAreNotThere() {
        const auto others = host_->get("/api/v1/users/" + ada_).as(bob_).send();
        const auto nobodys = host_->get("/api/v1/users/" + newUser()).as(bob_).send();
        CPPUNIT_ASSERT_EQUAL(404, others.status);
        CPPUNIT_ASSERT_EQUAL(nobodys.body, others.body);
        CPPUNIT_ASSERT_EQUAL(404, host_->get("/api/v1/users/" + ada_).as(bob_).service("cart").send().status);
    }

    void aChangedNameIsPublished() {
        const auto answer = host_->patch(kMe).as(ada_).ifMatch(1).json(R"({"name":"Ada L."})").send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("\"2\""), answer.header("ETag"));
        const auto published = host_->takePublished("user.profile.updated");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, published.size());
        CPPUNIT_ASSERT_EQUAL(std::string("Ada L."), published[0].data["profile"]["name"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("Bob"), host_->get(kMe).as(bob_).send().json()["name"].asString());
    }

    void anEmptyNameRemovesIt() { CPPUNIT_ASSERT(!rename("").json().isMember("name")); }

    void theSameNameIsNoChange() {
        CPPUNIT_ASSERT_EQUAL(std::string("\"1\""), rename("Ada").header("ETag"));
        CPPUNIT_ASSERT(host_->published().empty());
    }

    void aChangeOfAnOldVersionIsRefused() {
        rename("Ada L.");
        host_->takePublished();
        const auto answer = host_->patch(kMe).as(ada_).ifMatch(1).json(R"({"name":"Late"})").send();
        CPPUNIT_ASSERT_EQUAL(412, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("precondition-failed"), answer.problem());
        CPPUNIT_ASSERT_EQUAL(std::string("Ada L."), get(kMe).json()["name"].asString());
        CPPUNIT_ASSERT(host_->published().empty());
    }

    void badProfilesAreRefused() {
        for (const char* body :
             {"{}", "[]", R"({"name":1})", R"({"email":"x@example.org"})", R"({"name":"a","name":"b"})"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(body, 400, host_->patch(kMe).as(ada_).json(body).send().status);
        }
        CPPUNIT_ASSERT_EQUAL(400, rename(std::string(201, 'a')).status);
    }

    void aLostRaceIsTriedAgain() {
        host_->failCommits(1);
        CPPUNIT_ASSERT_EQUAL(200, rename("Ada L.").status);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published().size());
    }

    void theFirstAddressIsTheDefault() {
        const auto answer = add("first");
        CPPUNIT_ASSERT_EQUAL(201, answer.status);
        CPPUNIT_ASSERT(answer.json()["isDefault"].asBool());
        const std::string id = answer.json()["addressId"].asString();
        CPPUNIT_ASSERT_EQUAL(kAddresses + "/" + id, answer.header("Location"));
        CPPUNIT_ASSERT_EQUAL(answer.body, get(kAddresses + "/" + id).body);
        CPPUNIT_ASSERT_EQUAL(std::string("first"), defaultLine());
        CPPUNIT_ASSERT(!add("second").json()["isDefault"].asBool());
        CPPUNIT_ASSERT_EQUAL(std::string("first"), defaultLine());
    }

    void theDefaultMoves() {
        added("first");
        const std::string second = added("second", true);
        CPPUNIT_ASSERT_EQUAL(std::string("second"), defaultLine());
        const auto items = get(kAddresses).json()["items"];
        CPPUNIT_ASSERT_EQUAL(2u, items.size());
        CPPUNIT_ASSERT(!items[0]["isDefault"].asBool());
        CPPUNIT_ASSERT_EQUAL(second, items[1]["addressId"].asString());
    }

    void aReplacedDefaultStaysTheDefault() {
        const std::string first = added("first");
        const std::string second = added("second");
        const auto answer = host_->put(kAddresses + "/" + first).as(ada_).json(home("elsewhere")).send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT(answer.json()["isDefault"].asBool());
        CPPUNIT_ASSERT_EQUAL(std::string("elsewhere"), defaultLine());
        host_->put(kAddresses + "/" + second).as(ada_).json(home("second", true)).send();
        CPPUNIT_ASSERT_EQUAL(std::string("second"), defaultLine());
    }

    void aDeletedDefaultIsSucceededByTheOldest() {
        const std::string first = added("first");
        added("second");
        added("third");
        CPPUNIT_ASSERT_EQUAL(204, host_->del(kAddresses + "/" + first).as(ada_).send().status);
        CPPUNIT_ASSERT_EQUAL(std::string("second"), defaultLine());
        CPPUNIT_ASSERT_EQUAL(404, get(kAddresses + "/" + first).status);
        CPPUNIT_ASSERT_EQUAL(404, host_->del(kAddresses + "/" + first).as(ada_).send().status);
        CPPUNIT_ASSERT_EQUAL(404, host_->put(kAddresses + "/" + first).as(ada_).json(home()).send().status);
    }

    void aRepeatedAddressIsAddedOnce() {
        CPPUNIT_ASSERT_EQUAL(add("first").body, add("first").body);
        CPPUNIT_ASSERT_EQUAL(1u, get(kAddresses).json()["items"].size());
        CPPUNIT_ASSERT_EQUAL(400, host_->post(kAddresses).as(ada_).json(home()).send().status);
    }

    void badAddressesAreRefused() {
        Json::Value nowhere = home();
        nowhere["country"] = "XX";
        const auto answer = host_->post(kAddresses).as(ada_).key("k").json(nowhere).send();
        CPPUNIT_ASSERT_EQUAL(422, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("unknown-country"), answer.problem());
        CPPUNIT_ASSERT_EQUAL(std::string("/country"), answer.json()["errors"][0]["field"].asString());
        for (const char* member : {"name", "line1", "postalCode", "city", "country"}) {
            Json::Value body = home();
            body.removeMember(member);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(member, 400,
                                         host_->post(kAddresses).as(ada_).key(member).json(body).send().status);
        }
    }

    void thereAreAtMostFiftyAddresses() {
        for (int i = 0; i < 50; ++i) {
            CPPUNIT_ASSERT_EQUAL(201, add("line " + std::to_string(i)).status);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("too-many-addresses"), add("one more").problem());
        CPPUNIT_ASSERT_EQUAL(50u, get(kAddresses).json()["items"].size());
    }

    void othersAddressesAreNotThere() {
        const std::string path = kAddresses + "/" + added("first");
        CPPUNIT_ASSERT_EQUAL(404, host_->get(path).as(bob_).send().status);
        CPPUNIT_ASSERT_EQUAL(404, host_->put(path).as(bob_).json(home("x")).send().status);
        CPPUNIT_ASSERT_EQUAL(404, host_->del(path).as(bob_).send().status);
        CPPUNIT_ASSERT_EQUAL(0u, host_->get(kAddresses).as(bob_).send().json()["items"].size());
        CPPUNIT_ASSERT_EQUAL(std::string("first"), defaultLine());
    }

    void addressesChangeTheVersionOfTheProfile() {
        added("first");
        CPPUNIT_ASSERT_EQUAL(std::string("\"2\""), get(kMe).header("ETag"));
        CPPUNIT_ASSERT(host_->published().empty());
    }

    void preferencesAreKeptAndPublished() {
        const char* wanted = R"({"emailNotifications":false,"locale":"de-DE"})";
        const auto answer = host_->put(kMe + "/preferences").as(ada_).json(wanted).send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string(wanted), answer.body);
        CPPUNIT_ASSERT_EQUAL(std::string(wanted), get(kMe + "/preferences").body);
        host_->put(kMe + "/preferences").as(ada_).json(wanted).send();
        const auto published = host_->takePublished("user.profile.updated");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, published.size());
        CPPUNIT_ASSERT_EQUAL(false, published[0].data["profile"]["emailNotifications"].asBool());
        CPPUNIT_ASSERT_EQUAL(std::string("de-DE"), published[0].data["profile"]["locale"].asString());
        for (const char* body : {"{}", R"({"emailNotifications":1})", R"({"emailNotifications":true,"locale":"x"})"}) {
            CPPUNIT_ASSERT_EQUAL(400, host_->put(kMe + "/preferences").as(ada_).json(body).send().status);
        }
    }

    void versionsOfEventsHaveNoGaps() {
        rename("A");
        added("first");
        host_->put(kMe + "/preferences").as(ada_).json(R"({"emailNotifications":false})").send();
        rename("B");
        std::int64_t last = 2;  // 1 was the registration, 2 the profile that it made
        for (const auto& event : host_->takePublished("user.profile.updated")) {
            CPPUNIT_ASSERT_EQUAL(++last, event.version);
        }
        CPPUNIT_ASSERT_EQUAL(std::int64_t{5}, last);
    }

    /// In every order with what the user does.
    void aRegistrationThatComesAgainUndoesNothing() {
        std::string steps = "nprR";  // name, preferences, the registration under another id and under its own
        std::sort(steps.begin(), steps.end());
        do {
            ada_ = newUser();
            CPPUNIT_ASSERT(registered(ada_, "ada@example.org", "Ada", "event of " + ada_) == STOA_OK);
            for (const char step : steps) {
                if (step == 'n') {
                    CPPUNIT_ASSERT_EQUAL(200, rename("Countess").status);
                } else if (step == 'p') {
                    host_->put(kMe + "/preferences").as(ada_).json(R"({"emailNotifications":false})").send();
                } else {
                    const std::string id = step == 'R' ? "event of " + ada_ : "";
                    CPPUNIT_ASSERT(registered(ada_, "ada@example.org", "Ada", id) == STOA_OK);
                }
            }
            const auto published = host_->takePublished("user.profile.updated");
            CPPUNIT_ASSERT_EQUAL_MESSAGE(steps, std::size_t{3}, published.size());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(steps, std::int64_t{4}, published[2].version);
            const Json::Value& profile = published[2].data["profile"];
            CPPUNIT_ASSERT_EQUAL_MESSAGE(steps, std::string("Countess"), profile["name"].asString());
            CPPUNIT_ASSERT_MESSAGE(steps, !profile["emailNotifications"].asBool());
        } while (std::next_permutation(steps.begin(), steps.end()));
    }

private:
    std::unique_ptr<fake::Host> host_;
    std::string ada_, bob_;
    int users_ = 0;
};

CPPUNIT_TEST_SUITE_REGISTRATION(UserApiTest);

}  // namespace
