#include "sender.h"

#include <utility>

#include <stoa/json.h>

#include "store.h"

namespace notification {
namespace {

constexpr std::size_t kLongestError = 500;

std::string cut(std::string text) {
    if (text.size() > kLongestError) {
        std::size_t end = kLongestError;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) {
            --end;  // not inside of a character
        }
        text.resize(end);
    }
    return text;
}

}  // namespace

Sender::Sender(const stoa::Host& host)
    : host_(host),
      policy_{host.config()["onUncertain"].asString() == "resend", host.config()["maxAttempts"].asInt64(),
              std::chrono::seconds{host.config()["retrySeconds"].asInt64()}},
      locale_(host.config()["defaultLocale"].asString()) {}

Letter Sender::letter(const Notification& notification, const Recipient& recipient) const {
    const auto variables = stoa::parseJson(notification.variables);
    return write(notification.template_name, localeFor(recipient.locale, locale_), recipient.name,
                 variables.value_or(Json::Value(Json::objectValue)));
}

std::optional<Sender::Parcel> Sender::claim(stoa::Transaction& tx, std::string_view delivery_id) const {
    auto delivery = store::delivery(tx, delivery_id);
    if (delivery && delivery->state == State::kSending) {
        conclude(tx, *delivery, afterCrash(*delivery, policy_),
                 "the service ended while it was sending; nobody knows whether the mail went out");
        return std::nullopt;
    }
    if (!delivery || !sendable(delivery->state)) {
        return std::nullopt;
    }
    const State was = delivery->state;
    const Recipient recipient = store::recipient(tx, delivery->user_id);
    if (!mayMail(delivery->template_name, recipient)) {
        delivery->state = State::kSuppressed;
        store::update(tx, *delivery, was, delivery->attempts);
        return std::nullopt;
    }
    if (delivery->message_id.empty()) {
        delivery->message_id = messageId(*delivery);
    }
    Letter letter = this->letter(*store::notification(tx, delivery->notification_id), recipient);
    delivery->state = State::kSending;
    ++delivery->attempts;
    if (!store::update(tx, *delivery, was, delivery->attempts - 1)) {
        return std::nullopt;  // another attempt at this timer was faster
    }
    stoa::Mail mail{.message_id = delivery->message_id,
                    .to = recipient.email,
                    .subject = std::move(letter.subject),
                    .text = std::move(letter.text),
                    .html = std::move(letter.html)};
    return Parcel{std::move(*delivery), std::move(mail)};
}

void Sender::conclude(stoa::Transaction& tx, Delivery delivery, const Verdict& verdict, std::string error) const {
    delivery.state = verdict.state;
    delivery.error = cut(std::move(error));
    const std::int64_t attempts = delivery.attempts;
    // UNCERTAIN: a second run of this job has found us SENDING, and taken us for dead.
    const bool written = store::update(tx, delivery, State::kSending, attempts) ||
                         (verdict.state == State::kSent && store::update(tx, delivery, State::kUncertain, attempts));
    if (written && verdict.again) {
        tx.setTimer(kSend, delivery.id, tx.now() + *verdict.again);
    }
}

void Sender::send(const stoa::Firing& firing) const {
    const auto parcel = host_.sql().write([&](stoa::Transaction& tx) { return claim(tx, firing.key); });
    if (!parcel) {
        return;
    }
    const auto outcome = host_.mail().send(parcel->mail);
    const Verdict verdict = afterTry(parcel->delivery, policy_, outcome.status, outcome.sent);
    host_.sql().write([&](stoa::Transaction& tx) {
        conclude(tx, parcel->delivery, verdict, outcome.status == STOA_OK ? "" : outcome.error);
    });
    if (verdict.state != State::kSent) {
        host_.log().warn("mail not sent",
                         {{"delivery", parcel->delivery.id}, {"state", name(verdict.state)}, {"error", outcome.error}});
    }
}

}  // namespace notification
