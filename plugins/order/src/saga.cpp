#include "saga.h"

#include <algorithm>
#include <optional>

namespace order {
namespace {

constexpr std::string_view kCustomer = "customer";
constexpr std::string_view kOutOfStock = "out_of_stock";
constexpr std::string_view kWithdrawn = "payment_withdrawn";
constexpr std::string_view kNoCancellation = "no cancellation is under way";

/// Money and stock are where they were before: a dead order may rest.
bool settled(const Saga& saga) {
    const bool money = saga.payment == PaymentStatus::kVoided || saga.payment == PaymentStatus::kRefunded ||
                       saga.payment == PaymentStatus::kFailed;
    const bool stock = saga.inventory == InventoryStatus::kReleased || saga.inventory == InventoryStatus::kFailed;
    return money && stock;
}

/// Ends a compensation whose acknowledgements are all in.
void restWhenSettled(Saga& saga) {
    if (saga.phase == Phase::kCompensating && settled(saga)) {
        saga.status = saga.outcome;
        saga.phase = Phase::kNone;
    }
}

/// Nothing can ship any more: undo the rest.
void compensate(Transition& transition, Status outcome, std::string_view reason) {
    Saga& next = transition.next;
    next.status = Status::kCancelPending;
    next.phase = Phase::kCompensating;
    next.outcome = outcome;
    next.reason = reason;
    transition.publish.push_back(Publish::kCancelled);
    restWhenSettled(next);
}

/// Something may be on its way already: shipping decides.
void askShipping(Transition& transition, std::string_view reason) {
    Saga& next = transition.next;
    next.status = Status::kCancelPending;
    next.phase = Phase::kAskingShipping;
    next.outcome = Status::kCancelled;
    next.reason = reason;
    next.cancel_refused = false;
    transition.publish.push_back(Publish::kCancelRequested);
}

std::optional<PaymentStatus> paymentAfter(Trigger trigger) {
    switch (trigger) {
        case Trigger::kPaymentAuthorized:
            return PaymentStatus::kAuthorized;
        case Trigger::kPaymentCompleted:
            return PaymentStatus::kPaid;
        case Trigger::kPaymentFailed:
            return PaymentStatus::kFailed;
        case Trigger::kPaymentVoided:
            return PaymentStatus::kVoided;
        case Trigger::kPaymentRefunded:
            return PaymentStatus::kRefunded;
        case Trigger::kPaymentPartlyRefunded:
            return PaymentStatus::kPartiallyRefunded;
        default:
            return std::nullopt;
    }
}

std::optional<InventoryStatus> inventoryAfter(Trigger trigger) {
    switch (trigger) {
        case Trigger::kStockReserved:
            return InventoryStatus::kReserved;
        case Trigger::kStockReleased:
        case Trigger::kStockReleasedUnpaid:
            return InventoryStatus::kReleased;
        case Trigger::kStockCommitted:
            return InventoryStatus::kCommitted;
        case Trigger::kStockShort:
        case Trigger::kCommitRefused:  // the hold had expired: nothing is held, and inventory has no more to say
            return InventoryStatus::kFailed;
        default:
            return std::nullopt;
    }
}

std::optional<FulfillmentStatus> fulfillmentAfter(Trigger trigger) {
    switch (trigger) {
        case Trigger::kShipmentShipped:
        case Trigger::kCancelRefused:  // it may overtake what it follows from
            return FulfillmentStatus::kShipped;
        case Trigger::kShipmentDelivered:
            return FulfillmentStatus::kDelivered;
        default:
            return std::nullopt;
    }
}

/// Writes down what the event says of money, stock and parcels. True when it says something of them.
bool note(Saga& saga, Trigger trigger) {
    const auto payment = paymentAfter(trigger);
    const auto inventory = inventoryAfter(trigger);
    const auto fulfillment = fulfillmentAfter(trigger);
    saga.payment = payment.value_or(saga.payment);
    saga.inventory = inventory.value_or(saga.inventory);
    saga.fulfillment = std::max(saga.fulfillment, fulfillment.value_or(saga.fulfillment));
    return payment || inventory || fulfillment;
}

Transition ignore(const Saga& saga, std::string_view why) { return {saga, {}, why}; }

bool isPaidAndHeld(const Saga& saga) {
    return saga.payment == PaymentStatus::kPaid &&
           (saga.inventory == InventoryStatus::kReserved || saga.inventory == InventoryStatus::kCommitted);
}

Transition whilePending(const Saga& saga, Trigger trigger) {
    Transition transition{saga, {}, {}};
    note(transition.next, trigger);
    switch (trigger) {
        case Trigger::kPaymentFailed:
        case Trigger::kStockReleasedUnpaid:
            compensate(transition, Status::kRejected, "payment_failed");
            return transition;
        case Trigger::kPaymentVoided:
        case Trigger::kPaymentRefunded:
            compensate(transition, Status::kRejected, kWithdrawn);
            return transition;
        case Trigger::kStockShort:
            compensate(transition, Status::kRejected, kOutOfStock);
            return transition;
        case Trigger::kStockReleased:
            compensate(transition, Status::kExpired, "hold_expired");
            return transition;
        case Trigger::kDeadlinePassed:
            compensate(transition, Status::kExpired, "deadline");
            return transition;
        case Trigger::kCancelAsked:
            compensate(transition, Status::kCancelled, kCustomer);
            return transition;
        case Trigger::kPaidAgain:
            return ignore(saga, "a payment is under way");
        case Trigger::kAnswerOverdue:
            return ignore(saga, kNoCancellation);
        case Trigger::kCommitRefused:
        case Trigger::kShipmentCreated:
        case Trigger::kShipmentShipped:
        case Trigger::kShipmentDelivered:
        case Trigger::kShipmentCancelled:
        case Trigger::kCancelRefused:
            return ignore(saga, "the order has not been confirmed");
        default:
            break;
    }
    if (isPaidAndHeld(transition.next)) {
        transition.next.status = Status::kConfirmed;
        transition.publish.push_back(Publish::kConfirmed);
    }
    return transition;
}

Transition whileConfirmed(const Saga& saga, Trigger trigger) {
    const bool unshipped = saga.fulfillment == FulfillmentStatus::kUnfulfilled;
    Transition transition{saga, {}, {}};
    note(transition.next, trigger);
    switch (trigger) {
        case Trigger::kShipmentDelivered:
            transition.next.status = Status::kCompleted;
            break;
        case Trigger::kCommitRefused:
            if (unshipped) {
                askShipping(transition, kOutOfStock);
            }
            break;
        case Trigger::kCancelAsked:
            if (!unshipped) {
                return ignore(saga, "a parcel is on its way");
            }
            askShipping(transition, kCustomer);
            break;
        case Trigger::kShipmentCancelled:
            compensate(transition, Status::kCancelled, "shipment_cancelled");
            break;
        case Trigger::kShipmentCreated:
            return ignore(saga, "nothing waits for it");
        case Trigger::kCancelRefused:
        case Trigger::kAnswerOverdue:
            return ignore(saga, kNoCancellation);
        case Trigger::kPaidAgain:
            return ignore(saga, "the order is paid");
        case Trigger::kDeadlinePassed:
            return ignore(saga, "the order was confirmed in time");
        default:
            break;
    }
    return transition;
}

/// The parcel has left: the order goes on. Whether shipping's refusal comes or what made it refuse is all the same,
/// since the one may overtake the other.
void refuseCancellation(Saga& saga) {
    saga.status = saga.fulfillment == FulfillmentStatus::kDelivered ? Status::kCompleted : Status::kConfirmed;
    saga.phase = Phase::kNone;
    saga.outcome = Status::kPending;
    saga.cancel_refused = saga.reason == kCustomer;
    saga.reason.clear();
}

/// Whoever owes an answer gets the question once more. Everybody answers a new one again, so that neither a question
/// nor an answer that ended in a dead letter leaves the order between two states.
Transition askAgain(const Saga& saga) {
    return {saga, {saga.phase == Phase::kAskingShipping ? Publish::kCancelRequested : Publish::kCancelled}, {}};
}

Transition whileAskingShipping(const Saga& saga, Trigger trigger) {
    Transition transition{saga, {}, {}};
    if (trigger == Trigger::kShipmentCancelled) {
        compensate(transition, saga.outcome, saga.reason);
    } else if (!note(transition.next, trigger)) {
        return ignore(saga, "the cancellation is under way");
    } else if (fulfillmentAfter(trigger)) {
        refuseCancellation(transition.next);
    }
    return transition;
}

Transition whileCompensating(const Saga& saga, Trigger trigger) {
    Transition transition{saga, {}, {}};
    if (!note(transition.next, trigger)) {
        return ignore(saga, "the cancellation is under way");
    }
    if (trigger == Trigger::kStockShort && saga.reason == kWithdrawn) {
        transition.next.reason = kOutOfStock;  // payment had heard of it first and gave the money back
    }
    restWhenSettled(transition.next);
    return transition;
}

Transition whileAtRest(const Saga& saga, Trigger trigger) {
    Transition transition{saga, {}, {}};
    const bool may_pay = saga.status == Status::kRejected && saga.payment == PaymentStatus::kFailed;
    if (trigger == Trigger::kPaidAgain && may_pay) {
        transition.next = Saga{};
        transition.publish.push_back(Publish::kCreated);
    } else if (!note(transition.next, trigger)) {
        return ignore(saga, "the order is at rest");
    } else if (saga.status != Status::kCompleted && !settled(transition.next)) {
        compensate(transition, saga.status, saga.reason);  // late money or stock goes back as well
    }
    return transition;
}

}  // namespace

Transition decide(const Saga& saga, Trigger trigger) {
    switch (saga.status) {
        case Status::kPending:
            return whilePending(saga, trigger);
        case Status::kConfirmed:
            return whileConfirmed(saga, trigger);
        case Status::kCancelPending:
            if (trigger == Trigger::kAnswerOverdue) {
                return askAgain(saga);
            }
            return saga.phase == Phase::kAskingShipping ? whileAskingShipping(saga, trigger)
                                                        : whileCompensating(saga, trigger);
        default:
            return whileAtRest(saga, trigger);
    }
}

}  // namespace order
