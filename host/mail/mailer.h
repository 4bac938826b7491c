/// One mail to one recipient: by SMTP, or to a log.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <stoa/error.h>

#include "host/base/work.h"

namespace stoa::host::mail {

struct Message {
    std::string message_id;  ///< without angle brackets and domain; letters, digits and ._-+=~
    std::string to;          ///< one address
    std::string subject;
    std::string text;
    std::string html;  ///< may be empty
};

/// What became of a mail. `sent`: its content may have reached the server; with another status than STOA_OK nobody
/// knows whether it went out. A server that refused the content with 4xx or 5xx has not taken it: not sent.
struct Outcome {
    stoa_status status = STOA_OK;
    bool sent = false;
    std::string detail;  ///< why not; names no recipient
};

/// kWhenOffered encrypts without checking who is there (RFC 7435); kRequired checks the certificate for the host's
/// name.
enum class StartTls { kNever, kWhenOffered, kRequired };

struct MailOptions {
    std::string url = "log:";  ///< "log:" or "smtp://[user@]host[:port]" (port 587 with a user, else 25)
    std::string password;      ///< from a secret
    StartTls starttls = StartTls::kWhenOffered;
    std::string from = "Stoa <no-reply@localhost>";
    std::string file;  ///< for "log:": every mail whole, as a JSON line; empty: only the log line without its content
    std::chrono::milliseconds timeout{10'000};  ///< for each answer of the server
    int max_concurrent = 4;                     ///< beyond: wait until the deadline (or `timeout`), then STOA_EXHAUSTED
    std::string ca_file;                        ///< PEM of who may sign the server's certificate; empty: the system's
};

/// Any thread.
class Mailer {
public:
    virtual ~Mailer() = default;
    /// Never throws. STOA_INVALID: bad address or header, or this mail was refused for good (5xx to RCPT or DATA).
    /// STOA_UNAVAILABLE: no connection, 4xx, or the server refuses this host (5xx before RCPT). STOA_DEADLINE: no
    /// answer in time. STOA_EXHAUSTED: too many at once.
    virtual Outcome send(const Message& message, std::optional<Deadline> deadline) noexcept = 0;
    /// For logs and status; no secret.
    virtual std::string describe() const = 0;
};

/// Throws stoa::Error (STOA_INVALID) when the options don't make sense: among others a password for another machine is
/// sent only with StartTls::kRequired, which checks the server's certificate. Connects to nothing yet.
std::unique_ptr<Mailer> openMailer(const MailOptions& options);

}  // namespace stoa::host::mail
