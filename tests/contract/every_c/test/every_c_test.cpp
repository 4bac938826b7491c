#include <cppunit/extensions/HelperMacros.h>

#include <stoa/fake/host.h>

class EveryCTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(EveryCTest);
    CPPUNIT_TEST(rowEventTimerAndAnswerOfANoteShareOneCommit);
    CPPUNIT_TEST(aNoteGoesWithItsTimerOrItsEvent);
    CPPUNIT_TEST(asksTheHostTheNeighbourAndTheEndpoint);
    CPPUNIT_TEST_SUITE_END();

   public:
    void rowEventTimerAndAnswerOfANoteShareOneCommit() {
        const std::string id = takeNote();
        CPPUNIT_ASSERT_EQUAL(id, takeNote());  // the same key: the stored answer
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_.published("note.taken").size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_.timers().size());
        CPPUNIT_ASSERT_EQUAL(1.0, host_.metric("every_notes_total"));
        CPPUNIT_ASSERT_EQUAL(std::string("remember"),
                             host_.get("/api/v1/notes/" + id).send().json()["text"].asString());
    }

    void aNoteGoesWithItsTimerOrItsEvent() {
        const std::string first = takeNote();
        CPPUNIT_ASSERT_EQUAL(1, host_.advance(std::chrono::hours{1}));
        CPPUNIT_ASSERT_EQUAL(404, host_.get("/api/v1/notes/" + first).send().status);

        const std::string second = takeNote("another");
        Json::Value data;
        data["noteId"] = second;
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, static_cast<int>(host_.deliver("note.dropped", second, data, 1)));
        CPPUNIT_ASSERT_EQUAL(404, host_.get("/api/v1/notes/" + second).send().status);
        CPPUNIT_ASSERT(host_.timers().empty());
    }

    void asksTheHostTheNeighbourAndTheEndpoint() {
        host_.neighbour("greeter").on("GET", "/api/v1/greetings", stoa::fake::Outgoing{418, {}});
        const Json::Value said = host_.get("/api/v1/surroundings").send().json();
        CPPUNIT_ASSERT_EQUAL(std::string("calm"), said["settings"]["mood"].asString());
        // SHA-256 of "abc", from FIPS 180-4.
        CPPUNIT_ASSERT_EQUAL(std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                             said["digest"].asString());
        CPPUNIT_ASSERT_EQUAL(418, said["neighbour"].asInt());
        CPPUNIT_ASSERT_EQUAL(-STOA_UNAVAILABLE, said["endpoint"].asInt());
        CPPUNIT_ASSERT_EQUAL(0, said["sent"].asInt());
    }

   private:
    std::string takeNote(const std::string &key = "k1") {
        const auto taken = host_.post("/api/v1/notes").key(key).json(R"({"text":"remember"})").send();
        CPPUNIT_ASSERT_EQUAL(201, taken.status);
        return taken.json()["noteId"].asString();
    }

    stoa::fake::Host host_{STOA_TEST_MANIFEST, {.secrets = {{"pepper", "abc"}}}};
};

CPPUNIT_TEST_SUITE_REGISTRATION(EveryCTest);
