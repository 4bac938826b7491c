/// The life of a payment: which call to the provider comes next, and what its outcome means. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/time.h>

namespace payment {

enum class State {
    kCreated,
    kRequiresAction,
    kAuthorized,
    kCaptured,
    kPartiallyRefunded,
    kRefunded,
    kVoided,
    kFailed,
    kUnknown
};
enum class Closed { kNo, kVoided, kFailed };
enum class OpType { kAuthorize, kCapture, kVoid, kRefund };
enum class OpState { kRequested, kDone, kRefused, kUnknown };
enum class RefundState { kRequested, kDone, kFailed };

/// A request to the provider.
struct Op {
    std::string id = {};  ///< also the idempotency key sent to the provider
    OpType type = OpType::kAuthorize;
    std::int64_t amount = 0;
    std::string refund_id = {};  ///< of a refund
    OpState state = OpState::kRequested;
    std::string reason = {};  ///< why it was refused
    std::int64_t asked = 0;   ///< how often its outcome was asked for in vain
    stoa::Time requested = {};
};

struct Refund {
    std::string id = {};
    std::int64_t amount = 0;
    std::string reason = {};
    bool compensation = false;  ///< tried until it is done, unlike one that staff asked for
    RefundState state = RefundState::kRequested;
    stoa::Time created = {};
};

/// What events have said so far. They only ever add to it, so their order does not matter.
struct Facts {
    std::int64_t created_version = 0;    ///< of the order.created of this attempt; 0: it has not come
    std::int64_t cancelled_version = 0;  ///< of the newest order.cancelled; 0: none
    std::int64_t total = 0;              ///< what the order.created of this attempt says it costs
    std::string currency;                ///< of `total`; empty: not said yet
    bool reserved = false;
    bool short_of_stock = false;
};

struct Payment {
    std::string id;  ///< also the reference that the provider knows it by
    std::string order_id;
    std::int64_t attempt = 1;
    std::string user_id;
    std::int64_t amount = 0;  ///< minor units, as all amounts
    std::string currency;
    std::string token;        ///< empty when the authorisation is settled
    std::string provider_id;  ///< the provider's id; empty before the authorisation
    std::int64_t authorized = 0;
    std::int64_t captured = 0;
    std::int64_t refunded = 0;
    Closed closed = Closed::kNo;
    std::string reason;  ///< why it fails
    bool capture_asked = false;
    bool void_asked = false;
    std::optional<Op> open;       ///< asked for, not settled: at most one
    std::vector<Refund> refunds;  ///< oldest first
    std::int64_t ops = 0;         ///< requests made so far
    std::int64_t refusals = 0;    ///< of compensations, in a row
    stoa::Time not_before;        ///< of the next request
    Facts facts;
    std::int64_t version = 1;        ///< of the row
    std::int64_t event_version = 0;  ///< events published so far
    stoa::Time created;
    stoa::Time updated;
};

State stateOf(const Payment& payment);

/// The order was cancelled in this attempt at paying, as far as is known.
bool isCancelled(const Payment& payment);

/// Whether the order needs no money any more: what is held or taken has to go back.
bool isUnwanted(const Payment& payment);

/// The order costs something else than was recorded: nobody agreed to this payment, so nothing is charged.
bool isMismatched(const Payment& payment);

/// Captured, not refunded, and not reserved by a refund that is under way.
std::int64_t refundable(const Payment& payment);

struct Step {
    enum class Kind {
        kNothing,
        kRequest,  ///< `type` at the provider
        kClose,    ///< give the payment up; the provider never heard of it
        kAsk,      ///< what became of the open request
        kWait      ///< until `until`
    };
    Kind kind = Kind::kNothing;
    OpType type = OpType::kAuthorize;
    std::int64_t amount = 0;
    std::string refund_id = {};  ///< of the refund to carry out; empty: a new one
    stoa::Time until = {};
};

/// What has to happen next.
Step nextStep(const Payment& payment, stoa::Time now);

/// What is published about a change.
enum class News { kAuthorized, kCompleted, kFailed, kVoided, kRefunded };

/// What the provider said of a request.
struct Outcome {
    bool done = false;
    std::string provider_id = {};
    std::string reason = {};  ///< of a refusal
};

struct Settled {
    Op op;  ///< as it is now
    std::optional<News> news;
    std::optional<Refund> refund;  ///< changed
};

/// Takes the outcome of `payment.open`, which must be there, into the payment.
Settled settle(Payment& payment, const Outcome& outcome, stoa::Time now);

/// Gives the payment up: VOIDED, or FAILED when it has a reason to.
News close(Payment& payment);

/// What its last event said, if it is over: once more for an order that asks again.
std::optional<News> lastWord(const Payment& payment);

/// Between two attempts to find something out, or to have something done: 1 s, doubling up to a minute.
stoa::microseconds backoff(std::int64_t attempts_so_far);

std::string_view name(State state);
std::string_view name(Closed closed);
std::string_view name(OpType type);
std::string_view name(OpState state);
std::string_view name(RefundState state);
std::string_view name(News news);  ///< the topic

/// The value with that name; throws std::invalid_argument for any other text.
template <class Enum>
Enum parse(std::string_view text);

}  // namespace payment
