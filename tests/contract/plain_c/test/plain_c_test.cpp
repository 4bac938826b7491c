#include <cppunit/extensions/HelperMacros.h>

#include <stoa/fake/host.h>

class PlainCTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(PlainCTest);
    CPPUNIT_TEST(echoesABodyThatFitsItsSchema);
    CPPUNIT_TEST(neverSeesABodyThatDoesNotFit);
    CPPUNIT_TEST(greetsByName);
    CPPUNIT_TEST_SUITE_END();

   public:
    void echoesABodyThatFitsItsSchema() {
        const auto answer = host_.post("/api/v1/echoes").json(R"({"text":"hello"})").send();
        CPPUNIT_ASSERT_EQUAL(200, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("hello"), answer.json()["text"].asString());
    }

    void neverSeesABodyThatDoesNotFit() {
        CPPUNIT_ASSERT_EQUAL(400, host_.post("/api/v1/echoes").json(R"({"text":7})").send().status);
        CPPUNIT_ASSERT_EQUAL(400, host_.post("/api/v1/echoes").json(R"({"text":"a","other":1})").send().status);
    }

    void greetsByName() {
        CPPUNIT_ASSERT_EQUAL(std::string("Hello, Ada"),
                             host_.get("/api/v1/echoes/Ada").send().json()["greeting"].asString());
    }

   private:
    stoa::fake::Host host_{STOA_TEST_MANIFEST};
};

CPPUNIT_TEST_SUITE_REGISTRATION(PlainCTest);
