/// The saga of an order: what each event does in each state. Pure; nothing here reads a clock or a database.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace order {

enum class Status { kPending, kConfirmed, kCompleted, kCancelPending, kCancelled, kRejected, kExpired };
enum class PaymentStatus { kNone, kAuthorized, kPaid, kPartiallyRefunded, kRefunded, kVoided, kFailed };
enum class FulfillmentStatus { kUnfulfilled, kPartial, kShipped, kDelivered, kReturned };
enum class InventoryStatus { kNone, kReserved, kCommitted, kReleased, kFailed };

/// What a CANCEL_PENDING order waits for.
enum class Phase {
    kNone,
    kAskingShipping,  ///< order.cancel_requested is out; nothing is undone before shipping has agreed
    kCompensating     ///< order.cancelled is out; waits until money and stock are back
};

/// The part of an order that the saga decides on.
struct Saga {
    Status status = Status::kPending;
    PaymentStatus payment = PaymentStatus::kNone;
    FulfillmentStatus fulfillment = FulfillmentStatus::kUnfulfilled;
    InventoryStatus inventory = InventoryStatus::kNone;
    Phase phase = Phase::kNone;
    Status outcome = Status::kPending;  ///< where CANCEL_PENDING ends
    std::string reason;           ///< why it is cancelled: "payment_failed", "out_of_stock", "deadline", "customer" …
    bool cancel_refused = false;  ///< shipping did not give the last cancellation
    friend bool operator==(const Saga&, const Saga&) = default;
};

enum class Trigger {
    kPaymentAuthorized,
    kPaymentCompleted,
    kPaymentFailed,
    kPaymentVoided,
    kPaymentRefunded,
    kPaymentPartlyRefunded,
    kStockReserved,
    kStockShort,
    kStockReleased,
    kStockReleasedUnpaid,  ///< released by inventory itself, because the payment failed
    kStockCommitted,
    kCommitRefused,
    kShipmentCreated,
    kShipmentShipped,
    kShipmentDelivered,
    kShipmentCancelled,
    kCancelRefused,
    kCancelAsked,
    kPaidAgain,
    kDeadlinePassed,
    kAnswerOverdue  ///< what a cancellation waits for has not come: it is asked for again
};
inline constexpr Trigger kLastTrigger = Trigger::kAnswerOverdue;

enum class Publish { kCreated, kConfirmed, kCancelRequested, kCancelled };

struct Transition {
    Saga next;
    std::vector<Publish> publish;
    std::string_view ignored;  ///< why nothing happens; empty when something does
};

/// What `trigger` does to `saga`. Versions were compared before: stale events never come here. An ignored trigger
/// leaves the saga as it is. ARCHITECTURE.md shows the whole table; saga_test.cpp keeps it true.
Transition decide(const Saga& saga, Trigger trigger);

std::string_view name(Status status);
std::string_view name(PaymentStatus status);
std::string_view name(FulfillmentStatus status);
std::string_view name(InventoryStatus status);
std::string_view name(Phase phase);
std::string_view name(Trigger trigger);  ///< of one that is an event: its topic
std::string_view name(Publish publish);  ///< the topic

/// The value with that name; throws std::invalid_argument for any other text.
template <class Enum>
Enum parse(std::string_view text);

}  // namespace order
