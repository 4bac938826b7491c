/// Mail by SMTP: a connection for each, a few at once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include <Poco/Net/Context.h>

#include "host/mail/compose.h"
#include "host/mail/mailer.h"

namespace stoa::host::mail {

class SmtpConnection;
struct Reply;

class SmtpMailer final : public Mailer {
public:
    /// Of an smtp: URL. Throws stoa::Error (STOA_INVALID).
    SmtpMailer(const MailOptions& options, Sender sender);

    Outcome send(const Message& message, std::optional<Deadline> deadline) noexcept override;
    std::string describe() const override;

private:
    class Place;
    Outcome deliver(const Message& message, Deadline deadline);
    void hello(SmtpConnection& connection);
    Poco::Net::Context::Ptr tlsContext();
    Reply greet(SmtpConnection& connection) const;
    void login(SmtpConnection& connection, const Reply& offers) const;
    bool enter(Deadline deadline);
    void leave();

    MailOptions options_;
    Sender sender_;
    std::string user_;
    std::string host_;
    std::uint16_t port_ = 25;
    std::mutex mutex_;
    std::condition_variable left_;
    int inside_ = 0;
    Poco::Net::Context::Ptr tls_;
    std::chrono::steady_clock::time_point tls_made_;
};

}  // namespace stoa::host::mail
