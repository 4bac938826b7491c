/// For tests: an SMTP server that does what its script says, on a port of its own.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace stoa::host::mail {

/// How the server answers; what is left at its default lets a mail through.
struct Script {
    std::string greeting = "220 test";
    std::vector<std::string> features;  ///< of EHLO
    std::string auth = "235 2.7.0 welcome";
    std::string mail = "250 ok";
    std::string rcpt = "250 ok";
    std::string data = "354 go on";
    std::string content = "250 2.0.0 accepted";
    bool drop_after_greeting = false;
    bool drop_at_data = false;
    bool drop_in_content = false;
    bool drop_after_content = false;
    bool silent_after_content = false;  ///< until the server ends
    bool silent_at_once = false;
    std::string tls_name;  ///< offers STARTTLS with a certificate for this name
    std::function<void()> at_rcpt;
};

class SmtpScript {
public:
    explicit SmtpScript(Script script);
    ~SmtpScript();
    SmtpScript(const SmtpScript&) = delete;
    SmtpScript& operator=(const SmtpScript&) = delete;

    std::string url(const std::string& user = "") const;
    /// Contents of the mails that were accepted, without the final dot, dots as they came.
    std::vector<std::string> mails() const;
    /// Every command line; "TLS" where the handshake was done.
    std::vector<std::string> commands() const;
    bool heard(const std::string& beginning) const;
    /// PEM of the certificate that it shows.
    const std::string& certificate() const { return certificate_; }

private:
    struct Session;
    void acceptAll();
    void serve(int socket);
    bool answer(Session& session, const std::string& line);
    bool takeContent(Session& session);
    void note(const std::string& line);
    void makeCertificate(const std::string& name);

    Script script_;
    int listener_;
    int port_ = 0;
    std::atomic<bool> stop_{false};
    SSL_CTX* tls_ = nullptr;
    std::string certificate_;
    mutable std::mutex mutex_;
    std::vector<std::string> mails_;
    std::vector<std::string> commands_;
    std::vector<std::thread> sessions_;
    std::thread acceptor_;
};

}  // namespace stoa::host::mail
