// Accounts as their callers see them, on a fake host: registering, roles, the first admin.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include <stoa/fake/host.h>
#include <stoa/json.h>
#include <stoa/uuid.h>

namespace {

using namespace stoa;

const std::string kAuth = "/api/v1/auth/";
const std::string kAdmin = "0190a0b0-0000-7000-8000-0000000000aa";
const std::string kNobody = "0190a0b0-0000-7000-8000-0000000000bb";

class AccountTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AccountTest);
    CPPUNIT_TEST(aRegistrationMakesAnAccountAndSaysSo);
    CPPUNIT_TEST(aRepeatedRegistrationMakesOneAccount);
    CPPUNIT_TEST(aTakenAddressIsRefusedInAnySpelling);
    CPPUNIT_TEST(aLostRaceIsTriedAgain);
    CPPUNIT_TEST(badRegistrationsAreRefused);
    CPPUNIT_TEST(aWeakPasswordIsRefusedWithItsReason);
    CPPUNIT_TEST(noPasswordIsKeptInTheClear);
    CPPUNIT_TEST(theKeysArePublic);
    CPPUNIT_TEST(meIsForUsers);
    CPPUNIT_TEST(onlyAdminsSetRoles);
    CPPUNIT_TEST(rolesAreReplaced);
    CPPUNIT_TEST(badRolesAreRefused);
    CPPUNIT_TEST(anAdminKeepsTheRole);
    CPPUNIT_TEST(theFirstAdminIsMadeOnce);
    CPPUNIT_TEST(anAddressThatHasAnAccountStaysAsItIs);
    CPPUNIT_TEST(aMissingSecretIsTriedAgainAndSaid);
    CPPUNIT_TEST(withoutTheSettingThereIsNoAdmin);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST); }

    static Json::Value person(const std::string& email, const std::string& password = "correct horse") {
        Json::Value body;
        body["email"] = email;
        body["password"] = password;
        return body;
    }
    fake::Answer enrol(const std::string& email, const std::string& key) {
        return host_->post(kAuth + "register").key(key).json(person(email)).send();
    }
    fake::Answer login(const std::string& email, const std::string& password) {
        return host_->post(kAuth + "login").json(person(email, password)).send();
    }
    fake::Answer give(const std::string& user, const char* roles, const std::string& as = "admin") {
        return host_->put(kAuth + "users/" + user + "/roles").as(kAdmin, as).json(roles).send();
    }
    static fake::Options bootstrap(bool with_secret = true) {
        fake::Options options;
        options.settings["bootstrapAdmin"]["email"] = "Root@example.org";
        options.settings["bootstrapAdmin"]["passwordSecret"] = "first-admin";
        if (with_secret) {
            options.secrets["first-admin"] = "tall tree";
        }
        return options;
    }

    void aRegistrationMakesAnAccountAndSaysSo() {
        const auto answer = host_->post(kAuth + "register")
                                .key("k")
                                .json(R"({"email":"Ada@Example.org","password":"correct horse","name":"Ada"})")
                                .send();
        CPPUNIT_ASSERT_EQUAL(201, answer.status);
        const auto account = answer.json();
        CPPUNIT_ASSERT(isUuid(account["userId"].asString()));
        CPPUNIT_ASSERT_EQUAL(std::string("ada@example.org"), account["email"].asString());
        CPPUNIT_ASSERT_EQUAL(1u, account["roles"].size());
        CPPUNIT_ASSERT_EQUAL(std::string("customer"), account["roles"][0].asString());
        const auto events = host_->takePublished();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, events.size());
        CPPUNIT_ASSERT_EQUAL(std::string("user.registered"), events[0].topic);
        CPPUNIT_ASSERT_EQUAL(account["userId"].asString(), events[0].key);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, events[0].version);
        CPPUNIT_ASSERT_EQUAL(std::string("ada@example.org"), events[0].data["email"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("Ada"), events[0].data["name"].asString());
    }

    void aRepeatedRegistrationMakesOneAccount() {
        const auto first = enrol("ada@example.org", "k");
        const auto second = enrol("ada@example.org", "k");
        CPPUNIT_ASSERT(second.replayed());
        CPPUNIT_ASSERT_EQUAL(first.body, second.body);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published().size());
        CPPUNIT_ASSERT_EQUAL(422, enrol("eve@example.org", "k").status);
    }

    void aTakenAddressIsRefusedInAnySpelling() {
        enrol("ada@example.org", "k1");
        const auto answer = enrol("ADA@example.ORG", "k2");
        CPPUNIT_ASSERT_EQUAL(409, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("email-taken"), answer.problem());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published().size());
        CPPUNIT_ASSERT_EQUAL(200, login("ada@example.org", "correct horse").status);
    }

    void aLostRaceIsTriedAgain() {
        host_->failCommits(1);
        CPPUNIT_ASSERT_EQUAL(201, enrol("ada@example.org", "k").status);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published().size());
    }

    void badRegistrationsAreRefused() {
        for (const char* body :
             {"{}", "[]", "{", R"({"email":"ada@example.org"})", R"({"password":"correct horse"})",
              R"({"email":"ada","password":"correct horse"})", R"({"email":"ada@example.org","password":"short"})",
              R"({"email":"ada@example.org","password":"correct horse","roles":["admin"]})",
              R"({"email":"ada@example.org","password":"correct horse","name":""})"}) {
            const auto answer = host_->post(kAuth + "register").key("k").json(body).send();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(body, 400, answer.status);
        }
        const auto keyless = host_->post(kAuth + "register").json(person("ada@example.org")).send();
        CPPUNIT_ASSERT_EQUAL(std::string("idempotency-key-missing"), keyless.problem());
        CPPUNIT_ASSERT(host_->published().empty());
    }

    void aWeakPasswordIsRefusedWithItsReason() {
        const auto answer =
            host_->post(kAuth + "register").key("k").json(person("lovelace@example.org", "LoveLace")).send();
        CPPUNIT_ASSERT_EQUAL(422, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("weak-password"), answer.problem());
        CPPUNIT_ASSERT_EQUAL(std::string("/password"), answer.json()["errors"][0]["field"].asString());
    }

    void noPasswordIsKeptInTheClear() {
        enrol("ada@example.org", "k");
        const auto rows = host_->query("SELECT password_hash FROM credentials");
        CPPUNIT_ASSERT_EQUAL(std::string::npos, rows[0]["password_hash"].asString().find("correct"));
        for (const auto& line : host_->log()) {
            CPPUNIT_ASSERT_EQUAL(std::string::npos, line.message.find("correct"));
        }
    }

    void theKeysArePublic() {
        const auto answer = host_->get(kAuth + "jwks").send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("ES256"), answer.json()["keys"][0]["alg"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("public, max-age=300"), answer.header("Cache-Control"));
    }

    void meIsForUsers() {
        const std::string id = enrol("ada@example.org", "k").json()["userId"].asString();
        CPPUNIT_ASSERT_EQUAL(std::string("ada@example.org"),
                             host_->get(kAuth + "me").as(id).send().json()["email"].asString());
        CPPUNIT_ASSERT_EQUAL(401, host_->get(kAuth + "me").send().status);
        CPPUNIT_ASSERT_EQUAL(404, host_->get(kAuth + "me").as(kAdmin).send().status);
    }

    void onlyAdminsSetRoles() {
        const std::string id = enrol("ada@example.org", "k").json()["userId"].asString();
        const char* roles = R"({"roles":["admin"]})";
        CPPUNIT_ASSERT_EQUAL(403, give(id, roles, "customer").status);
        CPPUNIT_ASSERT_EQUAL(403, give(id, roles, "staff").status);
        CPPUNIT_ASSERT_EQUAL(401, host_->put(kAuth + "users/" + id + "/roles").json(roles).send().status);
        CPPUNIT_ASSERT_EQUAL(403,
                             host_->put(kAuth + "users/" + id + "/roles").service("order").json(roles).send().status);
        CPPUNIT_ASSERT_EQUAL(200, give(id, roles).status);
    }

    void rolesAreReplaced() {
        const std::string id = enrol("ada@example.org", "k").json()["userId"].asString();
        const auto answer = give(id, R"({"roles":["staff","admin"]})");
        CPPUNIT_ASSERT_EQUAL(std::string(R"(["admin","staff"])"), rolesText(answer));
        CPPUNIT_ASSERT_EQUAL(std::string(R"(["admin","staff"])"), rolesText(host_->get(kAuth + "me").as(id).send()));
        give(id, R"({"roles":["customer"]})");
        CPPUNIT_ASSERT_EQUAL(std::string(R"(["customer"])"), rolesText(host_->get(kAuth + "me").as(id).send()));
    }
    static std::string rolesText(const fake::Answer& answer) { return writeJson(answer.json()["roles"]); }

    void badRolesAreRefused() {
        const std::string id = enrol("ada@example.org", "k").json()["userId"].asString();
        for (const char* roles : {"{}", R"({"roles":[]})", R"({"roles":["king"]})", R"({"roles":["staff","staff"]})"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(roles, 400, give(id, roles).status);
        }
        CPPUNIT_ASSERT_EQUAL(404, give(kNobody, R"({"roles":["staff"]})").status);
        CPPUNIT_ASSERT_EQUAL(400, give("nobody", R"({"roles":["staff"]})").status);
    }

    void anAdminKeepsTheRole() {
        const auto answer = give(kAdmin, R"({"roles":["staff"]})");
        CPPUNIT_ASSERT_EQUAL(409, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("own-role"), answer.problem());
    }

    void theFirstAdminIsMadeOnce() {
        fake::Host host{STOA_TEST_MANIFEST, bootstrap()};
        host.runDue();
        const auto events = host.takePublished("user.registered");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, events.size());
        CPPUNIT_ASSERT_EQUAL(std::string("root@example.org"), events[0].data["email"].asString());
        host.restart();
        host.runDue();
        CPPUNIT_ASSERT(host.published().empty());
        const auto answer = host.post(kAuth + "login").json(person("root@example.org", "tall tree")).send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string(R"(["admin","staff"])"),
                             rolesText(host.get(kAuth + "me").as(answer.json()["userId"].asString()).send()));
    }

    void anAddressThatHasAnAccountStaysAsItIs() {
        fake::Host host{STOA_TEST_MANIFEST, bootstrap()};
        const auto own = host.post(kAuth + "register").key("k").json(person("root@example.org")).send();
        host.runDue();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host.published().size());
        CPPUNIT_ASSERT_EQUAL(std::string(R"(["customer"])"),
                             rolesText(host.get(kAuth + "me").as(own.json()["userId"].asString()).send()));
    }

    void aMissingSecretIsTriedAgainAndSaid() {
        fake::Host host{STOA_TEST_MANIFEST, bootstrap(false)};
        host.runDue();
        CPPUNIT_ASSERT(host.published().empty());
        CPPUNIT_ASSERT(host.lastError().find("first-admin") != std::string::npos);
        bool waiting = false;
        for (const auto& timer : host.timers()) {
            waiting = waiting || timer.name == "bootstrap-admin";
        }
        CPPUNIT_ASSERT(waiting);
    }

    void withoutTheSettingThereIsNoAdmin() {
        host_->runDue();
        CPPUNIT_ASSERT_EQUAL(0u, host_->query("SELECT user_id FROM credentials").size());
    }

private:
    std::unique_ptr<fake::Host> host_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(AccountTest);

}  // namespace
