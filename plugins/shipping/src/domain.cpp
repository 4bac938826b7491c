#include "domain.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

#include <stoa/uuid.h>

namespace shipping {
namespace {

constexpr std::array<std::string_view, 9> kStates{"EXPECTED",   "PENDING",   "BOOKING",    "LABELLED", "SHIPPED",
                                                  "IN_TRANSIT", "DELIVERED", "CANCELLING", "CANCELLED"};
constexpr std::array<std::string_view, 5> kTopics{"shipment.created", "shipment.shipped", "shipment.delivered",
                                                  "shipment.cancelled", "shipment.cancel_refused"};

bool isOnItsWay(State state) {
    return state == State::kShipped || state == State::kInTransit || state == State::kDelivered;
}

/// A shipment begins once the order is known, confirmed, and not dead.
void beginWhenDue(Transition& transition) {
    Shipment& next = transition.next;
    if (next.state == State::kExpected && !next.items.empty() && next.confirmed_version > next.dead_version) {
        next.state = State::kPending;
        transition.publish.push_back(Publish::kCreated);
        transition.ask_carrier = mayBook(next);
    }
}

void stockCommitted(Transition& transition, std::int64_t attempt) {
    Shipment& next = transition.next;
    if (attempt <= next.committed_attempt) {
        transition.ignored = "this is known";
        return;
    }
    next.committed_attempt = attempt;
    transition.ask_carrier = mayBook(next);
}

void cancelled(Transition& transition) {
    transition.next.state = State::kCancelled;
    transition.next.answer_owed = false;
    transition.publish.push_back(Publish::kCancelled);
}

void answerRefusal(Transition& transition) {
    if (transition.next.answer_owed) {
        transition.next.answer_owed = false;
        transition.publish.push_back(Publish::kCancelRefused);
    }
}

/// At once when the carrier knows nothing of it, else after asking the carrier.
void cancel(Transition& transition) {
    switch (transition.next.state) {
        case State::kPending:
            cancelled(transition);
            break;
        case State::kBooking:
        case State::kLabelled:
            transition.next.state = State::kCancelling;
            transition.ask_carrier = true;
            break;
        case State::kCancelling:
            transition.ask_carrier = true;
            break;
        case State::kExpected:
        case State::kCancelled:
            transition.ignored = "there is nothing to cancel";
            break;
        default:
            transition.ignored = "the carrier has the parcel";
    }
}

void cancelRequested(Transition& transition, std::int64_t version) {
    Shipment& next = transition.next;
    if (version <= next.asked_version) {
        transition.ignored = "this was asked before";
        return;
    }
    const bool again = std::exchange(next.asked_version, version) > 0;
    if (next.state == State::kExpected) {
        // A tombstone: whatever confirmed the order before this comes too late.
        next.dead_version = std::max(next.dead_version, version);
        cancelled(transition);
    } else if (next.state == State::kCancelled) {
        if (again) {
            cancelled(transition);  // the order asks again: it has missed the answer
        }
    } else {
        next.answer_owed = true;
        cancel(transition);
        transition.ignored = {};
        if (isOnItsWay(next.state)) {
            answerRefusal(transition);
        }
    }
}

void orderCancelled(Transition& transition, std::int64_t version) {
    Shipment& next = transition.next;
    next.dead_version = std::max(next.dead_version, version);
    // An earlier attempt at paying may have been cancelled, and a later one confirmed.
    if (next.state != State::kExpected && version > next.confirmed_version) {
        cancel(transition);
        transition.ignored = {};
    }
}

void noteParcel(Shipment& shipment, const Trigger& trigger) {
    if (shipment.parcel_id.empty()) {
        shipment.parcel_id = trigger.parcel_id;
    }
    if (shipment.tracking_number.empty()) {
        shipment.tracking_number = trigger.tracking_number;
    }
}

/// Reports may overtake each other: a parcel never goes back, and one that arrives was shipped.
void moved(Transition& transition, const Trigger& trigger, State to) {
    Shipment& next = transition.next;
    const bool booked =
        next.state == State::kBooking || next.state == State::kLabelled || next.state == State::kCancelling;
    if (!booked && !isOnItsWay(next.state)) {
        transition.ignored = "there is no such parcel";
        return;
    }
    if (isOnItsWay(next.state) && next.state >= to) {
        transition.ignored = "the parcel is there or further already";
        return;
    }
    noteParcel(next, trigger);
    next.state = to;
    if (booked) {
        transition.publish.push_back(Publish::kShipped);
    }
    if (to == State::kDelivered) {
        transition.publish.push_back(Publish::kDelivered);
    }
    answerRefusal(transition);
}

void byCarrierJob(Transition& transition, const Trigger& trigger) {
    Shipment& next = transition.next;
    if (trigger.what == Happening::kBooked) {
        noteParcel(next, trigger);
        if (next.state == State::kBooking) {
            next.state = State::kLabelled;
        }
    } else if (trigger.what == Happening::kBookingBegins && mayBook(next)) {
        next.state = State::kBooking;
    } else if (trigger.what == Happening::kBookingRefused && next.parcel_id.empty() &&
               (next.state == State::kBooking || next.state == State::kCancelling)) {
        next.reason = trigger.reason;
        cancelled(transition);
    } else if (trigger.what == Happening::kParcelCancelled && next.state == State::kCancelling) {
        cancelled(transition);
    } else if (trigger.what == Happening::kParcelKept && next.state == State::kCancelling) {
        next.state = State::kLabelled;
        answerRefusal(transition);
    } else {
        transition.ignored = "the shipment has gone on meanwhile";
    }
}

void byStaff(Transition& transition, const Trigger& trigger) {
    const State state = transition.next.state;
    if (trigger.what == Happening::kCancelledByStaff) {
        cancel(transition);
    } else if (trigger.what == Happening::kShippedByStaff) {
        if (state == State::kLabelled) {
            moved(transition, trigger, State::kShipped);
        } else {
            transition.ignored = "only a labelled parcel can be shipped";
        }
    } else if (state == State::kShipped || state == State::kInTransit) {
        moved(transition, trigger, State::kDelivered);
    } else {
        transition.ignored = "only a parcel that is on its way can arrive";
    }
}

}  // namespace

Transition decide(const Shipment& shipment, const Trigger& trigger) {
    Transition transition{.next = shipment};
    switch (trigger.what) {
        case Happening::kOrderCreated:
            beginWhenDue(transition);
            break;
        case Happening::kOrderConfirmed:
            if (trigger.version > shipment.confirmed_version) {
                transition.next.confirmed_version = trigger.version;
                transition.next.confirmed_attempt = trigger.attempt;
            }
            beginWhenDue(transition);
            break;
        case Happening::kCancelRequested:
            cancelRequested(transition, trigger.version);
            break;
        case Happening::kOrderCancelled:
            orderCancelled(transition, trigger.version);
            break;
        case Happening::kStockCommitted:
            stockCommitted(transition, trigger.attempt);
            break;
        case Happening::kPickedUp:
            moved(transition, trigger, State::kShipped);
            break;
        case Happening::kMoving:
            moved(transition, trigger, State::kInTransit);
            break;
        case Happening::kArrived:
            moved(transition, trigger, State::kDelivered);
            break;
        case Happening::kBookingBegins:
        case Happening::kBooked:
        case Happening::kBookingRefused:
        case Happening::kParcelCancelled:
        case Happening::kParcelKept:
            byCarrierJob(transition, trigger);
            break;
        case Happening::kShippedByStaff:
        case Happening::kDeliveredByStaff:
        case Happening::kCancelledByStaff:
            byStaff(transition, trigger);
            break;
    }
    transition.next.event_version += static_cast<std::int64_t>(transition.publish.size());
    return transition;
}

std::string_view name(State state) { return kStates.at(static_cast<std::size_t>(state)); }
std::string_view name(Publish publish) { return kTopics.at(static_cast<std::size_t>(publish)); }

State stateNamed(std::string_view text) {
    const auto* const found = std::find(kStates.begin(), kStates.end(), text);
    if (found == kStates.end()) {
        throw std::invalid_argument("there is no state " + std::string(text));
    }
    return static_cast<State>(found - kStates.begin());
}

bool mayBook(const Shipment& shipment) {
    return shipment.state == State::kPending && shipment.committed_attempt >= shipment.confirmed_attempt;
}

std::string shipmentIdOf(std::string_view order_id) { return stoa::uuidFromName("shipment", order_id); }

std::optional<Signature> parseSignature(std::string_view header) {
    const auto comma = header.find(",v1=");
    if (!header.starts_with("t=") || comma == std::string_view::npos) {
        return std::nullopt;
    }
    Signature signature{.at = 0, .hex = std::string(header.substr(comma + 4))};
    const std::string_view digits = header.substr(2, comma - 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), signature.at);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        return std::nullopt;
    }
    return signature;
}

}  // namespace shipping
