// Against a real SMTP server: that of `./dev stack up smtp`, which keeps every mail as a file.

#include <cppunit/extensions/HelperMacros.h>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include <stoa/json.h>

#include "host/mail/mailer.h"

namespace stoa::host::mail {
namespace {

std::string variable(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    CPPUNIT_ASSERT_MESSAGE(name + " is not set: run `./dev stack up smtp`, or the whole of `./dev test`",
                           value != nullptr && *value != '\0');
    return value;
}

class SinkTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SinkTest);
    CPPUNIT_TEST(aMailArrivesInTheClear);
    CPPUNIT_TEST(aMailArrivesThroughVerifiedTlsWithALogin);
    CPPUNIT_TEST(aWrongPasswordSendsNothing);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::signal(SIGPIPE, SIG_IGN);
        const std::string server = variable("STOA_TEST_SMTP");
        port_ = server.substr(server.rfind(':'));
        message_ = {"stoa-test-" + std::to_string(::getpid()) + "-" +
                        std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()),
                    "ann@example.org",
                    "Gr\xc3\xbc\xc3\x9f"
                    "e",
                    "First line\n.second line\n", "<p>First line</p>"};
    }

    MailOptions options(const std::string& user) const {
        MailOptions made;
        made.url = "smtp://" + (user.empty() ? "" : user + "@") + "localhost" + port_;
        made.starttls = user.empty() ? StartTls::kNever : StartTls::kRequired;
        if (!user.empty()) {
            made.password = variable("STOA_TEST_SMTP_PASSWORD");
            made.ca_file = variable("STOA_TEST_SMTP_CA");
        }
        return made;
    }

    /// The sink's line about this mail, or null.
    Json::Value kept() const {
        std::ifstream index(variable("STOA_TEST_SMTP_MAILS") + "/index.jsonl");
        for (std::string line; std::getline(index, line);) {
            const auto mail = parseJson(line);
            if (mail && (*mail)["messageId"].asString() == "<" + message_.message_id + "@localhost>") {
                return *mail;
            }
        }
        return {};
    }

    void aMailArrivesInTheClear() {
        const Outcome outcome = openMailer(options(""))->send(message_, {});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(outcome.detail, stoa_status{STOA_OK}, outcome.status);
        const Json::Value mail = kept();
        CPPUNIT_ASSERT_EQUAL(message_.subject, mail["subject"].asString());
        CPPUNIT_ASSERT_EQUAL(message_.to, mail["to"][0].asString());
        CPPUNIT_ASSERT(!mail["tls"].asBool());
    }

    void aMailArrivesThroughVerifiedTlsWithALogin() {
        const std::string user = variable("STOA_TEST_SMTP_USER");
        const Outcome outcome = openMailer(options(user))->send(message_, {});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(outcome.detail, stoa_status{STOA_OK}, outcome.status);
        CPPUNIT_ASSERT(kept()["tls"].asBool());
        CPPUNIT_ASSERT_EQUAL(user, kept()["account"].asString());
    }

    void aWrongPasswordSendsNothing() {
        MailOptions wrong = options(variable("STOA_TEST_SMTP_USER"));
        wrong.password += "x";
        const Outcome outcome = openMailer(wrong)->send(message_, {});
        CPPUNIT_ASSERT_EQUAL_MESSAGE(outcome.detail, stoa_status{STOA_UNAVAILABLE}, outcome.status);
        CPPUNIT_ASSERT(!outcome.sent);
        CPPUNIT_ASSERT(kept().isNull());
    }

private:
    std::string port_;
    Message message_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(SinkTest);

}  // namespace
}  // namespace stoa::host::mail
