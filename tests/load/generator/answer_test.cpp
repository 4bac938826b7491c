#include "tests/load/generator/answer.h"

#include <cppunit/extensions/HelperMacros.h>

#include <string>

namespace stoa::load {
namespace {

using State = Answer::State;

Answer whole(const std::string& text) {
    Answer answer;
    CPPUNIT_ASSERT_EQUAL(text.size(), answer.take(text));
    return answer;
}

class AnswerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(AnswerTest);
    CPPUNIT_TEST(endsWithItsLength);
    CPPUNIT_TEST(chunksAreJoined);
    CPPUNIT_TEST(comesInSingleBytes);
    CPPUNIT_TEST(whatFollowsDoesNotBelongToIt);
    CPPUNIT_TEST(noContentHasNoBody);
    CPPUNIT_TEST(aBodyThatEndsWithTheConnectionIsBroken);
    CPPUNIT_TEST(saysWhichRequestItAnswers);
    CPPUNIT_TEST(saysThatTheServerCloses);
    CPPUNIT_TEST_SUITE_END();

    static constexpr const char* kChunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";

public:
    void endsWithItsLength() {
        const Answer answer = whole("HTTP/1.1 201 Created\r\ncontent-length: 5\r\n\r\nhello");
        CPPUNIT_ASSERT(answer.state() == State::kComplete);
        CPPUNIT_ASSERT_EQUAL(201, answer.status());
        CPPUNIT_ASSERT_EQUAL(std::string("hello"), answer.body());
        CPPUNIT_ASSERT(whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell").state() == State::kIncomplete);
    }

    void chunksAreJoined() {
        const Answer answer = whole(kChunked);
        CPPUNIT_ASSERT(answer.state() == State::kComplete);
        CPPUNIT_ASSERT_EQUAL(std::string("abc0123456789"), answer.body());
    }

    void comesInSingleBytes() {
        Answer answer;
        const std::string text = kChunked;
        for (std::size_t i = 0; i < text.size(); ++i) {
            CPPUNIT_ASSERT(answer.state() == State::kIncomplete);
            CPPUNIT_ASSERT_EQUAL(std::size_t{1}, answer.take(text.substr(i, 1)));
        }
        CPPUNIT_ASSERT(answer.state() == State::kComplete);
        CPPUNIT_ASSERT_EQUAL(std::string("abc0123456789"), answer.body());
    }

    void whatFollowsDoesNotBelongToIt() {
        Answer answer;
        const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        CPPUNIT_ASSERT_EQUAL(text.size(), answer.take(text + "HTTP/1.1 200 OK\r\n"));
        CPPUNIT_ASSERT(answer.state() == State::kComplete);
    }

    void noContentHasNoBody() {
        CPPUNIT_ASSERT(whole("HTTP/1.1 204 No Content\r\n\r\n").state() == State::kComplete);
        CPPUNIT_ASSERT(whole("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").state() == State::kComplete);
    }

    void aBodyThatEndsWithTheConnectionIsBroken() {
        CPPUNIT_ASSERT(whole("HTTP/1.1 200 OK\r\n\r\n").state() == State::kBroken);
        CPPUNIT_ASSERT(whole("hello\r\n").state() == State::kBroken);
    }

    void saysWhichRequestItAnswers() {
        CPPUNIT_ASSERT_EQUAL(std::string("run-7"),
                             whole("HTTP/1.1 204 No Content\r\nX-Correlation-ID: run-7\r\n\r\n").correlation());
    }

    void saysThatTheServerCloses() {
        CPPUNIT_ASSERT(whole("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").closes());
        CPPUNIT_ASSERT(!whole("HTTP/1.1 204 No Content\r\n\r\n").closes());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(AnswerTest);

}  // namespace
}  // namespace stoa::load
