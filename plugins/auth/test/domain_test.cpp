// Rules of accounts, sessions and failed logins.

#include <cppunit/extensions/HelperMacros.h>

#include "domain.h"

namespace {

using namespace auth;
using std::chrono::hours;
using std::chrono::seconds;

const stoa::Time kNow = stoa::fromMicros(1'767'603'600'000'000);

class AuthDomainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AuthDomainTest);
    CPPUNIT_TEST(anAddressHasOneSpelling);
    CPPUNIT_TEST(passwordsThatAreEasyToGuessAreRefused);
    CPPUNIT_TEST(rolesAreSortedAndEachThereOnce);
    CPPUNIT_TEST(anAdminStaysOne);
    CPPUNIT_TEST(eachFailureDoublesTheWait);
    CPPUNIT_TEST(theWaitIsCapped);
    CPPUNIT_TEST(oldFailuresAreForgotten);
    CPPUNIT_TEST(aPartOfASecondIsWaitedAsAWholeOne);
    CPPUNIT_TEST(everyFateOfARefreshToken);
    CPPUNIT_TEST_SUITE_END();

public:
    void anAddressHasOneSpelling() {
        CPPUNIT_ASSERT_EQUAL(std::string("ada.l@example.org"), normalEmail("Ada.L@EXAMPLE.org"));
    }

    void passwordsThatAreEasyToGuessAreRefused() {
        const auto email = "Ada.Lovelace@example.org";
        CPPUNIT_ASSERT(weakness("ada.lovelace@example.org", email));
        CPPUNIT_ASSERT(weakness("ADA.lovelace", email));
        CPPUNIT_ASSERT(weakness("aaaaaaaa", email));
        CPPUNIT_ASSERT(!weakness("correct horse", email));
        CPPUNIT_ASSERT(!weakness("ada.lovelace1", email));
    }

    void rolesAreSortedAndEachThereOnce() {
        const auto roles = normalRoles({"staff", "admin", "staff"});
        CPPUNIT_ASSERT_EQUAL(std::string("admin staff"), rolesClaim(roles));
        CPPUNIT_ASSERT_EQUAL(std::string(), rolesClaim({}));
    }

    void anAdminStaysOne() {
        CPPUNIT_ASSERT(!mayGive("a", "a", {"staff"}));
        CPPUNIT_ASSERT(mayGive("a", "a", {"admin"}));
        CPPUNIT_ASSERT(mayGive("a", "b", {"customer"}));
    }

    void eachFailureDoublesTheWait() {
        Attempts attempts;
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, secondsToWait(attempts, kNow));
        stoa::Time now = kNow;
        for (const std::int64_t wait : {2, 4, 8, 16, 32}) {
            attempts = afterFailure(attempts, now, seconds{900});
            CPPUNIT_ASSERT_EQUAL(wait, secondsToWait(attempts, now));
            now += seconds{wait};
            CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, secondsToWait(attempts, now));
        }
    }

    void theWaitIsCapped() {
        const auto attempts = afterFailure({1'000'000, kNow}, kNow, seconds{900});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{900}, secondsToWait(attempts, kNow));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1'000'001}, attempts.failures);
    }

    void oldFailuresAreForgotten() {
        CPPUNIT_ASSERT_EQUAL(std::int64_t{6}, afterFailure({5, kNow}, kNow + hours{23}, seconds{900}).failures);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, afterFailure({5, kNow}, kNow + hours{24}, seconds{900}).failures);
    }

    void aPartOfASecondIsWaitedAsAWholeOne() {
        const Attempts attempts{1, kNow + stoa::microseconds{1}};
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, secondsToWait(attempts, kNow));
    }

    void everyFateOfARefreshToken() {
        const seconds grace{10};
        RefreshToken token;
        token.expires = kNow + hours{1};
        const auto fate = [&](stoa::Time now) { return static_cast<int>(fateOf(token, now, grace)); };
        const auto is = [](Fate wanted) { return static_cast<int>(wanted); };
        CPPUNIT_ASSERT_EQUAL(is(Fate::kRotate), fate(kNow));
        CPPUNIT_ASSERT_EQUAL(is(Fate::kRefuse), fate(kNow + hours{1}));
        token.used = kNow;
        CPPUNIT_ASSERT_EQUAL(is(Fate::kSupersede), fate(kNow + seconds{9}));
        CPPUNIT_ASSERT_EQUAL(is(Fate::kReuse), fate(kNow + seconds{10}));
        CPPUNIT_ASSERT_EQUAL(is(Fate::kReuse), fate(kNow + hours{2}));
        token.revoked = true;
        CPPUNIT_ASSERT_EQUAL(is(Fate::kRefuse), fate(kNow));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AuthDomainTest);

}  // namespace
