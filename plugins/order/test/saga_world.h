/// The services around an order, as their contracts say, with topics that are in no order to each other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "saga.h"

namespace order {

/// Either one of order's events, for the others, or one of theirs, for order and for payment and inventory.
using Topic = std::variant<Publish, Trigger>;

struct Message {
    Topic topic;
    std::int64_t version = 0;  ///< of the sender's aggregate
    int attempt = 1;           ///< at paying
};

/// What one consumer has yet to read.
class Inbox {
public:
    void add(const Message& message) { topics_[message.topic].push_back(message); }
    bool empty() const { return topics_.empty(); }
    /// The next of any of the topics.
    Message take(std::mt19937& random) {
        auto at = topics_.begin();
        std::advance(at, std::uniform_int_distribution<std::size_t>(0, topics_.size() - 1)(random));
        const Message message = at->second.front();
        at->second.pop_front();
        if (at->second.empty()) {
            topics_.erase(at);
        }
        return message;
    }

private:
    std::map<Topic, std::deque<Message>> topics_;
};

struct Payment {
    enum class State { kCreated, kAuthorized, kCaptured, kVoided, kRefunded, kFailed } state = State::kCreated;
    std::int64_t version = 0;
    std::int64_t created_at = 0;  ///< version of its order.created; 0: has not come yet
    Trigger last{};
    bool stock_reserved = false;
    bool out_of_stock = false;
    bool isOver() const { return state == State::kVoided || state == State::kRefunded || state == State::kFailed; }
};

struct Reservation {
    enum class State { kNone, kHeld, kCommitted, kReleased, kExpired, kFailed } state = State::kNone;
    std::int64_t version = 0;
    std::int64_t created_at = 0;
    int attempt = 0;
};

struct Shipment {
    enum class State { kNone, kCreated, kShipped, kDelivered, kCancelled } state = State::kNone;
    std::int64_t version = 0;
    int confirmed_attempt = 0;
    int committed_attempt = 0;  ///< at paying, whose stock inventory has committed
    bool isOut() const { return state == State::kShipped || state == State::kDelivered; }
};

/// Whether messages of a cancellation get lost on their way, in either direction.
enum class Losses { kNone, kOfCancellations };

class World {
public:
    World(unsigned seed, Losses losses) : random_(seed), losses_(losses) { publish(Publish::kCreated); }

    Saga saga;
    std::map<int, Payment> payments;  ///< by attempt
    Reservation reservation;
    Shipment shipment;
    std::string story;  ///< of the order, for messages
    int repeats = 0;    ///< how often somebody was asked again

    /// Lets somebody read something, or something happen by itself. False: all is quiet.
    bool step(bool with_surprises) {
        if (with_surprises && chance(6)) {
            surprise();
            return true;
        }
        const int first = static_cast<int>(random_() % 4);
        for (int i = 0; i < 4; ++i) {
            if (serve((first + i) % 4)) {
                return true;
            }
        }
        return carry() || askAgain();
    }

private:
    /// The timer of a cancellation that is not answered. While nothing is lost, nobody needs it.
    bool askAgain() {
        if (losses_ == Losses::kNone || saga.phase == Phase::kNone) {
            return false;
        }
        ++repeats;
        advance(Trigger::kAnswerOverdue);
        return true;
    }

    bool isLost(const Topic& topic) {
        if (losses_ == Losses::kNone || saga.phase == Phase::kNone || !chance(4)) {
            return false;
        }
        const std::set<Topic> losable{
            Publish::kCancelled,         Publish::kCancelRequested,     Trigger::kPaymentFailed,
            Trigger::kPaymentVoided,     Trigger::kPaymentRefunded,     Trigger::kStockShort,
            Trigger::kStockReleased,     Trigger::kStockReleasedUnpaid, Trigger::kCommitRefused,
            Trigger::kShipmentCancelled, Trigger::kCancelRefused};
        return losable.contains(topic);
    }

    bool chance(unsigned one_in) { return random_() % one_in == 0; }

    void publish(Publish what) {
        story += " " + std::string(name(what));
        const Message message{what, ++event_version_, attempt_};
        for (Inbox* inbox : {&for_payment_, &for_inventory_, &for_shipping_}) {
            inbox->add(message);
        }
    }

    void advance(Trigger trigger) {
        story += "; " + std::string(name(trigger)) + ":";
        const Transition transition = decide(saga, trigger);
        saga = transition.next;
        for (const Publish what : transition.publish) {
            publish(what);
        }
    }

    bool serve(int who) {
        Inbox& inbox = *std::vector<Inbox*>{&for_order_, &for_payment_, &for_inventory_, &for_shipping_}[who];
        if (inbox.empty()) {
            return false;
        }
        const Message message = inbox.take(random_);
        if (isLost(message.topic)) {
            return true;
        }
        switch (who) {
            case 0:
                orderReads(message);
                break;
            case 1:
                paymentReads(message);
                break;
            case 2:
                inventoryReads(message);
                break;
            default:
                shippingReads(message);
        }
        return true;
    }

    /// As events.cpp does: news only, and of the present attempt.
    void orderReads(const Message& message) {
        const Trigger trigger = std::get<Trigger>(message.topic);
        const bool of_shipment = trigger >= Trigger::kShipmentCreated;
        std::int64_t& seen = trigger <= Trigger::kPaymentPartlyRefunded ? seen_payment_
                             : of_shipment                              ? seen_shipment_
                                                                        : seen_reservation_;
        const bool arrives = trigger == Trigger::kShipmentDelivered && saga.fulfillment < FulfillmentStatus::kDelivered;
        if ((of_shipment || message.attempt == attempt_) && (message.version > seen || arrives)) {
            seen = std::max(seen, message.version);
            advance(trigger);
        }
    }

    void paymentSays(int attempt, Payment& payment, Payment::State state, Trigger trigger) {
        payment.state = state;
        payment.last = trigger;
        for_order_.add({trigger, ++payment.version, attempt});
        if (trigger == Trigger::kPaymentFailed) {
            for_inventory_.add({trigger, payment.version, attempt});
        }
    }

    void paymentReads(const Message& message) {
        Payment& payment = payments[message.attempt];
        const bool again = message.topic == Topic{Publish::kCancelled} && message.version > payment_cancelled_at_ &&
                           payment.created_at != 0 && payment_cancelled_at_ > payment.created_at;
        if (again && payment.isOver()) {
            for_order_.add({payment.last, ++payment.version, message.attempt});
        }
        if (message.topic == Topic{Publish::kCreated}) {
            payment.created_at = message.version;
            const bool declined = chance(4);
            paymentSays(message.attempt, payment, declined ? Payment::State::kFailed : Payment::State::kAuthorized,
                        declined ? Trigger::kPaymentFailed : Trigger::kPaymentAuthorized);
        } else if (message.topic == Topic{Publish::kCancelled}) {
            payment_cancelled_at_ = std::max(payment_cancelled_at_, message.version);
        } else if (message.topic == Topic{Trigger::kStockReserved}) {
            payment.stock_reserved = true;
        } else if (message.topic == Topic{Trigger::kStockShort}) {
            payment.out_of_stock = true;
        }
        for (auto& [attempt, each] : payments) {
            settle(attempt, each);
        }
    }

    void settle(int attempt, Payment& payment) {
        const bool cancelled = payment.created_at != 0 && payment_cancelled_at_ > payment.created_at;
        if (payment.state == Payment::State::kAuthorized && (cancelled || payment.out_of_stock)) {
            paymentSays(attempt, payment, Payment::State::kVoided, Trigger::kPaymentVoided);
        } else if (payment.state == Payment::State::kAuthorized && payment.stock_reserved) {
            paymentSays(attempt, payment, Payment::State::kCaptured, Trigger::kPaymentCompleted);
        }
        if (payment.state == Payment::State::kCaptured && cancelled) {
            paymentSays(attempt, payment, Payment::State::kRefunded, Trigger::kPaymentRefunded);
        }
    }

    void inventorySays(Reservation::State state, Trigger trigger) {
        reservation.state = state;
        const Message message{trigger, ++reservation.version, reservation.attempt};
        for_order_.add(message);
        for_payment_.add(message);
        if (trigger == Trigger::kStockCommitted) {
            for_shipping_.add(message);
        }
    }

    void inventoryReads(const Message& message) {
        using State = Reservation::State;
        const bool held = reservation.state == State::kHeld;
        if (message.topic == Topic{Publish::kCreated}) {
            reserve(message);
        } else if (message.topic == Topic{Trigger::kPaymentFailed}) {
            if (held && reservation.attempt == message.attempt) {
                inventorySays(State::kReleased, Trigger::kStockReleasedUnpaid);
            }
        } else if (message.topic == Topic{Publish::kConfirmed}) {
            if (message.version < stock_cancelled_at_) {
                return;  // overtaken by order.cancelled
            }
            if (held || (reservation.state == State::kExpired && chance(2))) {
                inventorySays(State::kCommitted, Trigger::kStockCommitted);
            } else if (reservation.state == State::kExpired) {
                inventorySays(State::kExpired, Trigger::kCommitRefused);
            }
        } else if (message.topic == Topic{Publish::kCancelled}) {
            const bool again = reservation.attempt == message.attempt && message.version > stock_cancelled_at_ &&
                               stock_cancelled_at_ > reservation.created_at;
            stock_cancelled_at_ = std::max(stock_cancelled_at_, message.version);
            if (again && !held && reservation.state != State::kCommitted) {
                inventorySays(reservation.state, Trigger::kStockReleased);
            } else if ((held || reservation.state == State::kCommitted) && message.version > reservation.created_at) {
                inventorySays(State::kReleased, Trigger::kStockReleased);
            }
        }
    }

    void reserve(const Message& message) {
        using State = Reservation::State;
        reservation.created_at = message.version;
        reservation.attempt = message.attempt;
        if (stock_cancelled_at_ > message.version) {
            inventorySays(State::kReleased, Trigger::kStockReleased);
        } else if (chance(4)) {
            inventorySays(State::kFailed, Trigger::kStockShort);
        } else {
            inventorySays(State::kHeld, Trigger::kStockReserved);
        }
    }

    void shippingSays(Shipment::State state, Trigger trigger) {
        shipment.state = state;
        for_order_.add({trigger, ++shipment.version, attempt_});
    }

    void shippingReads(const Message& message) {
        using State = Shipment::State;
        if (message.topic == Topic{Trigger::kStockCommitted}) {
            shipment.committed_attempt = message.attempt;
        } else if (message.topic == Topic{Publish::kConfirmed} && shipment.state == State::kNone) {
            shipment.confirmed_attempt = message.attempt;
            shippingSays(State::kCreated, Trigger::kShipmentCreated);
        } else if (message.topic == Topic{Publish::kCancelRequested}) {
            shippingSays(shipment.isOut() ? shipment.state : State::kCancelled,
                         shipment.isOut() ? Trigger::kCancelRefused : Trigger::kShipmentCancelled);
        }
    }

    bool carry() {
        using State = Shipment::State;
        if (shipment.state == State::kCreated && shipment.committed_attempt == shipment.confirmed_attempt) {
            shippingSays(State::kShipped, Trigger::kShipmentShipped);
        } else if (shipment.state == State::kShipped) {
            shippingSays(State::kDelivered, Trigger::kShipmentDelivered);
        } else {
            return false;
        }
        return true;
    }

    void surprise() {
        switch (random_() % 8) {
            case 0:
                advance(Trigger::kCancelAsked);
                break;
            case 1:
                advance(Trigger::kDeadlinePassed);
                break;
            case 2:
                if (reservation.state == Reservation::State::kHeld) {
                    inventorySays(Reservation::State::kExpired, Trigger::kStockReleased);
                }
                break;
            case 3:
                if (attempt_ < 3 && decide(saga, Trigger::kPaidAgain).ignored.empty()) {
                    ++attempt_;
                    seen_payment_ = 0;
                    advance(Trigger::kPaidAgain);
                }
                break;
            default:
                carry();
        }
    }

    std::mt19937 random_;
    const Losses losses_;
    int attempt_ = 1;
    std::int64_t event_version_ = 0;
    std::int64_t seen_payment_ = 0, seen_reservation_ = 0, seen_shipment_ = 0;
    std::int64_t payment_cancelled_at_ = 0, stock_cancelled_at_ = 0;
    Inbox for_order_, for_payment_, for_inventory_, for_shipping_;
};

}  // namespace order
