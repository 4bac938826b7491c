/// Mail that goes nowhere: for development, demos and tests.
#pragma once

#include <mutex>
#include <string>

#include "host/mail/mailer.h"

namespace stoa::host::mail {

/// A log line for each mail, without personal data; with MailOptions::file also the whole of it, there.
class LogMailer final : public Mailer {
public:
    /// Throws stoa::Error (STOA_INVALID) when the file can't be opened.
    explicit LogMailer(const MailOptions& options);
    ~LogMailer() override;
    LogMailer(const LogMailer&) = delete;
    LogMailer& operator=(const LogMailer&) = delete;

    Outcome send(const Message& message, std::optional<Deadline> deadline) noexcept override;
    std::string describe() const override;

private:
    bool keep(const Message& message);

    std::string from_;
    std::string path_;
    int file_ = -1;
    std::mutex mutex_;
};

}  // namespace stoa::host::mail
