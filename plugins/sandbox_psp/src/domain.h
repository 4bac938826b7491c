/// What the provider does with money, and what a token makes it do. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <stoa/time.h>

namespace sandbox_psp {

enum class Type { kAuthorize, kCapture, kVoid, kRefund };

/// How the answer comes, after the commit.
enum class Answer {
    kAtOnce,
    kSlow,     ///< late, but in time for a patient caller
    kTimeout,  ///< later than any caller waits
    kBroken    ///< 500, though it was done
};

/// What happens to a payment with a certain token.
struct Script {
    std::string_view decline_reason = {};  ///< empty: approved
    Answer authorize = Answer::kAtOnce;
    Answer capture = Answer::kAtOnce;
    Answer undo = Answer::kAtOnce;  ///< of void and refund
    bool capture_refused = false;
    bool first_refund_refused = false;
};

/// Script of a token. An unknown one is declined.
Script scriptOf(std::string_view token);
Answer answerOf(const Script& script, Type type);

struct Payment {
    std::string id;
    std::string reference;
    std::string token;
    std::string currency;
    std::int64_t amount = 0;  ///< minor units
    std::string status;
    std::string decline_reason;
    std::int64_t authorized = 0;
    std::int64_t captured = 0;
    std::int64_t refunded = 0;
    std::int64_t refund_refusals = 0;
    stoa::Time created;
};

/// A request that was decided.
struct Operation {
    std::int64_t sequence = 0;
    std::string key;  ///< of idempotency
    Type type = Type::kAuthorize;
    std::int64_t amount = 0;
    std::string reference;  ///< the caller's, of a refund
    bool done = false;
    std::string reason;  ///< why it was not done
    stoa::Time at;
};

/// Decides `operation` and changes `payment` when it is done. Sets `operation.done` and `operation.reason`. A void
/// gives back all: its amount is set.
void decide(Payment& payment, Operation& operation);

std::string_view name(Type type);
/// Throws std::invalid_argument for any other text.
Type parseType(std::string_view text);

}  // namespace sandbox_psp
