// Signing in and staying signed in, on a fake host.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include <stoa/base64.h>
#include <stoa/fake/host.h>
#include <stoa/json.h>
#include <stoa/sha256.h>

namespace {

using namespace stoa;
using std::chrono::hours;
using std::chrono::seconds;

const std::string kAuth = "/api/v1/auth/";

class SessionTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SessionTest);
    CPPUNIT_TEST(aLoginGivesTokensWithEveryClaim);
    CPPUNIT_TEST(tokensAreNotToBeCached);
    CPPUNIT_TEST(aWrongPasswordAndAnUnknownAddressLookTheSame);
    CPPUNIT_TEST(aFailureMakesTheNextTryWaitTwiceAsLong);
    CPPUNIT_TEST(theRightPasswordHasToWaitToo);
    CPPUNIT_TEST(aSuccessForgetsFailures);
    CPPUNIT_TEST(othersAndOtherAddressesDontWait);
    CPPUNIT_TEST(badLoginsAreRefused);
    CPPUNIT_TEST(aRefreshRotates);
    CPPUNIT_TEST(aLateReuseEndsTheSession);
    CPPUNIT_TEST(withinTheGraceALostAnswerIsMadeUpFor);
    CPPUNIT_TEST(whatWasSupersededCountsAsUsed);
    CPPUNIT_TEST(aSessionThatIsNotUsedExpires);
    CPPUNIT_TEST(aRefreshTakesUpNewRoles);
    CPPUNIT_TEST(unknownTokensAreRefused);
    CPPUNIT_TEST(aLostRaceOfARefreshIsTriedAgain);
    CPPUNIT_TEST(logoutEndsTheSessionAndNoOther);
    CPPUNIT_TEST(logoutOfNothingIsFine);
    CPPUNIT_TEST(onlyHashesAreKept);
    CPPUNIT_TEST(whatIsOverIsCleanedUp);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST);
        user_ =
            host_->post(kAuth + "register").key("k").json(person("correct horse")).send().json()["userId"].asString();
    }

    static Json::Value person(const std::string& password, const std::string& email = "ada@example.org") {
        Json::Value body;
        body["email"] = email;
        body["password"] = password;
        return body;
    }
    fake::Answer login(const std::string& password = "correct horse", const std::string& email = "ada@example.org",
                       const std::string& from = "192.0.2.1") {
        return host_->post(kAuth + "login").from(from).json(person(password, email)).send();
    }
    fake::Answer sendToken(const std::string& route, const std::string& token) {
        Json::Value body;
        body["refreshToken"] = token;
        return host_->post(kAuth + route).json(body).send();
    }
    fake::Answer refresh(const std::string& token) { return sendToken("refresh", token); }
    static std::string tokenOf(const fake::Answer& answer) { return answer.json()["refreshToken"].asString(); }
    static Json::Value claimsOf(const fake::Answer& answer) {
        const std::string token = answer.json()["accessToken"].asString();
        const std::size_t first = token.find('.');
        return *parseJson(*fromBase64Url(token.substr(first + 1, token.rfind('.') - first - 1)));
    }
    unsigned liveTokens() { return host_->query("SELECT session_id FROM refresh_tokens WHERE used_us IS NULL").size(); }
    void expectRefused(const fake::Answer& answer) {
        CPPUNIT_ASSERT_EQUAL(401, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("invalid-refresh-token"), answer.problem());
    }

    void aLoginGivesTokensWithEveryClaim() {
        const auto answer = login("correct horse", "ADA@example.org");
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        const auto tokens = answer.json();
        CPPUNIT_ASSERT_EQUAL(600, tokens["expiresIn"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("Bearer"), tokens["tokenType"].asString());
        CPPUNIT_ASSERT_EQUAL(user_, tokens["userId"].asString());
        const auto claims = claimsOf(answer);
        CPPUNIT_ASSERT_EQUAL(std::string("stoa-auth"), claims["iss"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("stoa"), claims["aud"].asString());
        CPPUNIT_ASSERT_EQUAL(user_, claims["sub"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("customer"), claims["roles"].asString());
        CPPUNIT_ASSERT_EQUAL(Json::Int64{1'767'603'600}, claims["iat"].asInt64());
        CPPUNIT_ASSERT_EQUAL(Json::Int64{1'767'604'200}, claims["exp"].asInt64());
        CPPUNIT_ASSERT(!claims["sid"].asString().empty() && !claims["jti"].asString().empty());
        CPPUNIT_ASSERT(claimsOf(login())["jti"] != claims["jti"]);
    }

    void tokensAreNotToBeCached() {
        const auto answer = login();
        CPPUNIT_ASSERT_EQUAL(std::string("no-store"), answer.header("Cache-Control"));
        CPPUNIT_ASSERT_EQUAL(std::string("no-store"), refresh(tokenOf(answer)).header("Cache-Control"));
    }

    void aWrongPasswordAndAnUnknownAddressLookTheSame() {
        const auto wrong = login("wrong horse");
        const auto unknown = login("wrong horse", "eve@example.org");
        CPPUNIT_ASSERT_EQUAL(401, wrong.status);
        CPPUNIT_ASSERT_EQUAL(std::string("invalid-credentials"), wrong.problem());
        CPPUNIT_ASSERT_EQUAL(wrong.body, unknown.body);
        CPPUNIT_ASSERT_EQUAL(login("wrong horse").body, login("wrong horse", "eve@example.org").body);
        CPPUNIT_ASSERT_EQUAL(2.0, host_->metric("auth_login_failures_total"));
        CPPUNIT_ASSERT_EQUAL(2.0, host_->metric("auth_login_throttled_total"));
    }

    void aFailureMakesTheNextTryWaitTwiceAsLong() {
        for (const int wait : {2, 4, 8, 16}) {
            CPPUNIT_ASSERT_EQUAL(401, login("wrong horse").status);
            const auto refused = login("wrong horse");
            CPPUNIT_ASSERT_EQUAL(429, refused.status);
            CPPUNIT_ASSERT_EQUAL(std::string("too-many-requests"), refused.problem());
            CPPUNIT_ASSERT_EQUAL(std::to_string(wait), refused.header("Retry-After"));
            host_->moveClock(seconds{wait});
        }
    }

    void theRightPasswordHasToWaitToo() {
        login("wrong horse");
        CPPUNIT_ASSERT_EQUAL(429, login().status);
        host_->moveClock(seconds{2});
        CPPUNIT_ASSERT_EQUAL(200, login().status);
    }

    void aSuccessForgetsFailures() {
        login("wrong horse");
        host_->moveClock(seconds{2});
        login();
        CPPUNIT_ASSERT_EQUAL(0u, host_->query("SELECT address FROM login_attempts").size());
        login("wrong horse");
        CPPUNIT_ASSERT_EQUAL(std::string("2"), login().header("Retry-After"));
    }

    void othersAndOtherAddressesDontWait() {
        login("wrong horse");
        CPPUNIT_ASSERT_EQUAL(200, login("correct horse", "ada@example.org", "192.0.2.2").status);
        CPPUNIT_ASSERT_EQUAL(401, login("wrong horse", "eve@example.org").status);
    }

    void badLoginsAreRefused() {
        for (const char* body :
             {"{}", R"({"email":"ada@example.org"})", R"({"email":"ada","password":"x"})",
              R"({"email":"ada@example.org","password":""})", R"({"email":"ada@example.org","password":1})"}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(body, 400, host_->post(kAuth + "login").json(body).send().status);
        }
        CPPUNIT_ASSERT_EQUAL(0u, host_->query("SELECT address FROM login_attempts").size());
    }

    void aRefreshRotates() {
        const auto first = login();
        host_->moveClock(seconds{60});
        const auto second = refresh(tokenOf(first));
        CPPUNIT_ASSERT_EQUAL(200, second.status);
        CPPUNIT_ASSERT(tokenOf(first) != tokenOf(second));
        CPPUNIT_ASSERT_EQUAL(claimsOf(first)["sid"].asString(), claimsOf(second)["sid"].asString());
        CPPUNIT_ASSERT(claimsOf(first)["exp"].asInt64() < claimsOf(second)["exp"].asInt64());
        CPPUNIT_ASSERT_EQUAL(1u, liveTokens());
        CPPUNIT_ASSERT_EQUAL(200, refresh(tokenOf(second)).status);
    }

    void aLateReuseEndsTheSession() {
        const auto first = login();
        const auto other = login();
        const auto second = refresh(tokenOf(first));
        host_->moveClock(seconds{10});
        expectRefused(refresh(tokenOf(first)));
        expectRefused(refresh(tokenOf(second)));
        CPPUNIT_ASSERT_EQUAL(1.0, host_->metric("auth_refresh_token_reuse_total"));
        CPPUNIT_ASSERT_EQUAL(200, refresh(tokenOf(other)).status);
        CPPUNIT_ASSERT_EQUAL(1u, liveTokens());
        CPPUNIT_ASSERT_EQUAL(
            std::string("reuse"),
            host_->query("SELECT revoked_why FROM sessions WHERE revoked_us IS NOT NULL")[0]["revoked_why"].asString());
    }

    void withinTheGraceALostAnswerIsMadeUpFor() {
        const auto first = login();
        refresh(tokenOf(first));  // whose answer was lost
        host_->moveClock(seconds{9});
        const auto again = refresh(tokenOf(first));
        CPPUNIT_ASSERT_EQUAL(200, again.status);
        CPPUNIT_ASSERT_EQUAL(1u, liveTokens());
        host_->moveClock(hours{1});
        CPPUNIT_ASSERT_EQUAL(200, refresh(tokenOf(again)).status);
    }

    void whatWasSupersededCountsAsUsed() {
        const auto first = login();
        const auto second = refresh(tokenOf(first));
        const auto third = refresh(tokenOf(first));
        host_->moveClock(seconds{10});
        expectRefused(refresh(tokenOf(second)));
        expectRefused(refresh(tokenOf(third)));
        CPPUNIT_ASSERT_EQUAL(0u, liveTokens());
    }

    void aSessionThatIsNotUsedExpires() {
        const auto first = login();
        const auto other = login();
        host_->moveClock(hours{24 * 20});
        const auto second = refresh(tokenOf(first));
        host_->moveClock(hours{24 * 20});
        expectRefused(refresh(tokenOf(other)));
        CPPUNIT_ASSERT_EQUAL(200, refresh(tokenOf(second)).status);
    }

    void aRefreshTakesUpNewRoles() {
        const auto first = login();
        host_->put(kAuth + "users/" + user_ + "/roles")
            .as("0190a0b0-0000-7000-8000-0000000000aa", "admin")
            .json(R"({"roles":["staff","customer"]})")
            .send();
        CPPUNIT_ASSERT_EQUAL(std::string("customer staff"), claimsOf(refresh(tokenOf(first)))["roles"].asString());
    }

    void unknownTokensAreRefused() {
        expectRefused(refresh("nothing"));
        for (const char* body : {"{}", R"({"refreshToken":""})", R"({"refreshToken":7})"}) {
            CPPUNIT_ASSERT_EQUAL(400, host_->post(kAuth + "refresh").json(body).send().status);
            CPPUNIT_ASSERT_EQUAL(400, host_->post(kAuth + "logout").json(body).send().status);
        }
    }

    void aLostRaceOfARefreshIsTriedAgain() {
        const auto first = login();
        host_->failCommits(1);
        const auto second = refresh(tokenOf(first));
        CPPUNIT_ASSERT_EQUAL(200, second.status);
        CPPUNIT_ASSERT_EQUAL(1u, liveTokens());
        CPPUNIT_ASSERT_EQUAL(200, refresh(tokenOf(second)).status);
    }

    void logoutEndsTheSessionAndNoOther() {
        const auto first = login();
        const auto other = login();
        CPPUNIT_ASSERT_EQUAL(204, sendToken("logout", tokenOf(first)).status);
        expectRefused(refresh(tokenOf(first)));
        CPPUNIT_ASSERT_EQUAL(0.0, host_->metric("auth_refresh_token_reuse_total"));
        CPPUNIT_ASSERT_EQUAL(200, refresh(tokenOf(other)).status);
    }

    void logoutOfNothingIsFine() {
        const auto first = login();
        CPPUNIT_ASSERT_EQUAL(204, sendToken("logout", "nothing").status);
        CPPUNIT_ASSERT_EQUAL(204, sendToken("logout", tokenOf(first)).status);
        CPPUNIT_ASSERT_EQUAL(204, sendToken("logout", tokenOf(first)).status);
    }

    void onlyHashesAreKept() {
        const std::string token = tokenOf(login());
        CPPUNIT_ASSERT_EQUAL(std::size_t{43}, token.size());
        CPPUNIT_ASSERT_EQUAL(hex(sha256(token)),
                             host_->query("SELECT token_hash FROM refresh_tokens")[0]["token_hash"].asString());
    }

    void whatIsOverIsCleanedUp() {
        login();
        const auto kept = login();
        login("wrong horse", "eve@example.org");
        host_->moveClock(hours{24 * 20});
        const auto fresh = refresh(tokenOf(kept));
        host_->advance(hours{24 * 11});
        CPPUNIT_ASSERT_EQUAL(1u, host_->query("SELECT session_id FROM sessions").size());
        CPPUNIT_ASSERT_EQUAL(1u, host_->query("SELECT session_id FROM refresh_tokens").size());
        CPPUNIT_ASSERT_EQUAL(0u, host_->query("SELECT address FROM login_attempts").size());
        CPPUNIT_ASSERT_EQUAL(200, refresh(tokenOf(fresh)).status);
    }

private:
    std::unique_ptr<fake::Host> host_;
    std::string user_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SessionTest);

}  // namespace
