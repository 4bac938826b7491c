#include <cppunit/extensions/HelperMacros.h>

#include <stoa/json.h>

namespace {

using stoa::parseJson;
using stoa::writeJson;

class JsonTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(JsonTest);
    CPPUNIT_TEST(valuesComeBackAsTheyWere);
    CPPUNIT_TEST(integersKeepTheirType);
    CPPUNIT_TEST(notJsonIsRefused);
    CPPUNIT_TEST(badTextIsRefused);
    CPPUNIT_TEST(numbersBeyondTheirTypeAreRefused);
    CPPUNIT_TEST(depthIsBounded);
    CPPUNIT_TEST(errorsSayWhere);
    CPPUNIT_TEST(textOrNeverThrows);
    CPPUNIT_TEST_SUITE_END();

public:
    void valuesComeBackAsTheyWere() {
        for (const std::string text : {R"({"a":[1,-2,true,false,null],"b":{"c":"x"}})", R"("grün €😀")", "[]", "{}", "0",
                                       "-9223372036854775808", "9223372036854775807", "1.5", R"(["\"\\\n\t"])"}) {
            const auto value = parseJson(text);
            CPPUNIT_ASSERT_MESSAGE(text + (value ? "" : value.error()), value.has_value());
            CPPUNIT_ASSERT_EQUAL(text, writeJson(*value));
        }
        CPPUNIT_ASSERT_EQUAL(std::string("😀é"), parseJson(R"("\ud83d\ude00\u00e9")")->asString());
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"a":1})"), writeJson(*parseJson(" {\t\"a\" :\r\n1 } ")));
    }

    void integersKeepTheirType() {
        CPPUNIT_ASSERT(parseJson("5")->type() == Json::intValue);
        CPPUNIT_ASSERT(parseJson("-0")->type() == Json::intValue);
        CPPUNIT_ASSERT(parseJson("5.0")->type() == Json::realValue);
        CPPUNIT_ASSERT(parseJson("5e0")->type() == Json::realValue);
    }

    void notJsonIsRefused() {
        for (const char* text : {"",
                                 " ",
                                 "{",
                                 "[1,]",
                                 "[,1]",
                                 "[1 2]",
                                 R"({"a":1,})",
                                 R"({"a" 1})",
                                 R"({a:1})",
                                 R"({1:1})",
                                 "{} {}",
                                 "[1]x",
                                 "nul",
                                 "NaN",
                                 "Infinity",
                                 "-Infinity",
                                 "'a'",
                                 "// c\n1",
                                 "1 /* c */",
                                 "[1]//",
                                 "\xEF\xBB\xBF{}",
                                 "+1",
                                 ".5",
                                 "1.",
                                 "01",
                                 "-",
                                 "-01",
                                 "1e",
                                 "1e+",
                                 "0x10",
                                 "--1",
                                 "truefalse",
                                 "]",
                                 R"({"a":1,"a":2})",
                                 R"({"a":{"b":1,"b":1}})",
                                 R"({"a":1,"\u0061":2})",
                                 "1 2",
                                 "\"a",
                                 R"("\x")",
                                 R"("\u12")",
                                 R"("\u12G4")"}) {
            CPPUNIT_ASSERT_MESSAGE(text, !parseJson(text).has_value());
        }
    }

    void badTextIsRefused() {
        using namespace std::string_literals;
        for (const std::string& inside : {"\xff"s,
                                          "\xc0\xaf"s,
                                          "\xc1\x81"s,
                                          "\xe0\x80\xaf"s,
                                          "\xed\xa0\x80"s,
                                          "\xed\xbf\xbf"s,
                                          "\xf0\x80\x80\xaf"s,
                                          "\xf4\x90\x80\x80"s,
                                          "\xf5\x80\x80\x80"s,
                                          "\x80"s,
                                          "\xe2\x82"s,
                                          "\xc3"s,
                                          "a\0b"s,
                                          "a\nb"s,
                                          "a\tb"s,
                                          "\\u0000"s,
                                          "\\ud800"s,
                                          "\\udc00"s,
                                          "\\ud800\\u0041"s,
                                          "\\ud800x"s,
                                          "\\ud83d\\ud83d"s}) {
            CPPUNIT_ASSERT_MESSAGE(inside, !parseJson("[\"" + inside + "\"]").has_value());
            CPPUNIT_ASSERT_MESSAGE(inside, !parseJson("{\"" + inside + "\":1}").has_value());
        }
        CPPUNIT_ASSERT(!parseJson("1\0"s).has_value());
        CPPUNIT_ASSERT(!parseJson("\"\\"s).has_value());
    }

    void numbersBeyondTheirTypeAreRefused() {
        for (const std::string& text : {std::string("9223372036854775808"), std::string("-9223372036854775809"),
                                        std::string("18446744073709551615"), std::string("1e999"),
                                        std::string("-1e999"), std::string("1.0e400"), "1" + std::string(100, '0')}) {
            CPPUNIT_ASSERT_MESSAGE(text, !parseJson(text).has_value());
        }
        CPPUNIT_ASSERT(parseJson("1e308").has_value());
        CPPUNIT_ASSERT(parseJson("1e-999").has_value());
    }

    void depthIsBounded() {
        CPPUNIT_ASSERT(parseJson(std::string(64, '[') + std::string(64, ']')).has_value());
        CPPUNIT_ASSERT(!parseJson(std::string(65, '[') + std::string(65, ']')).has_value());
        CPPUNIT_ASSERT(!parseJson(std::string(1'000'000, '[')).has_value());
        std::string objects;
        for (int i = 0; i < 65; ++i) {
            objects += R"({"a":)";
        }
        CPPUNIT_ASSERT(!parseJson(objects + "1" + std::string(65, '}')).has_value());
    }

    void errorsSayWhere() {
        const std::string error = parseJson("{\n  \"a\": tru }").error();
        CPPUNIT_ASSERT_EQUAL(std::string("line 2, column 8: expected a JSON value"), error);
        CPPUNIT_ASSERT(parseJson(R"({"a":1,"a":2})").error().find("uplicate") != std::string::npos);
        CPPUNIT_ASSERT(parseJson(R"({"a":1,"a":2})").error().find('\n') == std::string::npos);
    }

    void textOrNeverThrows() {
        const auto value = *parseJson(R"({"a":"x","b":1,"c":null})");
        CPPUNIT_ASSERT_EQUAL(std::string("x"), stoa::textOr(value, "a"));
        CPPUNIT_ASSERT_EQUAL(std::string("d"), stoa::textOr(value, "b", "d"));
        CPPUNIT_ASSERT_EQUAL(std::string(), stoa::textOr(value, "c"));
        CPPUNIT_ASSERT_EQUAL(std::string("d"), stoa::textOr(Json::Value{Json::arrayValue}, "a", "d"));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(JsonTest);

}  // namespace
