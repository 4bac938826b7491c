#include "domain.h"

#include <algorithm>
#include <utility>

namespace payment {
namespace {

constexpr std::string_view kMismatch = "amount_mismatch";
constexpr std::int64_t kLongestDoubling = 6;  // 2^6 s is more than a minute

const Refund* requestedRefund(const Payment& payment) {
    const auto found = std::find_if(payment.refunds.begin(), payment.refunds.end(),
                                    [](const Refund& refund) { return refund.state == RefundState::kRequested; });
    return found == payment.refunds.end() ? nullptr : &*found;
}

Step request(OpType type, std::int64_t amount, std::string refund_id = {}) {
    return {.kind = Step::Kind::kRequest, .type = type, .amount = amount, .refund_id = std::move(refund_id)};
}

Step beforeCapture(const Payment& payment) {
    if (isUnwanted(payment) || !payment.reason.empty() || isMismatched(payment)) {
        return payment.authorized > 0 ? request(OpType::kVoid, payment.authorized) : Step{.kind = Step::Kind::kClose};
    }
    if (payment.authorized == 0) {
        return payment.facts.created_version > 0 ? request(OpType::kAuthorize, payment.amount) : Step{};
    }
    // Nobody is charged for what is not there.
    return payment.facts.reserved || payment.capture_asked ? request(OpType::kCapture, payment.authorized) : Step{};
}

Step afterCapture(const Payment& payment) {
    if (const Refund* refund = requestedRefund(payment)) {
        return request(OpType::kRefund, refund->amount, refund->id);
    }
    return isUnwanted(payment) && payment.captured > payment.refunded
               ? request(OpType::kRefund, payment.captured - payment.refunded)
               : Step{};
}

News settleDone(Payment& payment, const Op& op) {
    payment.refusals = 0;
    switch (op.type) {
        case OpType::kAuthorize:
            payment.authorized = op.amount;
            return News::kAuthorized;
        case OpType::kCapture:
            payment.captured = op.amount;
            return News::kCompleted;
        case OpType::kVoid:
            return close(payment);
        case OpType::kRefund:
            payment.refunded += op.amount;
            break;
    }
    return News::kRefunded;
}

/// What must not be given up is tried again, as a new request.
void tryAgainLater(Payment& payment, stoa::Time now) { payment.not_before = now + backoff(payment.refusals++); }

std::optional<News> settleRefused(Payment& payment, const Op& op, const Refund* refund, stoa::Time now) {
    switch (op.type) {
        case OpType::kAuthorize:
            payment.reason = op.reason;
            return close(payment);
        case OpType::kCapture:
            payment.reason = op.reason;  // and the authorisation is voided next
            return std::nullopt;
        case OpType::kVoid:
            tryAgainLater(payment, now);
            return std::nullopt;
        case OpType::kRefund:
            if (refund == nullptr || refund->compensation) {
                tryAgainLater(payment, now);
            }
            break;
    }
    return std::nullopt;
}

}  // namespace

State stateOf(const Payment& payment) {
    if (payment.closed != Closed::kNo) {
        return payment.closed == Closed::kVoided ? State::kVoided : State::kFailed;
    }
    if (payment.open && payment.open->state == OpState::kUnknown) {
        return State::kUnknown;
    }
    if (payment.refunded > 0) {
        return payment.refunded == payment.captured ? State::kRefunded : State::kPartiallyRefunded;
    }
    if (payment.captured > 0) {
        return State::kCaptured;
    }
    return payment.authorized > 0 ? State::kAuthorized : State::kCreated;
}

bool isCancelled(const Payment& payment) {
    const Facts& facts = payment.facts;
    // The first order.created comes before every order.cancelled; that of a later attempt may follow one.
    return facts.cancelled_version > facts.created_version && (facts.created_version > 0 || payment.attempt == 1);
}

bool isUnwanted(const Payment& payment) {
    return isCancelled(payment) || payment.facts.short_of_stock || payment.void_asked;
}

bool isMismatched(const Payment& payment) {
    const Facts& facts = payment.facts;
    return !facts.currency.empty() && (facts.total != payment.amount || facts.currency != payment.currency);
}

std::int64_t refundable(const Payment& payment) {
    std::int64_t left = payment.captured - payment.refunded;
    for (const Refund& refund : payment.refunds) {
        left -= refund.state == RefundState::kRequested ? refund.amount : 0;
    }
    return left;
}

Step nextStep(const Payment& payment, stoa::Time now) {
    if (payment.closed != Closed::kNo) {
        return {};
    }
    if (payment.open) {
        return {.kind = Step::Kind::kAsk};
    }
    Step step = payment.captured == 0 ? beforeCapture(payment) : afterCapture(payment);
    if (step.kind == Step::Kind::kRequest && now < payment.not_before) {
        return {.kind = Step::Kind::kWait, .until = payment.not_before};
    }
    return step;
}

Settled settle(Payment& payment, const Outcome& outcome, stoa::Time now) {
    Settled settled{std::move(*payment.open), {}, {}};
    payment.open.reset();
    Op& op = settled.op;
    op.state = outcome.done ? OpState::kDone : OpState::kRefused;
    op.reason = outcome.reason;
    if (op.type == OpType::kAuthorize) {
        payment.provider_id = outcome.provider_id;
        payment.token.clear();
    }
    const auto refund = std::find_if(payment.refunds.begin(), payment.refunds.end(),
                                     [&](const Refund& each) { return each.id == op.refund_id; });
    Refund* const found = refund == payment.refunds.end() ? nullptr : &*refund;
    settled.news = outcome.done ? std::optional(settleDone(payment, op)) : settleRefused(payment, op, found, now);
    if (found != nullptr && (outcome.done || !found->compensation)) {
        found->state = outcome.done ? RefundState::kDone : RefundState::kFailed;
        settled.refund = *found;
    }
    return settled;
}

News close(Payment& payment) {
    if (payment.reason.empty() && isMismatched(payment)) {
        payment.reason = kMismatch;
    }
    payment.closed = payment.reason.empty() ? Closed::kVoided : Closed::kFailed;
    payment.token.clear();
    return payment.reason.empty() ? News::kVoided : News::kFailed;
}

std::optional<News> lastWord(const Payment& payment) {
    switch (stateOf(payment)) {
        case State::kVoided:
            return News::kVoided;
        case State::kFailed:
            return News::kFailed;
        case State::kRefunded:
            return News::kRefunded;
        default:
            return std::nullopt;
    }
}

stoa::microseconds backoff(std::int64_t attempts_so_far) {
    const std::chrono::seconds doubled{std::int64_t{1} << std::min(attempts_so_far, kLongestDoubling)};
    return std::min(doubled, std::chrono::seconds{60});
}

}  // namespace payment
