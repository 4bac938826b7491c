#include "saga.h"

#include <array>
#include <stdexcept>

namespace order {
namespace {

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

/// Writes down what the event says of money, stock and parcels. True when it says something of them.
bool note(Saga& saga, Trigger trigger) {
    switch (trigger) {
        case Trigger::kPaymentAuthorized:
            saga.payment = PaymentStatus::kAuthorized;
            return true;
        case Trigger::kPaymentCompleted:
            saga.payment = PaymentStatus::kPaid;
            return true;
        case Trigger::kPaymentFailed:
            saga.payment = PaymentStatus::kFailed;
            return true;
        case Trigger::kPaymentVoided:
            saga.payment = PaymentStatus::kVoided;
            return true;
        case Trigger::kPaymentRefunded:
            saga.payment = PaymentStatus::kRefunded;
            return true;
        case Trigger::kPaymentPartlyRefunded:
            saga.payment = PaymentStatus::kPartiallyRefunded;
            return true;
        case Trigger::kStockReserved:
            saga.inventory = InventoryStatus::kReserved;
            return true;
        case Trigger::kStockShort:
            saga.inventory = InventoryStatus::kFailed;
            return true;
        case Trigger::kStockReleased:
            saga.inventory = InventoryStatus::kReleased;
            return true;
        case Trigger::kStockCommitted:
            saga.inventory = InventoryStatus::kCommitted;
            return true;
        case Trigger::kShipmentShipped:
            saga.fulfillment = FulfillmentStatus::kShipped;
            return true;
        case Trigger::kShipmentDelivered:
            saga.fulfillment = FulfillmentStatus::kDelivered;
            return true;
        default:
            return false;
    }
}

Transition whilePending(Transition transition, Trigger trigger) {
    switch (trigger) {
        case Trigger::kPaymentFailed:
            compensate(transition, Status::kRejected, "payment_failed");
            return transition;
        case Trigger::kPaymentVoided:
        case Trigger::kPaymentRefunded:
            compensate(transition, Status::kRejected, "payment_withdrawn");
            return transition;
        case Trigger::kStockShort:
            compensate(transition, Status::kRejected, "out_of_stock");
            return transition;
        case Trigger::kStockReleased:
            compensate(transition, Status::kExpired, "hold_expired");
            return transition;
        case Trigger::kDeadlinePassed:
            compensate(transition, Status::kExpired, "deadline");
            return transition;
        case Trigger::kCancelAsked:
            compensate(transition, Status::kCancelled, "customer");
            return transition;
        case Trigger::kPaidAgain:
            transition.ignored = "a payment is under way";
            return transition;
        case Trigger::kCommitRefused:
        case Trigger::kShipmentCreated:
        case Trigger::kShipmentCancelled:
        case Trigger::kCancelRefused:
            transition.ignored = "the order has not been confirmed";
            return transition;
        default:
            break;
    }
    Saga& next = transition.next;
    if (next.payment == PaymentStatus::kPaid && next.inventory == InventoryStatus::kReserved) {
        next.status = Status::kConfirmed;
        transition.publish.push_back(Publish::kConfirmed);
    }
    return transition;
}

Transition whileConfirmed(Transition transition, Trigger trigger) {
    switch (trigger) {
        case Trigger::kShipmentDelivered:
            transition.next.status = Status::kCompleted;
            break;
        case Trigger::kCommitRefused:
            askShipping(transition, "out_of_stock");
            break;
        case Trigger::kCancelAsked:
            if (transition.next.fulfillment == FulfillmentStatus::kUnfulfilled) {
                askShipping(transition, "customer");
            } else {
                transition.ignored = "a parcel is on its way";
            }
            break;
        case Trigger::kShipmentCancelled:
            compensate(transition, Status::kCancelled, "shipment_cancelled");
            break;
        case Trigger::kShipmentCreated:
            transition.ignored = "nothing waits for it";
            break;
        case Trigger::kCancelRefused:
            transition.ignored = "no cancellation is under way";
            break;
        case Trigger::kPaidAgain:
            transition.ignored = "the order is paid";
            break;
        case Trigger::kDeadlinePassed:
            transition.ignored = "the order was confirmed in time";
            break;
        default:
            break;
    }
    return transition;
}

Transition whileCancelPending(Transition transition, Trigger trigger) {
    Saga& next = transition.next;
    if (next.phase == Phase::kAskingShipping && trigger == Trigger::kShipmentCancelled) {
        compensate(transition, next.outcome, std::string(next.reason));
    } else if (next.phase == Phase::kAskingShipping && trigger == Trigger::kCancelRefused) {
        next.status = next.fulfillment == FulfillmentStatus::kDelivered ? Status::kCompleted : Status::kConfirmed;
        next.phase = Phase::kNone;
        next.outcome = Status::kPending;
        next.reason.clear();
        next.cancel_refused = true;
    } else if (note(next, trigger)) {
        restWhenSettled(next);
    } else {
        transition.ignored = "the cancellation is under way";
    }
    return transition;
}

Transition whileAtRest(Transition transition, Trigger trigger) {
    Saga& next = transition.next;
    const bool may_pay = next.status == Status::kRejected && next.payment == PaymentStatus::kFailed;
    if (trigger == Trigger::kPaidAgain && may_pay) {
        next = Saga{};
        transition.publish.push_back(Publish::kCreated);
    } else if (!note(next, trigger)) {
        transition.ignored = "the order is at rest";
    }
    return transition;
}

}  // namespace

Transition decide(const Saga& saga, Trigger trigger) {
    Transition transition{saga, {}, {}};
    if (saga.status == Status::kPending || saga.status == Status::kConfirmed) {
        note(transition.next, trigger);
    }
    switch (saga.status) {
        case Status::kPending:
            return whilePending(std::move(transition), trigger);
        case Status::kConfirmed:
            return whileConfirmed(std::move(transition), trigger);
        case Status::kCancelPending:
            return whileCancelPending(std::move(transition), trigger);
        default:
            return whileAtRest(std::move(transition), trigger);
    }
}

}  // namespace order
