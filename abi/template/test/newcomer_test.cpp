// The service on a host in memory.

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/fake/host.h>

#include "domain.h"

namespace {

using namespace stoa;

class NewcomerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(NewcomerTest);
    CPPUNIT_TEST(anEntryIsKeptAndAnnouncedOnce);
    CPPUNIT_TEST(aTitleNeedsAWord);
    CPPUNIT_TEST(theListHasPages);
    CPPUNIT_TEST(titlesAreTidied);
    CPPUNIT_TEST_SUITE_END();

public:
    fake::Answer create(const std::string& title, const std::string& key) {
        Json::Value body;
        body["title"] = title;
        return host_.post("/api/v1/newcomer").key(key).json(body).send();
    }

    void anEntryIsKeptAndAnnouncedOnce() {
        const fake::Answer created = create("Hello", "k1");
        CPPUNIT_ASSERT_EQUAL(201, created.status);
        CPPUNIT_ASSERT(create("Hello", "k1").replayed());
        CPPUNIT_ASSERT_EQUAL(created.body, host_.get(created.header("Location")).send().body);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_.published("newcomer.entry_created").size());
        CPPUNIT_ASSERT_EQUAL(404, host_.get("/api/v1/newcomer/0190a5b0-0000-7000-8000-000000000001").send().status);
    }

    void aTitleNeedsAWord() {
        CPPUNIT_ASSERT_EQUAL(std::string("blank-title"), create("  ", "k1").problem());
        CPPUNIT_ASSERT(host_.published().empty());
    }

    void theListHasPages() {
        for (const char* title : {"one", "two", "three"}) {
            CPPUNIT_ASSERT_EQUAL(201, create(title, title).status);
        }
        const Json::Value first = host_.get("/api/v1/newcomer?limit=2").send().json();
        CPPUNIT_ASSERT_EQUAL(Json::ArrayIndex{2}, first["items"].size());
        const Json::Value second =
            host_.get("/api/v1/newcomer?limit=2&cursor=" + first["nextCursor"].asString()).send().json();
        CPPUNIT_ASSERT_EQUAL(std::string("three"), second["items"][0]["title"].asString());
        CPPUNIT_ASSERT(!second.isMember("nextCursor"));
    }

    static void titlesAreTidied() {
        CPPUNIT_ASSERT_EQUAL(std::string("two words"), newcomer::tidied("  two \t words\n"));
        CPPUNIT_ASSERT_EQUAL(std::string(), newcomer::tidied(" \n"));
    }

private:
    fake::Host host_{STOA_TEST_MANIFEST};
};

CPPUNIT_TEST_SUITE_REGISTRATION(NewcomerTest);

}  // namespace
