#include "events.h"

#include <algorithm>

#include "store.h"

namespace payment::events {
namespace {

using stoa::Event;
using stoa::Transaction;

/// The order asks again what became of this attempt: says so again, should it be over.
void answerAgain(Transaction& tx, Payment& payment) {
    const auto news = lastWord(payment);
    if (!news) {
        return;
    }
    const auto refund = std::find_if(payment.refunds.rbegin(), payment.refunds.rend(),
                                     [](const Refund& each) { return each.state == RefundState::kDone; });
    ++payment.event_version;
    store::update(tx, payment);
    publish(tx, payment, *news, refund == payment.refunds.rend() ? nullptr : &*refund);
}

/// Whatever was learnt: the job looks at all of it.
void wake(Transaction& tx, const std::vector<std::string>& payment_ids) {
    for (const std::string& id : payment_ids) {
        tx.setTimer(kProvider, id, tx.now());
    }
}

Json::Value number(std::int64_t value) { return Json::Value(static_cast<Json::Int64>(value)); }

Json::Value payload(const Payment& payment, News news, const Refund* refund) {
    Json::Value data;
    data["paymentId"] = payment.id;
    data["orderId"] = payment.order_id;
    data["attempt"] = number(payment.attempt);
    switch (news) {
        case News::kAuthorized:
            data["amount"] = number(payment.authorized);
            data["currency"] = payment.currency;
            break;
        case News::kCompleted:
            data["amount"] = number(payment.captured);
            data["currency"] = payment.currency;
            break;
        case News::kFailed:
            data["reason"] = payment.reason;
            break;
        case News::kVoided:
            break;
        case News::kRefunded:
            data["refundId"] = refund->id;
            data["amount"] = number(refund->amount);
            data["currency"] = payment.currency;
            data["refundedTotal"] = number(payment.refunded);
            data["reason"] = refund->reason;
            break;
    }
    return data;
}

}  // namespace

void publish(Transaction& tx, const Payment& payment, News news, const Refund* refund) {
    tx.publish({.topic = name(news),
                .aggregate = "payment",
                .key = payment.id,
                .version = payment.event_version,
                .data = payload(payment, news, refund)});
}

void onOrderCreated(const Event& event, Transaction& tx) {
    const std::string order_id = event.data["orderId"].asString();
    const std::int64_t attempt = event.data["attempt"].asInt64();
    Facts facts;
    facts.created_version = event.version;
    facts.total = event.data["totalAmount"].asInt64();
    facts.currency = event.data["currency"].asString();
    store::noteCreated(tx, order_id, attempt, facts);
    wake(tx, store::idsOf(tx, order_id, attempt));
}

void onOrderCancelled(const Event& event, Transaction& tx) {
    const std::string order_id = event.data["orderId"].asString();
    auto payment = store::findByAttempt(tx, order_id, event.data["attempt"].asInt64());
    // What ended before the first cancellation was told then.
    const bool again = payment && isCancelled(*payment);
    if (store::noteCancelled(tx, order_id, event.version) && again) {
        answerAgain(tx, *payment);
    }
    wake(tx, store::idsOf(tx, order_id));
}

void onReserved(const Event& event, Transaction& tx) {
    const std::string order_id = event.data["orderId"].asString();
    const std::int64_t attempt = event.data["attempt"].asInt64();
    store::noteReserved(tx, order_id, attempt);
    wake(tx, store::idsOf(tx, order_id, attempt));
}

void onReservationFailed(const Event& event, Transaction& tx) {
    const std::string order_id = event.data["orderId"].asString();
    const std::int64_t attempt = event.data["attempt"].asInt64();
    store::noteShort(tx, order_id, attempt);
    wake(tx, store::idsOf(tx, order_id, attempt));
}

void onAbandoned(const stoa::Firing& firing, Transaction& tx) {
    auto payment = store::find(tx, firing.key);
    if (!payment || payment->facts.created_version > 0 || payment->closed != Closed::kNo) {
        return;
    }
    payment->void_asked = true;
    store::update(tx, *payment);
    wake(tx, {payment->id});
}

}  // namespace payment::events
