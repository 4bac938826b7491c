/// Sends mails: a job, so that no transaction is open meanwhile.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <stoa/event.h>
#include <stoa/host.h>

#include "domain.h"
#include "templates.h"

namespace notification {

inline constexpr std::string_view kSend = "send";

class Sender {
public:
    explicit Sender(const stoa::Host& host);

    /// The delivery that is the firing's key. SENDING is committed before the mail leaves, and what became of it after.
    void send(const stoa::Firing& firing) const;
    /// The letter of a notification in the reader's language.
    Letter letter(const Notification& notification, const Recipient& recipient) const;

private:
    struct Parcel {
        Delivery delivery;
        stoa::Mail mail;
    };
    std::optional<Parcel> claim(stoa::Transaction& tx, std::string_view delivery_id) const;
    void conclude(stoa::Transaction& tx, Delivery delivery, const Verdict& verdict, std::string error) const;

    const stoa::Host& host_;
    Policy policy_;
    std::string locale_;
};

}  // namespace notification
