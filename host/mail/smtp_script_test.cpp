// The scripted server of smtp_script.h; part of the tests, not of the library.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "host/mail/smtp_script.h"

namespace stoa::host::mail {

/// A connection, in the clear or through TLS.
struct SmtpScript::Session {
    int socket;
    const std::atomic<bool>& stop;
    SSL* tls = nullptr;
    std::string buffer{};

    ~Session() {
        if (tls != nullptr) {
            SSL_free(tls);
        }
        ::close(socket);
    }
    void say(const std::string& text) {
        const std::string line = text + "\r\n";
        if (tls != nullptr) {
            SSL_write(tls, line.data(), static_cast<int>(line.size()));
        } else {
            ::send(socket, line.data(), line.size(), MSG_NOSIGNAL);
        }
    }
    bool fill() {
        char chunk[4096];
        pollfd readable{socket, POLLIN, 0};
        while (!stop && (tls == nullptr || SSL_pending(tls) == 0) && ::poll(&readable, 1, 10) == 0) {
        }
        const ssize_t got =
            stop ? 0 : (tls != nullptr ? SSL_read(tls, chunk, sizeof chunk) : ::recv(socket, chunk, sizeof chunk, 0));
        if (got > 0) {
            buffer.append(chunk, static_cast<std::size_t>(got));
        }
        return got > 0;
    }
    /// Up to `end`, which is taken away too.
    bool until(const std::string& end, std::string& text) {
        std::size_t at = std::string::npos;
        while ((at = buffer.find(end)) == std::string::npos) {
            if (!fill()) {
                return false;
            }
        }
        text = buffer.substr(0, at);
        buffer.erase(0, at + end.size());
        return true;
    }
    void waitForStop() const {
        while (!stop) {
            ::poll(nullptr, 0, 10);
        }
    }
};

SmtpScript::SmtpScript(Script script) : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (!script_.tls_name.empty()) {
        makeCertificate(script_.tls_name);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { acceptAll(); });
}

SmtpScript::~SmtpScript() {
    stop_ = true;
    acceptor_.join();
    for (std::thread& session : sessions_) {
        session.join();
    }
    ::close(listener_);
    SSL_CTX_free(tls_);
}

std::string SmtpScript::url(const std::string& user) const {
    return "smtp://" + (user.empty() ? "" : user + "@") + "localhost:" + std::to_string(port_);
}

std::vector<std::string> SmtpScript::mails() const {
    const std::lock_guard lock(mutex_);
    return mails_;
}

std::vector<std::string> SmtpScript::commands() const {
    const std::lock_guard lock(mutex_);
    return commands_;
}

bool SmtpScript::heard(const std::string& beginning) const {
    const auto all = commands();
    return std::any_of(all.begin(), all.end(), [&](const std::string& line) { return line.starts_with(beginning); });
}

void SmtpScript::note(const std::string& line) {
    const std::lock_guard lock(mutex_);
    commands_.push_back(line);
}

void SmtpScript::acceptAll() {
    while (!stop_) {
        pollfd readable{listener_, POLLIN, 0};
        if (::poll(&readable, 1, 10) > 0) {
            const int socket = ::accept(listener_, nullptr, nullptr);
            sessions_.emplace_back([this, socket] { serve(socket); });
        }
    }
}

void SmtpScript::serve(int socket) {
    Session session{socket, stop_};
    if (script_.silent_at_once) {
        session.waitForStop();
        return;
    }
    session.say(script_.greeting);
    std::string line;
    while (!script_.drop_after_greeting && session.until("\r\n", line)) {
        note(line);
        if (!answer(session, line)) {
            return;
        }
    }
}

bool SmtpScript::answer(Session& session, const std::string& line) {
    const std::string verb = line.substr(0, 4);
    if (verb == "EHLO") {
        session.say("250-test");
        for (const std::string& feature : script_.features) {
            session.say("250-" + feature);
        }
        session.say(tls_ != nullptr && session.tls == nullptr ? "250 STARTTLS" : "250 8BITMIME");
    } else if (verb == "STAR") {
        session.say("220 go on");
        session.tls = SSL_new(tls_);
        SSL_set_fd(session.tls, session.socket);
        if (SSL_accept(session.tls) != 1) {
            return false;
        }
        note("TLS");
    } else if (line == "AUTH LOGIN") {
        session.say("334 VXNlcm5hbWU6");
        std::string answer;
        session.until("\r\n", answer);
        note(answer);
        session.say("334 UGFzc3dvcmQ6");
        session.until("\r\n", answer);
        note(answer);
        session.say(script_.auth);
    } else if (verb == "AUTH") {
        session.say(script_.auth);
    } else if (verb == "MAIL") {
        session.say(script_.mail);
    } else if (verb == "RCPT") {
        if (script_.at_rcpt) {
            script_.at_rcpt();
        }
        session.say(script_.rcpt);
    } else if (verb == "DATA") {
        return takeContent(session);
    } else {
        session.say("221 bye");
        return false;
    }
    return true;
}

bool SmtpScript::takeContent(Session& session) {
    if (script_.drop_at_data) {
        return false;
    }
    session.say(script_.data);
    if (!script_.data.starts_with("354")) {
        return true;
    }
    std::string mail;
    if (script_.drop_in_content || !session.until("\r\n.\r\n", mail) || script_.drop_after_content) {
        return false;
    }
    if (script_.silent_after_content) {
        session.waitForStop();
        return false;
    }
    if (script_.content.starts_with("2")) {
        const std::lock_guard lock(mutex_);
        mails_.push_back(mail + "\r\n");
    }
    session.say(script_.content);
    return true;
}

void SmtpScript::makeCertificate(const std::string& name) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* x509 = X509_new();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key);
    X509_NAME* subject = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(x509, subject);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
    X509_add_ext(x509, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(x509, key, EVP_sha256());
    tls_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(tls_, x509);
    SSL_CTX_use_PrivateKey(tls_, key);
    BIO* pem = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(pem, x509);
    char* text = nullptr;
    const long size = BIO_get_mem_data(pem, &text);
    certificate_.assign(text, static_cast<std::size_t>(size));
    BIO_free(pem);
    X509_free(x509);
    EVP_PKEY_free(key);
}

}  // namespace stoa::host::mail
