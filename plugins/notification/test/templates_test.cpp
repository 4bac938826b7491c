// What is written to users.

#include <cppunit/extensions/HelperMacros.h>

#include "domain.h"
#include "templates.h"

namespace {

using namespace notification;
using std::chrono::hours;
using std::chrono::seconds;

class TemplatesTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TemplatesTest);
    CPPUNIT_TEST(everyTemplateStandsInEveryLocale);
    CPPUNIT_TEST(localesFallBack);
    CPPUNIT_TEST(namesAreEscapedInHtmlOnly);
    CPPUNIT_TEST(aMissingVariableLeavesItsParagraphOut);
    CPPUNIT_TEST(nothingBreaksTheSubject);
    CPPUNIT_TEST(moneyIsWrittenAsTheReaderDoes);
    CPPUNIT_TEST(triesAreWorthRepeatingOrNot);
    CPPUNIT_TEST(waitsDoubleUpToAnHour);
    CPPUNIT_TEST(aRepetitionHasTheSameMessageId);
    CPPUNIT_TEST_SUITE_END();

public:
    void everyTemplateStandsInEveryLocale() {
        for (const auto name : {kRegistered, kOrderConfirmed, kOrderCancelled, kShipped, kDelivered, kRefunded}) {
            for (const std::string_view locale : {"en", "de"}) {
                const Letter letter = write(name, locale, "Ada", variables());
                CPPUNIT_ASSERT(letter.text.find('{') == std::string::npos);
                CPPUNIT_ASSERT(letter.subject.find('{') == std::string::npos);
                CPPUNIT_ASSERT(letter.html.find("lang=\"" + std::string(locale)) != std::string::npos);
                CPPUNIT_ASSERT(letter.text.find("Ada") != std::string::npos);
            }
        }
        CPPUNIT_ASSERT(write(kRefunded, "en", "", variables()).text.find("EUR 12.50") != std::string::npos);
    }

    void localesFallBack() {
        CPPUNIT_ASSERT_EQUAL(std::string_view("de"), localeFor("de-AT", "en"));
        CPPUNIT_ASSERT_EQUAL(std::string_view("de"), localeFor("fr", "de"));
        CPPUNIT_ASSERT_EQUAL(std::string_view("en"), localeFor("", "xx"));
    }

    void namesAreEscapedInHtmlOnly() {
        const Letter letter = write(kRegistered, "en", "<b>\"A&'", {});
        CPPUNIT_ASSERT(letter.html.find("Hello &lt;b&gt;&quot;A&amp;&#39;,") != std::string::npos);
        CPPUNIT_ASSERT(letter.text.find("Hello <b>\"A&',") != std::string::npos);
    }

    void aMissingVariableLeavesItsParagraphOut() {
        Json::Value given = variables();
        given.removeMember("trackingNumber");
        const Letter letter = write(kShipped, "en", "", given);
        CPPUNIT_ASSERT(letter.text.find("Tracking") == std::string::npos);
        CPPUNIT_ASSERT(letter.text.find("Hello") == std::string::npos);
        given["reason"] = "no such code";
        CPPUNIT_ASSERT(write(kOrderCancelled, "en", "", given).text.find("no such") == std::string::npos);
    }

    void nothingBreaksTheSubject() {
        Json::Value given;
        given["orderId"] = "7\r\nBcc: eve@example.org";
        const Letter letter = write(kOrderConfirmed, "en", "", given);
        CPPUNIT_ASSERT(letter.subject.find_first_of("\r\n") == std::string::npos);
    }

    void moneyIsWrittenAsTheReaderDoes() {
        CPPUNIT_ASSERT_EQUAL(std::string("EUR 12.50"), moneyText(1250, "EUR", "en"));
        CPPUNIT_ASSERT_EQUAL(std::string("0,05 EUR"), moneyText(5, "EUR", "de"));
    }

    void triesAreWorthRepeatingOrNot() {
        Delivery delivery;
        delivery.attempts = 1;
        const Policy hold;
        CPPUNIT_ASSERT(afterTry(delivery, hold, STOA_OK, true).state == State::kSent);
        const Verdict refused = afterTry(delivery, hold, STOA_UNAVAILABLE, false);
        CPPUNIT_ASSERT(refused.state == State::kFailed && refused.again == seconds{30});
        CPPUNIT_ASSERT(!afterTry(delivery, hold, STOA_INVALID, false).again);
        const Verdict unknown = afterTry(delivery, hold, STOA_DEADLINE, true);
        CPPUNIT_ASSERT(unknown.state == State::kUncertain && !unknown.again);
        const Policy resend{.resend_uncertain = true};
        CPPUNIT_ASSERT(afterTry(delivery, resend, STOA_DEADLINE, true).state == State::kPending);
        delivery.attempts = 8;
        CPPUNIT_ASSERT(!afterTry(delivery, hold, STOA_UNAVAILABLE, false).again);
        CPPUNIT_ASSERT(afterCrash(delivery, resend).state == State::kUncertain);
        delivery.resends = 1;
        CPPUNIT_ASSERT(afterTry(delivery, hold, STOA_UNAVAILABLE, false).again.has_value());
    }

    void waitsDoubleUpToAnHour() {
        CPPUNIT_ASSERT(waitAfter(1, seconds{30}) == seconds{30});
        CPPUNIT_ASSERT(waitAfter(3, seconds{30}) == seconds{120});
        CPPUNIT_ASSERT(waitAfter(100, seconds{30}) == hours{1});
    }

    void aRepetitionHasTheSameMessageId() {
        Delivery delivery;
        delivery.event_id = "e";
        delivery.template_name = "shipped";
        delivery.user_id = "u";
        delivery.state = State::kPending;
        const std::string first = messageId(delivery);
        delivery.state = State::kUncertain;
        delivery.resends = 1;
        CPPUNIT_ASSERT_EQUAL(first, messageId(delivery));
        delivery.state = State::kSent;
        CPPUNIT_ASSERT(first != messageId(delivery));
    }

private:
    static Json::Value variables() {
        Json::Value given;
        given["orderId"] = "0190a0b0-0000-7000-8000-000000000001";
        given["trackingNumber"] = "SBX-1";
        given["reason"] = "customer";
        given["amount"] = 1250;
        given["currency"] = "EUR";
        return given;
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(TemplatesTest);

}  // namespace
