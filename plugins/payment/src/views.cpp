#include "views.h"

#include <stoa/money.h>

namespace payment {

Json::Value refundView(const Payment& payment, const Refund& refund) {
    Json::Value view;
    view["refundId"] = refund.id;
    view["paymentId"] = payment.id;
    view["amount"] = stoa::Money{refund.amount, payment.currency}.json();
    view["reason"] = refund.reason;
    view["state"] = std::string(name(refund.state));
    view["createdAt"] = stoa::formatTime(refund.created);
    return view;
}

Json::Value paymentView(const Payment& payment) {
    Json::Value view;
    view["paymentId"] = payment.id;
    view["orderId"] = payment.order_id;
    view["attempt"] = static_cast<Json::Int64>(payment.attempt);
    view["userId"] = payment.user_id;
    view["state"] = std::string(name(stateOf(payment)));
    view["amount"] = stoa::Money{payment.amount, payment.currency}.json();
    view["authorized"] = stoa::Money{payment.authorized, payment.currency}.json();
    view["captured"] = stoa::Money{payment.captured, payment.currency}.json();
    view["refunded"] = stoa::Money{payment.refunded, payment.currency}.json();
    view["refunds"] = Json::Value(Json::arrayValue);
    for (const Refund& refund : payment.refunds) {
        view["refunds"].append(refundView(payment, refund));
    }
    if (!payment.reason.empty()) {
        view["reason"] = payment.reason;
    }
    view["version"] = static_cast<Json::Int64>(payment.version);
    view["createdAt"] = stoa::formatTime(payment.created);
    view["updatedAt"] = stoa::formatTime(payment.updated);
    return view;
}

}  // namespace payment
