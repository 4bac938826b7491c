#include "api.h"

#include <stoa/money.h>
#include <stoa/problem.h>

#include "events.h"
#include "store.h"
#include "views.h"

namespace payment {
namespace {

Payment paymentOf(stoa::Transaction& tx, const stoa::Request& request) {
    auto payment = store::find(tx, request.param("paymentId"));
    if (!payment) {
        throw stoa::notFound("payment");
    }
    return std::move(*payment);
}

stoa::Problem notNow(std::string_view slug, std::string detail, const Payment& payment) {
    return stoa::conflict(slug, std::move(detail)).with("state", std::string(name(stateOf(payment))));
}

/// Writes the wish; the job sees to it.
stoa::Response wish(stoa::Transaction& tx, Payment& payment) {
    store::update(tx, payment);
    tx.setTimer(events::kProvider, payment.id, tx.now());
    return stoa::Response::json(202, paymentView(payment)).etag(payment.version);
}

}  // namespace

Api::Api(stoa::Host& host, Provider& provider)
    : host_(host), provider_(provider), abandon_(host.config()["abandonSeconds"].asInt64()) {}

stoa::Response Api::createPayment(stoa::Request& request) const {
    const Json::Value body = request.json();
    const stoa::Money amount = stoa::Money::from(body["amount"], "/amount");
    if (amount.amount <= 0) {
        throw stoa::unprocessable("nothing-to-pay", "A payment is of at least one minor unit.")
            .field("/amount/amount", "must be at least 1");
    }
    Payment payment;
    payment.id = request.resourceId();
    payment.order_id = body["orderId"].asString();
    payment.attempt = body["attempt"].asInt64();
    payment.user_id = body["userId"].asString();
    payment.amount = amount.amount;
    payment.currency = amount.currency;
    payment.token = body["token"].asString();
    return request.transact([&](stoa::Transaction& tx) {
        payment.created = payment.updated = tx.now();
        if (store::insert(tx, payment)) {
            tx.setTimer(events::kAbandon, payment.id, tx.now() + abandon_);
            tx.setTimer(events::kProvider, payment.id, tx.now());  // its events may have come before it
        }
        const auto recorded = store::findByAttempt(tx, payment.order_id, payment.attempt);
        if (!recorded || recorded->amount != payment.amount || recorded->currency != payment.currency ||
            recorded->user_id != payment.user_id) {
            throw stoa::conflict("payment-exists", "This attempt has another payment.");
        }
        return stoa::Response::json(201, paymentView(*recorded))
            .etag(recorded->version)
            .location("/api/v1/payments/" + recorded->id);
    });
}

stoa::Response Api::getPayment(stoa::Request& request) const {
    const stoa::Caller caller = request.caller();
    const Payment payment = host_.sql().read([&](stoa::Transaction& tx) { return paymentOf(tx, request); });
    if (caller.service.empty() && !caller.isStaff() && caller.subject != payment.user_id) {
        throw stoa::notFound("payment");  // as for none, so that ids can't be probed
    }
    return stoa::Response::json(200, paymentView(payment)).etag(payment.version);
}

stoa::Response Api::capturePayment(stoa::Request& request) const {
    return request.transact([&](stoa::Transaction& tx) {
        Payment payment = paymentOf(tx, request);
        if (payment.closed != Closed::kNo || payment.captured > 0 || payment.authorized == 0 || isUnwanted(payment)) {
            throw notNow("not-capturable", "Only an authorised payment of a living order can be captured.", payment);
        }
        payment.capture_asked = true;
        return wish(tx, payment);
    });
}

stoa::Response Api::voidPayment(stoa::Request& request) const {
    return request.transact([&](stoa::Transaction& tx) {
        Payment payment = paymentOf(tx, request);
        if (payment.closed != Closed::kNo || payment.captured > 0) {
            throw notNow("not-voidable", "Only a payment that was not captured can be voided; refund it.", payment);
        }
        payment.void_asked = true;
        return wish(tx, payment);
    });
}

stoa::Response Api::refundPayment(stoa::Request& request) const {
    const Json::Value body = request.json();
    return request.transact([&](stoa::Transaction& tx) {
        Payment payment = paymentOf(tx, request);
        const std::int64_t left = refundable(payment);
        Refund refund{request.resourceId(), left, body["reason"].asString(), false, RefundState::kRequested, tx.now()};
        if (body.isMember("amount")) {
            refund.amount = body["amount"].asInt64();
        }
        if (refund.amount > left || left == 0) {
            throw stoa::unprocessable("refund-too-large", "That is more than is left of what was captured.")
                .with("refundable", stoa::Money{left, payment.currency}.json());
        }
        payment.refunds.push_back(refund);
        store::update(tx, payment);  // two refunds at once can't both take the same balance
        store::insertRefund(tx, payment, refund);
        tx.setTimer(events::kProvider, payment.id, tx.now());
        return stoa::Response::json(201, refundView(payment, refund)).location("/api/v1/payments/" + payment.id);
    });
}

stoa::Response Api::receiveWebhook(stoa::Request& request) const {
    if (request.param("provider") != provider_.name()) {
        throw stoa::notFound("provider");
    }
    if (!provider_.signedByProvider(request.header("Psp-Signature").value_or(""), request.body())) {
        throw stoa::Problem(401, "bad-signature", "Psp-Signature does not sign this body, or is too old.");
    }
    const auto notice = provider_.notice(request.json());
    if (!notice) {
        throw stoa::badRequest("bad-notice", "The notice names no event and no payment.");
    }
    return request.transact([&](stoa::Transaction& tx) {
        // It only says that there is something to ask; the provider's answer to that is the truth.
        if (store::keepNotice(tx, provider_.name(), *notice, request.body()) && store::find(tx, notice->reference)) {
            tx.setTimer(events::kReconcile, notice->reference, tx.now());
        }
        return stoa::Response{204};
    });
}

}  // namespace payment
