#include "domain.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include <stoa/uuid.h>

namespace notification {
namespace {

constexpr std::array<std::pair<State, std::string_view>, 7> kStates{{{State::kHeld, "HELD"},
                                                                     {State::kPending, "PENDING"},
                                                                     {State::kSending, "SENDING"},
                                                                     {State::kSent, "SENT"},
                                                                     {State::kFailed, "FAILED"},
                                                                     {State::kUncertain, "UNCERTAIN"},
                                                                     {State::kSuppressed, "SUPPRESSED"}}};

bool mayTryAgain(const Delivery& delivery, const Policy& policy) {
    return delivery.attempts < policy.max_attempts * (1 + delivery.resends);
}

}  // namespace

Verdict afterCrash(const Delivery& delivery, const Policy& policy) {
    if (policy.resend_uncertain && mayTryAgain(delivery, policy)) {
        return {State::kPending, waitAfter(delivery.attempts, policy.retry)};
    }
    return {State::kUncertain};
}

Verdict afterTry(const Delivery& delivery, const Policy& policy, stoa_status status, bool sent) {
    if (status == STOA_OK) {
        return {State::kSent};
    }
    if (sent) {
        return afterCrash(delivery, policy);
    }
    if (status == STOA_INVALID || !mayTryAgain(delivery, policy)) {
        return {State::kFailed};  // refused for good, or often enough
    }
    return {State::kFailed, waitAfter(delivery.attempts, policy.retry)};
}

std::chrono::seconds waitAfter(std::int64_t attempts, std::chrono::seconds first) {
    const std::int64_t doublings = std::clamp<std::int64_t>(attempts - 1, 0, 12);
    return std::min<std::chrono::seconds>(first * (std::int64_t{1} << doublings), std::chrono::hours{1});
}

bool mayMail(std::string_view template_name, const Recipient& recipient) {
    return recipient.wants_mail || template_name == "registered";
}

std::string messageId(const Delivery& delivery) {
    std::string what = delivery.event_id + "|" + delivery.template_name + "|" + delivery.user_id;
    if (delivery.state == State::kSent) {
        what += "|" + std::to_string(delivery.resends);
    }
    return stoa::uuidFromName("mail", what);
}

std::string_view name(State state) {
    return std::find_if(kStates.begin(), kStates.end(), [&](const auto& each) { return each.first == state; })->second;
}

State parseState(std::string_view text) {
    const auto found =
        std::find_if(kStates.begin(), kStates.end(), [&](const auto& each) { return each.second == text; });
    if (found == kStates.end()) {
        throw std::invalid_argument("no state of a delivery: " + std::string(text));
    }
    return found->first;
}

}  // namespace notification
