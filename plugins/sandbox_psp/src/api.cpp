#include "api.h"

#include <stoa/problem.h>

#include "views.h"
#include "webhooks.h"

namespace sandbox_psp {
namespace {

Operation operationOf(const stoa::Request& request, Type type, const Json::Value& body) {
    Operation operation;
    operation.key = request.header("Idempotency-Key").value_or("");
    operation.type = type;
    operation.amount = body.isObject() && body.isMember("amount") ? body["amount"].asInt64() : 0;
    return operation;
}

}  // namespace

Api::Api(stoa::Host& host)
    : host_(host),
      slow_(host.config()["slowMs"].asInt64()),
      timeout_(host.config()["timeoutMs"].asInt64()),
      webhooks_(!host.config()["webhookUrl"].asString().empty()),
      pause_(host.config()["maxWaiting"].asInt()) {}

void Api::checkKey(const stoa::Request& request) const {
    if (!host_.crypto().equal(request.header("Psp-Key").value_or(""), host_.secret("key"))) {
        throw stoa::Problem(401, "bad-psp-key", "Psp-Key is not the key of this provider.");
    }
}

stoa::Response Api::authorize(stoa::Request& request) {
    checkKey(request);
    const Json::Value body = request.json();
    Payment payment;
    payment.id = host_.newId();
    payment.reference = body["reference"].asString();
    payment.token = body["token"].asString();
    payment.currency = body["currency"].asString();
    payment.amount = body["amount"].asInt64();
    const Operation operation = operationOf(request, Type::kAuthorize, body);
    const Decided decided =
        host_.sql().write([&](stoa::Transaction& tx) { return decideOnce(tx, payment, operation, true); });
    return answer(201, decided);
}

stoa::Response Api::capture(stoa::Request& request) {
    return change(request, operationOf(request, Type::kCapture, request.json()));
}

stoa::Response Api::voidPayment(stoa::Request& request) {
    return change(request, operationOf(request, Type::kVoid, {}));
}

stoa::Response Api::refund(stoa::Request& request) {
    const Json::Value body = request.json();
    Operation operation = operationOf(request, Type::kRefund, body);
    operation.reference = body["reference"].asString();
    return change(request, std::move(operation));
}

stoa::Response Api::change(stoa::Request& request, Operation operation) {
    checkKey(request);
    const Decided decided = host_.sql().write([&](stoa::Transaction& tx) {
        auto payment = store::find(tx, request.param("id"));
        if (!payment) {
            throw stoa::notFound("payment");
        }
        return decideOnce(tx, std::move(*payment), operation, false);
    });
    return answer(200, decided);
}

std::optional<Api::Decided> Api::decidedBefore(stoa::Transaction& tx, std::string_view payment_id,
                                               const Operation& operation) const {
    auto known = store::findByKey(tx, operation.key);
    if (!known) {
        return std::nullopt;
    }
    const bool same = known->operation.type == operation.type &&
                      (operation.type == Type::kAuthorize || known->payment_id == payment_id) &&
                      (operation.type == Type::kVoid || known->operation.amount == operation.amount);
    if (!same) {
        throw stoa::unprocessable("idempotency-key-reused", "This Idempotency-Key belongs to another request.");
    }
    Decided decided{*store::find(tx, known->payment_id), std::move(known->operation), {}, true};
    decided.view = paymentView(decided.payment, store::operations(tx, decided.payment.id));
    return decided;
}

Api::Decided Api::decideOnce(stoa::Transaction& tx, Payment payment, Operation operation, bool is_new) const {
    if (auto decided = decidedBefore(tx, payment.id, operation)) {
        return std::move(*decided);
    }
    const Payment before = payment;
    decide(payment, operation);
    if (is_new) {
        payment.created = tx.now();
        store::insert(tx, payment);
    } else {
        store::update(tx, before, payment);
    }
    store::append(tx, payment.id, operation);
    if (webhooks_) {
        tx.setTimer(kWebhook, std::to_string(operation.sequence), tx.now());
    }
    Json::Value view = paymentView(payment, store::operations(tx, payment.id));
    return {std::move(payment), std::move(operation), std::move(view)};
}

/// What was decided is committed. The token may want the answer late, or lost.
stoa::Response Api::answer(int status, const Decided& decided) {
    const Operation& operation = decided.operation;
    const Answer how = decided.again ? Answer::kAtOnce : answerOf(scriptOf(decided.payment.token), operation.type);
    const bool waits = how == Answer::kSlow || how == Answer::kTimeout;
    if (how == Answer::kBroken || (waits && !pause_.wait(how == Answer::kSlow ? slow_ : timeout_))) {
        throw stoa::unavailable(1, "The answer got lost.");
    }
    if (!operation.done && operation.type != Type::kAuthorize) {
        throw stoa::Problem(402, "refused", "The provider refuses this.").with("reason", operation.reason);
    }
    return stoa::Response::json(status, decided.view);
}

stoa::Response Api::findPayments(stoa::Request& request) {
    checkKey(request);
    Json::Value body;
    body["items"] = Json::Value(Json::arrayValue);
    body["items"] = host_.sql().read([&](stoa::Transaction& tx) {
        Json::Value items(Json::arrayValue);
        for (const Payment& payment : store::findByReference(tx, request.query("reference").value_or(""))) {
            items.append(paymentView(payment, store::operations(tx, payment.id)));
        }
        return items;
    });
    return stoa::Response::json(200, body);
}

stoa::Response Api::getPayment(stoa::Request& request) {
    checkKey(request);
    return stoa::Response::json(200, host_.sql().read([&](stoa::Transaction& tx) {
        const auto payment = store::find(tx, request.param("id"));
        if (!payment) {
            throw stoa::notFound("payment");
        }
        return paymentView(*payment, store::operations(tx, payment->id));
    }));
}

stoa::Response Api::readLedger(stoa::Request& request) {
    checkKey(request);
    const std::string cursor{request.query("cursor").value_or("0")};
    const std::string limit{request.query("limit").value_or("100")};
    const auto entries = host_.sql().read(
        [&](stoa::Transaction& tx) { return store::ledger(tx, std::stoll(cursor), std::stoll(limit)); });
    Json::Value body;
    body["items"] = Json::Value(Json::arrayValue);
    for (const store::Entry& entry : entries) {
        body["items"].append(entryView(entry));
    }
    body["cursor"] = entries.empty() ? cursor : std::to_string(entries.back().operation.sequence);
    return stoa::Response::json(200, body);
}

}  // namespace sandbox_psp
