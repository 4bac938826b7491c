/// One conversation with an SMTP server (RFC 5321), on Poco's sockets; every wait ends.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <Poco/Net/Context.h>
#include <Poco/Net/StreamSocket.h>

#include "host/base/work.h"
#include "host/mail/mailer.h"

namespace stoa::host::mail {

struct Reply {
    int code = 0;
    std::vector<std::string> lines;  ///< without the code
    /// "550" or "550 5.1.1": the server's words may name the recipient.
    std::string brief() const;
};

/// Nothing came in time. Other failures of the connection are Poco::Exception or std::runtime_error.
class TooLate : public std::runtime_error {
public:
    TooLate() : std::runtime_error("the server did not answer in time") {}
};

class SmtpConnection {
public:
    /// Connects. `limit`: of each wait; `deadline`: of all together.
    SmtpConnection(const std::string& host, std::uint16_t port, std::chrono::milliseconds limit, Deadline deadline);

    Reply readReply();
    Reply command(std::string_view line);
    void write(std::string_view data);
    /// After 220 to STARTTLS.
    void startTls(const Poco::Net::Context::Ptr& context);
    /// "[127.0.0.1]": this side, for EHLO.
    std::string localName() const;

private:
    void limitNextWait();
    std::string readLine();

    std::string host_;
    std::chrono::milliseconds limit_;
    Deadline deadline_;
    Poco::Net::StreamSocket socket_;
    std::string buffer_;
};

}  // namespace stoa::host::mail
