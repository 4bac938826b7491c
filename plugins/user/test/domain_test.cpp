// Rules of profiles and addresses.

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/uuid.h>

#include "domain.h"

namespace {

using namespace user;

Address address(const char* id, bool is_default = false) {
    Address made;
    made.id = id;
    made.is_default = is_default;
    return made;
}

class UserDomainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(UserDomainTest);
    CPPUNIT_TEST(aProfileIsForItsUserForStaffAndForThreeServices);
    CPPUNIT_TEST(theWantedAddressIsTheDefault);
    CPPUNIT_TEST(thereIsADefaultAsLongAsThereIsAnAddress);
    CPPUNIT_TEST(onlyCodesOfIsoAreCountries);
    CPPUNIT_TEST(aProfileMayComeForHalfAMinute);
    CPPUNIT_TEST_SUITE_END();

public:
    void aProfileIsForItsUserForStaffAndForThreeServices() {
        CPPUNIT_ASSERT(mayRead({"u1", false, ""}, "u1"));
        CPPUNIT_ASSERT(!mayRead({"u2", false, ""}, "u1"));
        CPPUNIT_ASSERT(mayRead({"u2", true, ""}, "u1"));
        CPPUNIT_ASSERT(mayRead({"", false, "order"}, "u1"));
        CPPUNIT_ASSERT(mayRead({"u2", false, "shipping"}, "u1"));
        CPPUNIT_ASSERT(mayRead({"", false, "notification"}, "u1"));
        CPPUNIT_ASSERT(!mayRead({"u2", false, "cart"}, "u1"));
        CPPUNIT_ASSERT(!mayRead({"", false, ""}, ""));
    }

    void theWantedAddressIsTheDefault() {
        CPPUNIT_ASSERT_EQUAL(std::string("b"), defaultOf({address("a", true), address("b")}, "b"));
        CPPUNIT_ASSERT_EQUAL(std::string("a"), defaultOf({address("b"), address("a", true)}, ""));
    }

    void thereIsADefaultAsLongAsThereIsAnAddress() {
        CPPUNIT_ASSERT_EQUAL(std::string("a"), defaultOf({address("a"), address("b")}, ""));
        CPPUNIT_ASSERT_EQUAL(std::string(), defaultOf({}, ""));
    }

    void onlyCodesOfIsoAreCountries() {
        for (const char* code : {"AD", "DE", "FR", "GA", "US", "ZW"}) {
            CPPUNIT_ASSERT_MESSAGE(code, isCountry(code));
        }
        for (const char* code : {"XX", "UK", "de", "D", "DEU", "", "E ", " A", "D A"}) {
            CPPUNIT_ASSERT_MESSAGE(code, !isCountry(code));
        }
    }

    void aProfileMayComeForHalfAMinute() {
        const auto now = stoa::fromMicros(1'767'603'600'000'000);
        const std::string id = stoa::uuidV7(stoa::toMicros(now) / 1000, {});
        CPPUNIT_ASSERT(profileMayStillCome(id, now + std::chrono::seconds{29}));
        CPPUNIT_ASSERT(!profileMayStillCome(id, now + std::chrono::seconds{30}));
        CPPUNIT_ASSERT(!profileMayStillCome("somebody", now));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(UserDomainTest);

}  // namespace
