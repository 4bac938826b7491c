#include "host/mail/mailer.h"

#include <cppunit/extensions/HelperMacros.h>
#include <stoa/abi/draft/mail.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <stoa/json.h>

#include "host/mail/mail_capability.h"
#include "host/mail/smtp_script.h"
#include "host/observe/log.h"

namespace stoa::host::mail {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class MailerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(MailerTest);
    CPPUNIT_TEST(anAcceptedMailArrivesWhole);
    CPPUNIT_TEST(aRefusedRecipientIsInvalidAndNotSent);
    CPPUNIT_TEST(aServerThatIsBusyIsUnavailableAndNotSent);
    CPPUNIT_TEST(aServerThatRefusesThisHostIsUnavailable);
    CPPUNIT_TEST(aContentThatTheServerRefusesWasNotSent);
    CPPUNIT_TEST(aConnectionLostBeforeTheContentWasNotSent);
    CPPUNIT_TEST(aConnectionLostAfterTheContentBeganIsUncertain);
    CPPUNIT_TEST(aServerThatSaysNothingIsLeftAtTheDeadline);
    CPPUNIT_TEST(nobodyThereIsUnavailable);
    CPPUNIT_TEST(aBadMessageAsksNobody);
    CPPUNIT_TEST(loginsWorkPlainAndLogin);
    CPPUNIT_TEST(tlsIsUsedWhenOfferedAndCheckedWhenRequired);
    CPPUNIT_TEST(tlsForAnotherNameOrByAStrangerIsRefused);
    CPPUNIT_TEST(requiredTlsThatIsNotOfferedSendsNothing);
    CPPUNIT_TEST(onlySoManyAreSentAtOnce);
    CPPUNIT_TEST(theLogSinkKeepsPersonalDataOutOfTheLog);
    CPPUNIT_TEST(optionsThatMakeNoSenseAreRefused);
    CPPUNIT_TEST(thePluginSeesStatusSentAndReason);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        std::signal(SIGPIPE, SIG_IGN);  // as the host does: OpenSSL writes without MSG_NOSIGNAL
        std::string pattern = (fs::temp_directory_path() / "stoa-mail-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        observe::configureLog({observe::Level::kInfo, folder_ + "/log", "", false});
    }
    void tearDown() override {
        observe::configureLog({});
        fs::remove_all(folder_);
    }

    static Message message() { return {"id-1", "ann@example.org", "Hello", "First\n.dot\n", "<p>First</p>"}; }

    MailOptions options(const SmtpScript& server, const std::string& user = "") {
        MailOptions made;
        made.url = server.url(user);
        made.password = user.empty() ? "" : "secret";
        made.from = "Shop <shop@example.org>";
        made.timeout = 5000ms;
        return made;
    }

    Outcome send(const SmtpScript& server, std::optional<Deadline> deadline = {}) {
        return openMailer(options(server))->send(message(), deadline);
    }

    static void assertOutcome(stoa_status status, bool sent, const Outcome& outcome) {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(outcome.detail, status, outcome.status);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(outcome.detail, sent, outcome.sent);
        CPPUNIT_ASSERT_EQUAL(std::string::npos, outcome.detail.find("ann@"));
    }

    std::string content(const std::string& name) const {
        std::ifstream in(folder_ + "/" + name);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    void anAcceptedMailArrivesWhole() {
        const SmtpScript server({});
        assertOutcome(STOA_OK, true, send(server));
        const auto mails = server.mails();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, mails.size());
        CPPUNIT_ASSERT(mails[0].find("Message-ID: <id-1@example.org>") != std::string::npos);
        CPPUNIT_ASSERT(mails[0].find("\r\n..dot\r\n") != std::string::npos);
        CPPUNIT_ASSERT(server.heard("MAIL FROM:<shop@example.org>"));
        CPPUNIT_ASSERT(server.heard("RCPT TO:<ann@example.org>"));
        CPPUNIT_ASSERT(server.heard("EHLO [127.0.0.1]"));
    }

    void aRefusedRecipientIsInvalidAndNotSent() {
        Script script;
        script.rcpt = "550 5.1.1 <ann@example.org>: no such user";
        const SmtpScript server(script);
        const Outcome outcome = send(server);
        assertOutcome(STOA_INVALID, false, outcome);
        CPPUNIT_ASSERT_EQUAL(std::string("the mail server refused the recipient with 550 5.1.1"), outcome.detail);
        CPPUNIT_ASSERT(!server.heard("DATA"));
    }

    void aServerThatIsBusyIsUnavailableAndNotSent() {
        Script script;
        script.rcpt = "451-4.3.0 later\r\n451 4.3.0 please";
        assertOutcome(STOA_UNAVAILABLE, false, send(SmtpScript(script)));
        script = {};
        script.greeting = "421 busy";
        assertOutcome(STOA_UNAVAILABLE, false, send(SmtpScript(script)));
    }

    void aServerThatRefusesThisHostIsUnavailable() {
        Script script;
        script.greeting = "554 not you";
        assertOutcome(STOA_UNAVAILABLE, false, send(SmtpScript(script)));
        script = {};
        script.mail = "553 sender not yours";
        assertOutcome(STOA_UNAVAILABLE, false, send(SmtpScript(script)));
        script = {};
        script.greeting = "SSH-2.0-other";
        assertOutcome(STOA_UNAVAILABLE, false, send(SmtpScript(script)));
    }

    void aContentThatTheServerRefusesWasNotSent() {
        Script script;
        script.content = "554 5.7.1 spam";
        assertOutcome(STOA_INVALID, false, send(SmtpScript(script)));
        script.content = "452 4.3.1 full";
        assertOutcome(STOA_UNAVAILABLE, false, send(SmtpScript(script)));
        script = {};
        script.data = "503 no";
        assertOutcome(STOA_INVALID, false, send(SmtpScript(script)));
    }

    void aConnectionLostBeforeTheContentWasNotSent() {
        Script script;
        script.drop_after_greeting = true;
        assertOutcome(STOA_UNAVAILABLE, false, send(SmtpScript(script)));
        script = {};
        script.drop_at_data = true;
        assertOutcome(STOA_UNAVAILABLE, false, send(SmtpScript(script)));
    }

    void aConnectionLostAfterTheContentBeganIsUncertain() {
        Script script;
        script.drop_in_content = true;
        assertOutcome(STOA_UNAVAILABLE, true, send(SmtpScript(script)));
        script = {};
        script.drop_after_content = true;
        assertOutcome(STOA_UNAVAILABLE, true, send(SmtpScript(script)));
    }

    void aServerThatSaysNothingIsLeftAtTheDeadline() {
        Script script;
        script.silent_at_once = true;
        assertOutcome(STOA_DEADLINE, false, send(SmtpScript(script), std::chrono::steady_clock::now() + 50ms));
        script = {};
        script.silent_after_content = true;
        const SmtpScript server(script);
        MailOptions slow = options(server);
        slow.timeout = 100ms;
        assertOutcome(STOA_DEADLINE, true, openMailer(slow)->send(message(), {}));
        assertOutcome(STOA_DEADLINE, false, send(server, std::chrono::steady_clock::now() - 1s));
    }

    void nobodyThereIsUnavailable() {
        std::string url;
        { url = SmtpScript({}).url(); }
        MailOptions made;
        made.url = url;
        assertOutcome(STOA_UNAVAILABLE, false, openMailer(made)->send(message(), {}));
    }

    void aBadMessageAsksNobody() {
        const SmtpScript server({});
        Message bad = message();
        bad.to = "ann@example.org>\r\nRCPT TO:<eve@example.org";
        assertOutcome(STOA_INVALID, false, openMailer(options(server))->send(bad, {}));
        CPPUNIT_ASSERT(server.commands().empty());
    }

    void loginsWorkPlainAndLogin() {
        Script script;
        script.features = {"AUTH LOGIN PLAIN"};
        const SmtpScript plain(script);
        assertOutcome(STOA_OK, true, openMailer(options(plain, "shop"))->send(message(), {}));
        CPPUNIT_ASSERT(plain.heard("AUTH PLAIN AHNob3AAc2VjcmV0"));
        script.features = {"AUTH LOGIN"};
        const SmtpScript login(script);
        assertOutcome(STOA_OK, true, openMailer(options(login, "shop"))->send(message(), {}));
        CPPUNIT_ASSERT(login.heard("c2hvcA==") && login.heard("c2VjcmV0"));
        script.auth = "535 5.7.8 wrong";
        const SmtpScript wrong(script);
        assertOutcome(STOA_UNAVAILABLE, false, openMailer(options(wrong, "shop"))->send(message(), {}));
    }

    std::string caFile(const SmtpScript& server) {
        const std::string file = folder_ + "/ca.pem";
        std::ofstream(file) << server.certificate();
        return file;
    }

    void tlsIsUsedWhenOfferedAndCheckedWhenRequired() {
        Script script;
        script.tls_name = "localhost";
        script.features = {"AUTH PLAIN"};
        const SmtpScript server(script);
        assertOutcome(STOA_OK, true, send(server));  // when-offered: nobody vouches for this certificate
        CPPUNIT_ASSERT(server.heard("TLS"));
        MailOptions strict = options(server, "shop");
        strict.starttls = StartTls::kRequired;
        strict.ca_file = caFile(server);
        assertOutcome(STOA_OK, true, openMailer(strict)->send(message(), {}));
        const auto commands = server.commands();
        const auto last_tls = std::find(commands.rbegin(), commands.rend(), "TLS");
        CPPUNIT_ASSERT(std::any_of(commands.rbegin(), last_tls,
                                   [](const std::string& line) { return line.starts_with("AUTH PLAIN"); }));
    }

    void tlsForAnotherNameOrByAStrangerIsRefused() {
        Script script;
        script.tls_name = "mail.example.org";
        const SmtpScript server(script);
        MailOptions strict = options(server);
        strict.starttls = StartTls::kRequired;
        strict.ca_file = caFile(server);
        assertOutcome(STOA_UNAVAILABLE, false, openMailer(strict)->send(message(), {}));
        script.tls_name = "localhost";
        const SmtpScript stranger(script);
        strict.url = stranger.url();
        assertOutcome(STOA_UNAVAILABLE, false, openMailer(strict)->send(message(), {}));
        CPPUNIT_ASSERT(!server.heard("MAIL") && !stranger.heard("MAIL"));
    }

    void requiredTlsThatIsNotOfferedSendsNothing() {
        const SmtpScript server({});
        MailOptions strict = options(server);
        strict.starttls = StartTls::kRequired;
        assertOutcome(STOA_UNAVAILABLE, false, openMailer(strict)->send(message(), {}));
        CPPUNIT_ASSERT(!server.heard("MAIL"));
    }

    void onlySoManyAreSentAtOnce() {
        std::atomic<int> inside{0};
        std::atomic<int> most{0};
        std::atomic<bool> go{false};
        Script script;
        script.at_rcpt = [&] {
            most = std::max<int>(most, ++inside);
            while (!go) {
                std::this_thread::yield();
            }
            --inside;
        };
        const SmtpScript server(script);
        MailOptions two = options(server);
        two.max_concurrent = 2;
        const auto mailer = openMailer(two);
        std::vector<std::thread> threads;
        threads.reserve(4);
        std::atomic<int> accepted{0};
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] { accepted += mailer->send(message(), {}).status == STOA_OK ? 1 : 0; });
        }
        while (inside < 2) {
            std::this_thread::yield();
        }
        const Outcome shed = mailer->send(message(), std::chrono::steady_clock::now() + 20ms);
        go = true;
        for (auto& thread : threads) {
            thread.join();
        }
        assertOutcome(STOA_EXHAUSTED, false, shed);
        CPPUNIT_ASSERT_EQUAL(4, accepted.load());
        CPPUNIT_ASSERT(most <= 2);
    }

    void theLogSinkKeepsPersonalDataOutOfTheLog() {
        MailOptions made;
        made.file = folder_ + "/mails";
        assertOutcome(STOA_OK, true, openMailer(made)->send(message(), {}));
        const std::string log = content("log");
        CPPUNIT_ASSERT(log.find("id-1") != std::string::npos);
        CPPUNIT_ASSERT(log.find("ann@") == std::string::npos && log.find("First") == std::string::npos);
        const auto kept = parseJson(content("mails"));
        CPPUNIT_ASSERT(kept.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("ann@example.org"), (*kept)["to"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("First\n.dot\n"), (*kept)["text"].asString());
    }

    void optionsThatMakeNoSenseAreRefused() {
        const auto refused = [](auto change) {
            MailOptions made;
            change(made);
            CPPUNIT_ASSERT_THROW(openMailer(made), Error);
        };
        refused([](MailOptions& o) { o.url = "http://mail"; });
        refused([](MailOptions& o) { o.url = "smtp://"; });
        refused([](MailOptions& o) { o.url = "smtp://mail:0"; });
        refused([](MailOptions& o) { o.url = "smtp://mail:x"; });
        refused([](MailOptions& o) { o.url = "smtp://user@mail"; });
        refused([](MailOptions& o) { o.url = "smtp://user:secret@mail"; });
        refused([](MailOptions& o) { o.from = "nobody"; });
        refused([](MailOptions& o) { o.file = "/none/mails"; });
        refused([](MailOptions& o) {
            o.url = "smtp://user@mail.example.org";
            o.password = "secret";
        });
        MailOptions good;
        good.url = "smtp://user@mail.example.org";
        good.password = "secret";
        good.starttls = StartTls::kRequired;
        CPPUNIT_ASSERT_EQUAL(std::string("smtp://mail.example.org:587"), openMailer(good)->describe());
    }

    void thePluginSeesStatusSentAndReason() {
        Script script;
        script.drop_after_content = true;
        const SmtpScript server(script);
        const auto mailer = openMailer(options(server));
        observe::Metrics metrics;
        plugin::Environment environment;
        environment.service = "notification";
        const auto binding = mailCapability(*mailer, metrics)->bind(environment);
        const auto* mail = static_cast<const stoa_mail*>(binding->table());
        stoa_mail_message message{sizeof message, 0, view("id-1"), view("ann@example.org"), view("s"), view("t"), {}};
        std::uint32_t sent = 7;
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_UNAVAILABLE}, mail->send(mail, &message, &sent));
        CPPUNIT_ASSERT_EQUAL(1u, sent);
        CPPUNIT_ASSERT(!lastError().empty());
        CPPUNIT_ASSERT(metrics.expose().find("stoa_mail_total{result=\"uncertain\",service=\"notification\"} 1") !=
                       std::string::npos);
        Work work;
        work.open_transactions = 1;
        const WorkScope scope(work);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, mail->send(mail, &message, &sent));
        CPPUNIT_ASSERT_EQUAL(0u, sent);
        CPPUNIT_ASSERT(lastError().find("transaction") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string::npos, content("log").find("ann@"));
    }

private:
    std::string folder_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(MailerTest);

}  // namespace
}  // namespace stoa::host::mail
