#include "host/mail/mail_capability.h"

#include <stoa/abi/draft/mail.h>

#include <string>

#include <stoa/error.h>

#include "host/base/work.h"
#include "host/mail/mailer.h"
#include "host/memory/account.h"
#include "host/observe/log.h"

namespace stoa::host::mail {
namespace {

Message messageOf(const stoa_mail_message& given) {
    return {std::string(text(given.message_id)), std::string(text(given.to)), std::string(text(given.subject)),
            std::string(text(given.text)), std::string(text(given.html))};
}

class MailBinding : public plugin::Binding {
public:
    MailBinding(Mailer& mailer, observe::Metrics& metrics, const std::string& service) : mailer_(mailer) {
        const auto series = [&](const char* result) {
            return metrics.counter("stoa_mail_total", "Mails by what became of them.",
                                   {{"service", service}, {"result", result}});
        };
        sent_ = series("sent");
        failed_ = series("failed");
        uncertain_ = series("uncertain");
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.send = [](const stoa_mail* mail, const stoa_mail_message* message, std::uint32_t* sent) -> stoa_status {
            *sent = 0;
            const memory::HostScope host;
            try {
                return static_cast<MailBinding*>(mail->self)->send(*message, *sent);
            } catch (const std::exception& error) {
                setLastError(error.what());
                return STOA_INTERNAL;
            }
        };
    }

    const void* table() const override { return &table_; }

private:
    stoa_status send(const stoa_mail_message& message, std::uint32_t& sent) {
        if (!STOA_HAS(&message, html)) {
            setLastError("stoa_mail_message is shorter than its first version: set struct_size");
            return STOA_INVALID;
        }
        const Work* work = currentWork();
        if (work != nullptr && work->open_transactions > 0) {
            setLastError("a transaction is open: commit it before sending mail");
            return STOA_INVALID;
        }
        const Outcome outcome = mailer_.send(messageOf(message), work == nullptr ? std::nullopt : work->deadline);
        sent = outcome.sent ? 1 : 0;
        if (outcome.status == STOA_OK) {
            sent_->add();
            return STOA_OK;
        }
        (outcome.sent ? uncertain_ : failed_)->add();
        observe::warn(outcome.sent ? "it is not known whether a mail went out" : "a mail did not go out",
                      {{"message_id", std::string(text(message.message_id))}, {"reason", outcome.detail}});
        setLastError(outcome.detail);
        return outcome.status;
    }

    stoa_mail table_{};
    Mailer& mailer_;
    std::shared_ptr<observe::Counter> sent_, failed_, uncertain_;
};

class MailCapability : public plugin::Capability {
public:
    MailCapability(Mailer& mailer, observe::Metrics& metrics) : mailer_(mailer), metrics_(metrics) {}
    std::string_view id() const override { return STOA_MAIL_ID; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override {
        return std::make_unique<MailBinding>(mailer_, metrics_, environment.service);
    }

private:
    Mailer& mailer_;
    observe::Metrics& metrics_;
};

}  // namespace

std::unique_ptr<plugin::Capability> mailCapability(Mailer& mailer, observe::Metrics& metrics) {
    return std::make_unique<MailCapability>(mailer, metrics);
}

}  // namespace stoa::host::mail
