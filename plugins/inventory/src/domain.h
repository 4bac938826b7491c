/// What an event does to the reservation of an order. Pure; nothing here reads a clock or a database.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/time.h>

namespace inventory {

enum class State {
    kNone,  ///< something is known of the order, but not what it contains
    kHeld,
    kCommitted,
    kShipped,
    kReleased,
    kExpired,
    kFailed
};

struct Line {
    std::string product_id;
    std::int64_t quantity = 0;
    friend bool operator==(const Line&, const Line&) = default;
};

struct Shortage {
    std::string product_id;
    std::int64_t requested = 0;
    std::int64_t available = 0;
};

struct Reservation {
    std::string order_id;
    std::string id;  ///< empty: nothing was ever held for this attempt
    State state = State::kNone;
    std::int64_t attempt = 0;          ///< of paying, that `state` is about
    std::int64_t order_version = 0;    ///< of the order.created that began the attempt
    std::int64_t cancel_version = 0;   ///< of the newest order.cancelled
    std::int64_t confirm_version = 0;  ///< of the newest order.confirmed
    std::int64_t failed_attempt = 0;   ///< newest attempt whose payment failed
    bool shipped = false;              ///< its parcel has left
    stoa::Time expires;
    std::vector<Line> lines;  ///< sorted by product
    std::int64_t version = 1;
    std::int64_t event_version = 0;  ///< events published so far
    stoa::Time created;
    stoa::Time updated;

    /// Stock is kept for it.
    bool live() const { return state == State::kHeld || state == State::kCommitted; }
    /// Stock was kept, or should have been, and is not any more.
    bool ended() const { return state == State::kReleased || state == State::kExpired || state == State::kFailed; }
};

enum class Action {
    kBegin,          ///< the attempt of the event becomes the current one, with its lines
    kTake,           ///< all lines or none; the actions after it fall away when there is not enough
    kTakeAndCommit,  ///< the hold is over: once more, or commit_refused
    kCommit,
    kShip,
    kGiveBack,     ///< for `reason`
    kAcknowledge,  ///< say that nothing is held for this attempt, for `reason`
    kAnswerAgain   ///< say once more that nothing is held any more, for `reason`
};

struct Step {
    Action action;
    std::string_view reason = {};
    friend bool operator==(const Step&, const Step&) = default;
};
using Steps = std::vector<Step>;

inline constexpr std::string_view kCancelled = "cancelled";
inline constexpr std::string_view kExpired = "expired";
inline constexpr std::string_view kPaymentFailed = "payment_failed";

/// Each notes in `reservation` what the event tells, and returns what is to be done, in order. Topics are not ordered
/// against each other: every interleaving ends in the same state. `version` is the order's.
Steps onCreated(Reservation& reservation, std::int64_t attempt, std::int64_t version);
Steps onConfirmed(Reservation& reservation, std::int64_t version);
Steps onCancelled(Reservation& reservation, std::int64_t attempt, std::int64_t version);
Steps onPaymentFailed(Reservation& reservation, std::int64_t attempt);
/// Shipping books nothing before inventory.committed: what ships is COMMITTED, and is taken off what is on hand.
Steps onShipped(Reservation& reservation);
Steps onExpiry(const Reservation& reservation, stoa::Time now);

/// One line a product, quantities of duplicates summed, sorted by product: rows are locked in one order everywhere.
std::vector<Line> merged(std::vector<Line> lines);

struct Stock {
    std::string product_id;
    std::int64_t on_hand = 0;
    std::int64_t reserved = 0;
    bool low = true;  ///< what can be sold is at most the threshold; a new product begins so
    std::int64_t version = 0;
    std::int64_t event_version = 0;
    std::int64_t available() const { return on_hand - reserved; }
};

bool isLow(const Stock& stock, std::int64_t threshold);

std::string_view name(State state);
/// Throws std::invalid_argument for any other text.
State parseState(std::string_view text);

}  // namespace inventory
