/// What becomes of a delivery. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <stoa/abi/core.h>
#include <stoa/time.h>

namespace notification {

enum class State {
    kHeld,  ///< nobody knows the address yet
    kPending,
    kSending,  ///< committed before the mail: found so later, the process died in between
    kSent,
    kFailed,      ///< not sent; perhaps a later try is set
    kUncertain,   ///< sent or not, nobody knows
    kSuppressed,  ///< the user wants no mail
};

struct Recipient {
    std::string user_id;
    std::string email;  ///< empty: not known yet
    std::string name;
    std::string locale;
    bool wants_mail = true;
    std::int64_t profile_version = 0;
    bool known() const { return !email.empty(); }
};

struct Notification {
    std::string id;
    std::string event_id;
    std::string template_name;
    std::string user_id;    ///< empty: not known yet
    std::string order_id;   ///< empty: about no order
    std::string variables;  ///< JSON object
    stoa::Time created;
};

struct Delivery {
    std::string id;
    std::string notification_id;
    std::string event_id;
    std::string template_name;
    std::string channel;
    std::string user_id;
    State state = State::kHeld;
    std::string message_id;
    std::int64_t attempts = 0;
    std::int64_t resends = 0;  ///< by staff, of what had been sent or had failed
    std::string error;
    stoa::Time created;
    stoa::Time updated;
};

/// Settings.
struct Policy {
    bool resend_uncertain = false;
    std::int64_t max_attempts = 8;  ///< and as many again for each resend by staff
    std::chrono::seconds retry{30};
};

struct Verdict {
    State state;
    std::optional<std::chrono::seconds> again = {};  ///< try again after that
};

/// After a try; `status` and `sent` as stoa.mail/1 gives them.
Verdict afterTry(const Delivery& delivery, const Policy& policy, stoa_status status, bool sent);
/// For a delivery found SENDING: the process died between the commit and the answer.
Verdict afterCrash(const Delivery& delivery, const Policy& policy);
/// Doubles with each try, up to an hour.
std::chrono::seconds waitAfter(std::int64_t attempts, std::chrono::seconds first);

/// A timer has something to do for it.
inline bool sendable(State state) { return state == State::kPending || state == State::kFailed; }
/// Staff may send it once more.
inline bool resendable(State state) {
    return state == State::kSent || state == State::kFailed || state == State::kUncertain;
}

/// Only the welcome goes to somebody who wants no mail: preferences can be set after it.
bool mayMail(std::string_view template_name, const Recipient& recipient);

/// The same for every try of one mail. What staff sends anew after it was SENT is another mail.
std::string messageId(const Delivery& delivery);

std::string_view name(State state);
/// Throws std::invalid_argument for any other text.
State parseState(std::string_view text);

}  // namespace notification
