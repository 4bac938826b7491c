#include "cashier.h"

#include <algorithm>

#include "events.h"
#include "store.h"

namespace payment {
namespace {

constexpr std::chrono::seconds kOnItsWay{1};
constexpr std::string_view kCalls = "payment_provider_requests_total";
constexpr std::string_view kCallsHelp = "Requests to the provider that change something, by how they went.";
constexpr std::int64_t kAlarming = 5;

/// What the provider's books say of a request; nothing when it is not in them.
std::optional<Outcome> outcomeIn(const std::vector<ProviderPayment>& found, const Op& op) {
    for (const ProviderPayment& payment : found) {
        for (const ProviderPayment::Request& request : payment.requests) {
            if (request.key == op.id) {
                return Outcome{request.done, payment.id, request.reason};
            }
        }
    }
    return std::nullopt;
}

/// Whatever is to do now, or later. Beside the job that asks runs the one that looks at what is to do: of an event that
/// came right now it may have seen the news and the request still open, and we neither; so it looks once more.
void scheduleNext(stoa::Transaction& tx, const Payment& payment, bool asked) {
    const Step step = nextStep(payment, tx.now());
    if (step.kind != Step::Kind::kNothing || asked) {
        tx.setTimer(events::kProvider, payment.id, step.kind == Step::Kind::kWait ? step.until : tx.now());
    }
}

}  // namespace

Cashier::Cashier(stoa::Host& host, Provider& provider)
    : host_(host),
      provider_(provider),
      patience_(std::chrono::milliseconds{host.config()["providerTimeoutMs"].asInt64()} + kOnItsWay),
      calls_done_(host.metrics().counter(kCalls, kCallsHelp, {{"outcome", "done"}})),
      calls_refused_(host.metrics().counter(kCalls, kCallsHelp, {{"outcome", "refused"}})),
      calls_not_done_(host.metrics().counter(kCalls, kCallsHelp, {{"outcome", "not_done"}})),
      calls_unknown_(host.metrics().counter(kCalls, kCallsHelp, {{"outcome", "unknown"}})) {}

void Cashier::onProvider(const stoa::Firing& firing) {
    const auto work = host_.sql().write([&](stoa::Transaction& tx) { return begin(tx, firing.key); });
    if (work) {
        make(work->payment, work->op, false);
    }
}

std::optional<Cashier::Work> Cashier::begin(stoa::Transaction& tx, const std::string& payment_id) const {
    auto payment = store::find(tx, payment_id);
    if (!payment) {
        return std::nullopt;
    }
    const Step step = nextStep(*payment, tx.now());
    switch (step.kind) {
        case Step::Kind::kNothing:
            break;
        case Step::Kind::kWait:
            tx.setTimer(events::kProvider, payment->id, step.until);
            break;
        case Step::Kind::kAsk:
            // Made elsewhere, or by a process that died meanwhile. An UNKNOWN one has its timer.
            if (payment->open->state == OpState::kRequested && payment->open->asked == 0) {
                tx.setTimer(events::kReconcile, payment->id, std::max(tx.now(), payment->open->requested + patience_));
            }
            break;
        case Step::Kind::kClose: {
            const News news = close(*payment);
            ++payment->event_version;
            store::update(tx, *payment);
            events::publish(tx, *payment, news);
            break;
        }
        case Step::Kind::kRequest:
            return request(tx, std::move(*payment), step);
    }
    return std::nullopt;
}

Cashier::Work Cashier::request(stoa::Transaction& tx, Payment payment, const Step& step) const {
    Op op;
    op.id = payment.id + ":" + std::to_string(++payment.ops);
    op.type = step.type;
    op.amount = step.amount;
    op.refund_id = step.refund_id;
    op.requested = tx.now();
    std::optional<Refund> refund;
    if (op.type == OpType::kRefund && op.refund_id.empty()) {
        op.refund_id = host_.newId();
        refund = Refund{op.refund_id, op.amount, "order_cancelled", true, RefundState::kRequested, tx.now()};
        payment.refunds.push_back(*refund);
    }
    payment.open = op;
    store::update(tx, payment);  // first: who lost a race has written nothing yet
    if (refund) {
        store::insertRefund(tx, payment, *refund);
    }
    store::insertOp(tx, payment, op);
    // Should this process die now, somebody has to ask.
    tx.setTimer(events::kReconcile, payment.id, op.requested + patience_);
    return {std::move(payment), std::move(op)};
}

void Cashier::make(const Payment& payment, const Op& op, bool asked) {
    const Attempt attempt = provider_.perform(payment, op);
    if (attempt.kind == Attempt::Kind::kSettled) {
        (attempt.outcome.done ? calls_done_ : calls_refused_).record();
        conclude(payment.id, op.id, attempt.outcome, asked);
        return;
    }
    const bool unknown = attempt.kind == Attempt::Kind::kUnknown;
    (unknown ? calls_unknown_ : calls_not_done_).record();
    host_.log().warn(unknown ? "nobody knows what became of a request to the provider; it will be asked"
                             : "the provider did not take a request; it will be made again",
                     {{"payment_id", payment.id}, {"request", op.id}, {"error", attempt.error}});
    postpone(payment.id, op.id, unknown);
}

void Cashier::conclude(const std::string& payment_id, const std::string& op_id, const Outcome& outcome, bool asked) {
    host_.sql().write([&](stoa::Transaction& tx) {
        auto payment = store::find(tx, payment_id);
        if (!payment || !payment->open || payment->open->id != op_id) {
            return;  // settled already, by the one who asked
        }
        const Settled settled = settle(*payment, outcome, tx.now());
        payment->event_version += settled.news ? 1 : 0;
        store::update(tx, *payment);
        store::updateOp(tx, settled.op, payment->provider_id);
        if (settled.refund) {
            store::updateRefund(tx, *settled.refund);
        }
        if (settled.news) {
            events::publish(tx, *payment, *settled.news, settled.refund ? &*settled.refund : nullptr);
        }
        tx.cancelTimer(events::kReconcile, payment_id);
        scheduleNext(tx, *payment, asked);
        if (payment->refusals >= kAlarming) {
            host_.log().error("the provider keeps refusing to give money back; look at it with the provider",
                              {{"payment_id", payment_id}, {"reason", outcome.reason}});
        }
    });
}

void Cashier::postpone(const std::string& payment_id, const std::string& op_id, bool unknown) {
    host_.sql().write([&](stoa::Transaction& tx) {
        auto payment = store::find(tx, payment_id);
        if (!payment || !payment->open || payment->open->id != op_id) {
            return;
        }
        Op& op = *payment->open;
        tx.setTimer(events::kReconcile, payment_id, tx.now() + backoff(op.asked++));
        op.state = unknown ? OpState::kUnknown : op.state;
        store::update(tx, *payment);
        store::updateOp(tx, op, payment->provider_id);
    });
}

void Cashier::onReconcile(const stoa::Firing& firing) {
    const auto payment = host_.sql().read([&](stoa::Transaction& tx) { return store::find(tx, firing.key); });
    if (!payment) {
        return;
    }
    if (payment->open) {
        const Op& op = *payment->open;
        const auto found = provider_.find(payment->id);
        if (!found) {
            postpone(payment->id, op.id, false);
            return;
        }
        if (const auto outcome = outcomeIn(*found, op)) {
            conclude(payment->id, op.id, *outcome, true);
        } else if (op.state == OpState::kRequested && op.asked == 0 && host_.now() < op.requested + patience_) {
            host_.sql().write(
                [&](stoa::Transaction& tx) { tx.setTimer(events::kReconcile, payment->id, op.requested + patience_); });
        } else {
            make(*payment, op, true);
        }
    }
    host_.sql().write([&](stoa::Transaction& tx) { store::noticesApplied(tx, payment->id); });
}

}  // namespace payment
