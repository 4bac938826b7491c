#include "host/mail/smtp_mailer.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <Poco/Exception.h>
#include <fmt/format.h>

#include "host/base/crash_point.h"
#include "host/mail/smtp_connection.h"

namespace stoa::host::mail {
namespace {

/// So that authorities that were renewed are seen without a restart.
constexpr std::chrono::hours kTlsAge{1};

/// The server said no.
struct Refused {
    Reply reply;
    bool about_this_mail;  ///< else about this host: its login, its address, its TLS
    const char* step;
};

void expect(const Reply& reply, int hundreds, const char* step, bool about_this_mail) {
    if (reply.code / 100 != hundreds) {
        throw Refused{reply, about_this_mail, step};
    }
}

bool offers(const Reply& hello, std::string_view keyword) {
    return std::any_of(hello.lines.begin(), hello.lines.end(), [&](const std::string& line) {
        const std::string_view word = std::string_view(line).substr(0, line.find(' '));
        return std::equal(word.begin(), word.end(), keyword.begin(), keyword.end(),
                          [](unsigned char a, unsigned char b) { return std::toupper(a) == b; });
    });
}

bool offersLogin(const Reply& hello, std::string_view method) {
    return std::any_of(hello.lines.begin(), hello.lines.end(), [&](std::string line) {
        std::transform(line.begin(), line.end(), line.begin(), [](unsigned char c) { return std::toupper(c); });
        return line.starts_with("AUTH ") && (line + " ").find(" " + std::string(method) + " ") != std::string::npos;
    });
}

/// RFC 5321, 4.5.2: a line that begins with a dot gets another one; then the end of the content.
std::string stuffed(std::string_view mail) {
    std::string out;
    out.reserve(mail.size() + 16);
    bool line_start = true;
    for (const char c : mail) {
        if (line_start && c == '.') {
            out += '.';
        }
        out += c;
        line_start = c == '\n';
    }
    return out + ".\r\n";
}

Outcome outcomeOf(const Refused& refused) {
    const bool for_good = refused.about_this_mail && refused.reply.code >= 500;
    return {for_good ? STOA_INVALID : STOA_UNAVAILABLE, false,
            fmt::format("the mail server refused {} with {}", refused.step, refused.reply.brief())};
}

bool isLoopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

Error badUrl(const std::string& why) {
    return Error(STOA_INVALID, "mail.url: " + why + "; expected smtp://[user@]host[:port]");
}

}  // namespace

/// A place among those that send at once.
class SmtpMailer::Place {
public:
    Place(SmtpMailer& mailer, Deadline deadline) : mailer_(mailer), inside_(mailer.enter(deadline)) {}
    ~Place() {
        if (inside_) {
            mailer_.leave();
        }
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    explicit operator bool() const { return inside_; }

private:
    SmtpMailer& mailer_;
    bool inside_;
};

SmtpMailer::SmtpMailer(const MailOptions& options, Sender sender) : options_(options), sender_(std::move(sender)) {
    std::string_view rest = options.url;
    rest.remove_prefix(std::string_view("smtp://").size());
    if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
        user_ = rest.substr(0, at);
        rest.remove_prefix(at + 1);
        port_ = 587;
    }
    if (user_.find(':') != std::string::npos) {
        throw badUrl("holds a password: give it as mail.password");
    }
    const std::size_t bracket = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
    const std::size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
    host_ = bracket == std::string_view::npos ? rest.substr(0, colon) : rest.substr(1, bracket - 1);
    if (colon != std::string_view::npos) {
        const std::string_view port = rest.substr(colon + 1);
        const auto read = std::from_chars(port.data(), port.data() + port.size(), port_);
        if (read.ec != std::errc{} || read.ptr != port.data() + port.size() || port_ == 0) {
            throw badUrl("the port is no number from 1 to 65535");
        }
    }
    if (host_.empty() || host_.find_first_of("/ \r\n") != std::string::npos) {
        throw badUrl("the host is missing or odd");
    }
    if (user_.empty() != options.password.empty()) {
        throw Error(STOA_INVALID, "mail.url and mail.password: a user needs a password, and a password a user");
    }
    if (!user_.empty() && options.starttls != StartTls::kRequired && !isLoopback(host_)) {
        throw Error(STOA_INVALID, "mail.starttls: a password goes to another machine only with starttls: required");
    }
}

std::string SmtpMailer::describe() const { return fmt::format("smtp://{}:{}", host_, port_); }

bool SmtpMailer::enter(Deadline deadline) {
    std::unique_lock lock(mutex_);
    if (!left_.wait_until(lock, deadline, [this] { return inside_ < options_.max_concurrent; })) {
        return false;
    }
    ++inside_;
    return true;
}

void SmtpMailer::leave() {
    {
        const std::lock_guard lock(mutex_);
        --inside_;
    }
    left_.notify_one();
}

Outcome SmtpMailer::send(const Message& message, std::optional<Deadline> deadline) noexcept {
    try {
        if (std::string wrong = check(message); !wrong.empty()) {
            return {STOA_INVALID, false, std::move(wrong)};
        }
        const auto now = std::chrono::steady_clock::now();
        const Place place(*this, deadline.value_or(now + options_.timeout));
        if (!place) {
            return {STOA_EXHAUSTED, false, fmt::format("{} mails are being sent already", options_.max_concurrent)};
        }
        // Without a deadline each step is bounded, and their number: this is never the shorter one then.
        return deliver(message, deadline.value_or(std::chrono::steady_clock::now() + 12 * options_.timeout));
    } catch (const std::exception& error) {
        return {STOA_INTERNAL, false, error.what()};
    }
}

Outcome SmtpMailer::deliver(const Message& message, Deadline deadline) {
    bool sent = false;
    try {
        SmtpConnection connection(host_, port_, options_.timeout, deadline);
        hello(connection);
        expect(connection.command(fmt::format("MAIL FROM:<{}>", sender_.address)), 2, "the sender", false);
        expect(connection.command(fmt::format("RCPT TO:<{}>", message.to)), 2, "the recipient", true);
        const std::string content = stuffed(
            compose(message, sender_, std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now())));
        expect(connection.command("DATA"), 3, "DATA", true);
        sent = true;
        connection.write(content);
        crashPoint(CrashPoint::kMailSent);
        const Reply kept = connection.readReply();
        crashPoint(CrashPoint::kMailAnswered);
        expect(kept, 2, "the content", true);
        try {
            connection.command("QUIT");
        } catch (const std::exception&) {
            // The mail is accepted; how the server says good-bye is its own affair.
        }
        return {STOA_OK, true, {}};
    } catch (const Refused& refused) {
        return outcomeOf(refused);
    } catch (const TooLate& error) {
        return {STOA_DEADLINE, sent, error.what()};
    } catch (const Poco::TimeoutException&) {
        return {STOA_DEADLINE, sent, TooLate().what()};
    } catch (const Poco::Exception& error) {
        return {STOA_UNAVAILABLE, sent, fmt::format("mail server {}: {}", describe(), error.displayText())};
    } catch (const std::exception& error) {
        return {STOA_UNAVAILABLE, sent, fmt::format("mail server {}: {}", describe(), error.what())};
    }
}

Reply SmtpMailer::greet(SmtpConnection& connection) const {
    const Reply extended = connection.command("EHLO " + connection.localName());
    if (extended.code / 100 == 5) {
        const Reply simple = connection.command("HELO " + connection.localName());
        expect(simple, 2, "the greeting", false);
        return {};
    }
    expect(extended, 2, "the greeting", false);
    return extended;
}

void SmtpMailer::hello(SmtpConnection& connection) {
    expect(connection.readReply(), 2, "the connection", false);
    Reply offered = greet(connection);
    if (options_.starttls != StartTls::kNever && offers(offered, "STARTTLS")) {
        expect(connection.command("STARTTLS"), 2, "STARTTLS", false);
        connection.startTls(tlsContext());
        offered = greet(connection);
    } else if (options_.starttls == StartTls::kRequired) {
        throw std::runtime_error("it offers no STARTTLS, which mail.starttls requires");
    }
    if (!user_.empty()) {
        login(connection, offered);
    }
}

/// Kept for a while: a busy shop whose every mail read the system's authorities sent its mails minutes late.
Poco::Net::Context::Ptr SmtpMailer::tlsContext() {
    using Poco::Net::Context;
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (!tls_ || now - tls_made_ > kTlsAge) {
        // The certificate must be good for the host's name, or is looked at by nobody.
        const bool verify = options_.starttls == StartTls::kRequired;
        Context::Params parameters;
        parameters.caLocation = options_.ca_file;
        parameters.loadDefaultCAs = verify && options_.ca_file.empty();
        parameters.verificationMode = verify ? Context::VERIFY_STRICT : Context::VERIFY_NONE;
        Context::Ptr made = new Context(Context::TLS_CLIENT_USE, parameters);
        made->requireMinimumProtocol(Context::PROTO_TLSV1_2);
        made->enableExtendedCertificateVerification(verify);
        tls_ = made;
        tls_made_ = now;
    }
    return tls_;
}

void SmtpMailer::login(SmtpConnection& connection, const Reply& offered) const {
    if (offersLogin(offered, "PLAIN")) {
        using namespace std::string_literals;
        const std::string secret = "\0"s + user_ + "\0"s + options_.password;
        expect(connection.command("AUTH PLAIN " + base64(secret)), 2, "the login", false);
    } else if (offersLogin(offered, "LOGIN")) {
        expect(connection.command("AUTH LOGIN"), 3, "the login", false);
        expect(connection.command(base64(user_)), 3, "the login", false);
        expect(connection.command(base64(options_.password)), 2, "the login", false);
    } else {
        throw std::runtime_error("it offers neither AUTH PLAIN nor AUTH LOGIN");
    }
}

}  // namespace stoa::host::mail
