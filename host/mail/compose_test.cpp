#include "host/mail/compose.h"

#include <cppunit/extensions/HelperMacros.h>

namespace stoa::host::mail {
namespace {

class ComposeTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ComposeTest);
    CPPUNIT_TEST(plainAddressesAreTakenOthersRefused);
    CPPUNIT_TEST(nothingCanAddAHeader);
    CPPUNIT_TEST(aPlainMailIsOnePart);
    CPPUNIT_TEST(htmlMakesAnAlternative);
    CPPUNIT_TEST(subjectsBeyondAsciiAreEncodedWords);
    CPPUNIT_TEST(textIsQuotedPrintable);
    CPPUNIT_TEST(sendersHaveANameOrNone);
    CPPUNIT_TEST(linesStayShort);
    CPPUNIT_TEST_SUITE_END();

public:
    static Message message() { return {"id-1", "ann@example.org", "Hello", "Text", ""}; }
    static std::string composed(const Message& message) {
        return compose(message, {"Stoa", "shop@example.org"}, fromMicros(1'795'226'894'000'000));
    }
    static bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

    void plainAddressesAreTakenOthersRefused() {
        for (const char* good : {"a@b", "ann.lee+shop@mail.example.org", "o'neil@x-y.de"}) {
            CPPUNIT_ASSERT_MESSAGE(good, isAddress(good));
        }
        const std::string long_local = std::string(65, 'a') + "@b.c";
        for (const char* bad : {"",
                                "ann",
                                "@b",
                                "a@",
                                "a@b@c",
                                "a b@c",
                                "a@b c",
                                "<a@b>",
                                "a@b>",
                                "a@b,c@d",
                                "a@b\r\nRCPT TO:<x@y>",
                                ".a@b",
                                "a.@b",
                                "a..b@c",
                                "a@.b",
                                "a@b.",
                                "a@[1.2.3.4]",
                                "\"a b\"@c",
                                "\xc3\xa4@b",
                                "a@b\n",
                                long_local.c_str()}) {
            CPPUNIT_ASSERT_MESSAGE(bad, !isAddress(bad));
        }
    }

    void nothingCanAddAHeader() {
        CPPUNIT_ASSERT_EQUAL(std::string(), check(message()));
        Message bad = message();
        bad.subject = "Hi\r\nBcc: x@y";
        CPPUNIT_ASSERT(!check(bad).empty());
        bad = message();
        bad.to = "ann@example.org>\r\nRCPT TO:<x@y";
        CPPUNIT_ASSERT(!check(bad).empty());
        CPPUNIT_ASSERT(!has(check(bad), "ann"));
        for (const char* id : {"", "a b", "a>\r\nX: y", "a@b", ".a"}) {
            bad = message();
            bad.message_id = id;
            CPPUNIT_ASSERT_MESSAGE(id, !check(bad).empty());
        }
    }

    void aPlainMailIsOnePart() {
        const std::string mail = composed(message());
        CPPUNIT_ASSERT(mail.starts_with("From: Stoa <shop@example.org>\r\nTo: ann@example.org\r\nSubject: Hello\r\n"));
        CPPUNIT_ASSERT(has(mail, "Message-ID: <id-1@example.org>\r\n"));
        CPPUNIT_ASSERT(has(mail, "Date: Sat, 21 Nov 2026 02:08:14 +0000\r\n"));
        CPPUNIT_ASSERT(has(mail, "Content-Type: text/plain; charset=utf-8\r\n"));
        CPPUNIT_ASSERT(mail.ends_with("\r\n\r\nText\r\n"));
    }

    void htmlMakesAnAlternative() {
        Message both = message();
        both.html = "<p>Text</p>";
        const std::string mail = composed(both);
        CPPUNIT_ASSERT(has(mail, "Content-Type: multipart/alternative; boundary=\"=_stoa_alternative\"\r\n"));
        CPPUNIT_ASSERT(mail.find("text/plain") < mail.find("text/html"));
        CPPUNIT_ASSERT(has(mail, "<p>Text</p>\r\n--=_stoa_alternative--\r\n"));
    }

    void subjectsBeyondAsciiAreEncodedWords() {
        CPPUNIT_ASSERT_EQUAL(std::string("Order 7"), encodeHeader("Order 7"));
        CPPUNIT_ASSERT_EQUAL(std::string("=?UTF-8?B?w5xiZXJ3ZWlzdW5n?="), encodeHeader("\xc3\x9c"
                                                                                       "berweisung"));
        CPPUNIT_ASSERT_EQUAL(std::string("=?UTF-8?B?PT9VVEYtOD9C?="), encodeHeader("=?UTF-8?B"));
        std::string many;
        for (int i = 0; i < 40; ++i) {
            many += "\xe2\x82\xac";
        }
        const std::string encoded = encodeHeader(many);
        std::string word;
        for (std::size_t at = 0; at < encoded.size(); at += word.size() + 3) {
            word = encoded.substr(at, encoded.find("\r\n ", at) - at);
            CPPUNIT_ASSERT(word.size() <= 75);
            // 45 bytes are 15 whole characters: base64 without padding, so that no word ends within one.
            CPPUNIT_ASSERT(word.ends_with("?=") && word.find('=', 2) == word.size() - 1);
        }
    }

    void textIsQuotedPrintable() {
        CPPUNIT_ASSERT_EQUAL(std::string("a=3Db"), quotedPrintable("a=b"));
        CPPUNIT_ASSERT_EQUAL(std::string("=E2=82=AC"), quotedPrintable("\xe2\x82\xac"));
        CPPUNIT_ASSERT_EQUAL(std::string("a\r\nb\r\n\r\nc"), quotedPrintable("a\nb\r\n\nc"));
        CPPUNIT_ASSERT_EQUAL(std::string("a =20\r\nb=09"), quotedPrintable("a  \nb\t"));
        CPPUNIT_ASSERT_EQUAL(std::string("a=0Db=00"), quotedPrintable({"a\rb\0", 4}));
        CPPUNIT_ASSERT_EQUAL(std::string("."), quotedPrintable("."));
    }

    void sendersHaveANameOrNone() {
        CPPUNIT_ASSERT_EQUAL(std::string("a@b.c"), parseSender("a@b.c")->address);
        CPPUNIT_ASSERT_EQUAL(std::string("The Shop"), parseSender("The Shop <a@b.c>")->name);
        CPPUNIT_ASSERT_EQUAL(std::string("b.c"), parseSender("The Shop <a@b.c>")->domain());
        for (const char* bad : {"", "shop", "Shop <a@b.c", "Shop <a@b.c> x", "Shop\r\nX: y <a@b.c>", "<>"}) {
            CPPUNIT_ASSERT_MESSAGE(bad, !parseSender(bad).has_value());
        }
        const std::string mail = compose(message(), *parseSender("Shop, Inc. <a@b.c>"), fromMicros(0));
        CPPUNIT_ASSERT(mail.starts_with("From: =?UTF-8?B?U2hvcCwgSW5jLg==?= <a@b.c>\r\n"));
    }

    void linesStayShort() {
        Message big = message();
        big.text = std::string(5000, 'x') + std::string(500, '=') + "\xe2\x82\xac";
        big.html = big.text;
        const std::string mail = composed(big);
        std::size_t start = 0;
        for (std::size_t end = mail.find("\r\n"); end != std::string::npos; end = mail.find("\r\n", start)) {
            CPPUNIT_ASSERT(end - start <= 78);
            CPPUNIT_ASSERT_EQUAL(std::string::npos, mail.substr(start, end - start).find('\n'));
            start = end + 2;
        }
        CPPUNIT_ASSERT_EQUAL(mail.size(), start);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ComposeTest);

}  // namespace
}  // namespace stoa::host::mail
