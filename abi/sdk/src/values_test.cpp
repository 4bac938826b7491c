#include <cppunit/extensions/HelperMacros.h>

#include <limits>

#include <stoa/base64.h>
#include <stoa/cursor.h>
#include <stoa/error.h>
#include <stoa/money.h>
#include <stoa/problem.h>
#include <stoa/sha256.h>
#include <stoa/time.h>
#include <stoa/uuid.h>

namespace {

using namespace stoa;

std::string digestOf(std::string_view data) { return hex(sha256(data)); }

template <class Work>
int problemOf(Work&& work) {
    try {
        work();
    } catch (const Problem& problem) {
        return problem.status();
    }
    return 0;
}

class ValuesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ValuesTest);
    CPPUNIT_TEST(timesAreWrittenAsRfc3339);
    CPPUNIT_TEST(timesAreReadStrictly);
    CPPUNIT_TEST(offsetsOfTimesAreApplied);
    CPPUNIT_TEST(badTimesAreRefused);
    CPPUNIT_TEST(uuidsCarryVersionVariantAndTime);
    CPPUNIT_TEST(sameNameGivesSameUuid);
    CPPUNIT_TEST(onlyCanonicalUuidsAreAccepted);
    CPPUNIT_TEST(base64UrlFollowsTheVectorsOfRfc4648);
    CPPUNIT_TEST(base64UrlIsReadStrictly);
    CPPUNIT_TEST(sha256FollowsTheVectorsOfFips180);
    CPPUNIT_TEST(moneyIsReadFromItsShapeOnly);
    CPPUNIT_TEST(moneyNeverOverflowsSilently);
    CPPUNIT_TEST(currenciesDoNotMix);
    CPPUNIT_TEST(cursorsComeBackAsTheyWere);
    CPPUNIT_TEST(foreignCursorsAreRefused);
    CPPUNIT_TEST(problemsHaveAStableTypeAndNameFields);
    CPPUNIT_TEST(statusesMapToHttp);
    CPPUNIT_TEST_SUITE_END();

public:
    void timesAreWrittenAsRfc3339() {
        CPPUNIT_ASSERT_EQUAL(std::string("1970-01-01T00:00:00Z"), formatTime(fromMicros(0)));
        CPPUNIT_ASSERT_EQUAL(std::string("2026-11-23T01:48:14.000012Z"), formatTime(fromMicros(1795398494000012)));
        CPPUNIT_ASSERT_EQUAL(std::string("1969-12-31T23:59:59.999999Z"), formatTime(fromMicros(-1)));
    }

    void timesAreReadStrictly() {
        CPPUNIT_ASSERT(parseTime("2026-11-23T01:48:14.000012Z") == fromMicros(1795398494000012));
        CPPUNIT_ASSERT(parseTime("2024-02-29T00:00:00z").has_value());
        CPPUNIT_ASSERT(parseTime("1970-01-01t00:00:00.1234567891Z") == fromMicros(123456));
        CPPUNIT_ASSERT(isDate("2024-02-29"));
        CPPUNIT_ASSERT(!isDate("2023-02-29"));
        CPPUNIT_ASSERT(!isDate("2023-2-9"));
    }

    void offsetsOfTimesAreApplied() {
        CPPUNIT_ASSERT(parseTime("1970-01-01T02:00:00+02:00") == fromMicros(0));
        CPPUNIT_ASSERT(parseTime("1969-12-31T18:30:00-05:30") == fromMicros(0));
    }

    void badTimesAreRefused() {
        for (const char* text :
             {"", "2026-11-23", "2026-11-23T01:48:14", "2026-11-23 01:48:14Z", "2026-13-01T00:00:00Z",
              "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T23:59:60Z", "2026-11-23T01:48:14.Z",
              "2026-11-23T01:48:14+0200", "2026-11-23T01:48:14+24:00", "2026-11-23T01:48:14ZZ", "26-11-23T01:48:14Z",
              "0000-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-11-23T01:48:14.00000000000000000000000Z",
              "\uFF10026-11-23T01:48:14Z", "-026-11-23T01:48:14Z"}) {
            CPPUNIT_ASSERT_MESSAGE(text, !parseTime(text).has_value());
        }
    }

    void uuidsCarryVersionVariantAndTime() {
        const std::string id = uuidV7(0x0123456789AB, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF});
        CPPUNIT_ASSERT_EQUAL(std::string("01234567-89ab-7fff-bfff-ffffffffffff"), id);
        CPPUNIT_ASSERT(isUuid(id));
    }

    void sameNameGivesSameUuid() {
        CPPUNIT_ASSERT_EQUAL(uuidFromName("mail", "a"), uuidFromName("mail", "a"));
        CPPUNIT_ASSERT(uuidFromName("mail", "a") != uuidFromName("mail", "b"));
        CPPUNIT_ASSERT(uuidFromName("ab", "c") != uuidFromName("a", "bc"));
        CPPUNIT_ASSERT_EQUAL('8', uuidFromName("mail", "a")[14]);
    }

    void onlyCanonicalUuidsAreAccepted() {
        CPPUNIT_ASSERT(isUuid("01234567-89AB-7fff-bfff-ffffffffffff"));
        for (const char* text : {"", "0123456789ab7fffbfffffffffffffff", "{1234567-89ab-7fff-bfff-ffffffffffff",
                                 "01234567-89ab-7fff-bfff-fffffffffff", "01234567-89ab-7fff-bfff-fffffffffffg",
                                 "01234567089ab-7fff-bfff-ffffffffffff", "01234567-89ab-7fff-bfff-ffffffffffff "}) {
            CPPUNIT_ASSERT_MESSAGE(text, !isUuid(text));
        }
    }

    void base64UrlFollowsTheVectorsOfRfc4648() {
        const std::pair<const char*, const char*> vectors[] = {
            {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
            {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe", "__4"}};
        for (const auto& [bytes, text] : vectors) {
            CPPUNIT_ASSERT_EQUAL(std::string(text), base64Url(bytes));
            CPPUNIT_ASSERT_EQUAL(std::string(bytes), fromBase64Url(text).value());
        }
    }

    void base64UrlIsReadStrictly() {
        for (const char* text : {"Zg==", "Z", "Zh", "Zm9", "Zm 9", "Zm+v", "Zm/v", "Zm9v\n", "\xC3\xA9\xC3\xA9"}) {
            CPPUNIT_ASSERT_MESSAGE(text, !fromBase64Url(text).has_value());
        }
    }

    void sha256FollowsTheVectorsOfFips180() {
        CPPUNIT_ASSERT_EQUAL(std::string("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                             digestOf(""));
        CPPUNIT_ASSERT_EQUAL(std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                             digestOf("abc"));
        CPPUNIT_ASSERT_EQUAL(std::string("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
                             digestOf("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"));
        CPPUNIT_ASSERT_EQUAL(std::string("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
                             digestOf(std::string(1'000'000, 'a')));
    }

    void moneyIsReadFromItsShapeOnly() {
        const Money money{1250, "EUR"};
        CPPUNIT_ASSERT(Money::from(money.json(), "/price") == money);
        Json::Value real = money.json();
        real["amount"] = 12.0;
        Json::Value extra = money.json();
        extra["minor"] = true;
        Json::Value lower = money.json();
        lower["currency"] = "eur";
        Json::Value huge = money.json();
        huge["amount"] = Json::UInt64{1} << 63u;
        for (const Json::Value& value : {real, extra, lower, huge, Json::Value{}, Json::Value{5}, Json::Value{"EUR"}}) {
            CPPUNIT_ASSERT_EQUAL(400, problemOf([&] { Money::from(value, "/price"); }));
        }
    }

    void moneyNeverOverflowsSilently() {
        constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
        CPPUNIT_ASSERT(Money{3} + Money{4} == Money{7});
        CPPUNIT_ASSERT(Money{3} - Money{4} == Money{-1});
        CPPUNIT_ASSERT(Money{3} * 4 == Money{12});
        CPPUNIT_ASSERT_EQUAL(422, problemOf([] { Money{kMax} + Money{1}; }));
        CPPUNIT_ASSERT_EQUAL(422, problemOf([] { Money{-kMax} - Money{2}; }));
        CPPUNIT_ASSERT_EQUAL(422, problemOf([] { Money{kMax / 2} * 3; }));
    }

    void currenciesDoNotMix() {
        CPPUNIT_ASSERT_THROW((Money{1, "EUR"} + Money{1, "USD"}), Error);
        CPPUNIT_ASSERT_THROW((Money{1, "EUR"} - Money{1, "USD"}), Error);
    }

    void cursorsComeBackAsTheyWere() {
        const std::vector<std::string> keys{"12\"50", "grün", ""};
        CPPUNIT_ASSERT(decodeCursor(encodeCursor(keys), 3) == keys);
    }

    void foreignCursorsAreRefused() {
        const std::string good = encodeCursor({"a", "b"});
        for (const std::string& cursor :
             {std::string("nonsense!"), std::string(), good + "A", good.substr(1), base64Url("[1,2]"),
              base64Url("[\"a\", \"b\"]"), base64Url("{\"a\":\"b\"}"), base64Url("[\"a\",\"\xff\"]"),
              encodeCursor({"a"}), encodeCursor({"a", "b", "c"}), std::string(100'000, 'W')}) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(cursor, 400, problemOf([&] { decodeCursor(cursor, 2); }));
        }
    }

    void problemsHaveAStableTypeAndNameFields() {
        Problem problem = unprocessable("too-many-lines", "An order has at most 200 lines.");
        problem.field("/lines", "has 201 items").with("limit", 200).retryAfter(3);
        CPPUNIT_ASSERT_EQUAL(std::string("urn:stoa:problem:too-many-lines"), problem.body()["type"].asString());
        CPPUNIT_ASSERT_EQUAL(422, problem.body()["status"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("/lines"), problem.body()["errors"][0]["field"].asString());
        CPPUNIT_ASSERT_EQUAL(200, problem.body()["limit"].asInt());
        CPPUNIT_ASSERT_EQUAL(3, problem.retryAfterSeconds());
        CPPUNIT_ASSERT_EQUAL(std::string("There is no such order."), notFound("order").body()["detail"].asString());
    }

    void statusesMapToHttp() {
        CPPUNIT_ASSERT_EQUAL(409, httpStatus(STOA_DUPLICATE));
        CPPUNIT_ASSERT_EQUAL(503, httpStatus(STOA_UNAVAILABLE));
        CPPUNIT_ASSERT_EQUAL(500, httpStatus(99));
        CPPUNIT_ASSERT_EQUAL(500, httpStatus(-1));
        CPPUNIT_ASSERT(statusName(STOA_DEADLINE) == "deadline");
        CPPUNIT_ASSERT(Error(STOA_CONFLICT, "again").retryable());
        CPPUNIT_ASSERT(!Error(STOA_DUPLICATE, "never").retryable());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ValuesTest);

}  // namespace
