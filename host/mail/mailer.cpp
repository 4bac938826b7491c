#include "host/mail/mailer.h"

#include <fmt/format.h>

#include "host/mail/compose.h"
#include "host/mail/log_mailer.h"
#include "host/mail/smtp_mailer.h"

namespace stoa::host::mail {

std::unique_ptr<Mailer> openMailer(const MailOptions& options) {
    const std::optional<Sender> sender = parseSender(options.from);
    if (!sender) {
        throw Error(STOA_INVALID, fmt::format("mail.from \"{}\": expected an address, as shop@example.org or "
                                              "Shop <shop@example.org>",
                                              options.from));
    }
    if (options.max_concurrent < 1 || options.timeout.count() < 1) {
        throw Error(STOA_INVALID, "mail.max_concurrent and mail.timeout must be at least 1");
    }
    if (options.url == "log:") {
        return std::make_unique<LogMailer>(options);
    }
    if (options.url.starts_with("smtp://")) {
        return std::make_unique<SmtpMailer>(options, *sender);
    }
    throw Error(STOA_INVALID, "mail.url: expected log: or smtp://[user@]host[:port]");
}

}  // namespace stoa::host::mail
