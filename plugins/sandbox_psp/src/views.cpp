#include "views.h"

namespace sandbox_psp {
namespace {

Json::Value number(std::int64_t value) { return Json::Value(static_cast<Json::Int64>(value)); }

Json::Value operationView(const Operation& operation) {
    Json::Value view;
    view["key"] = operation.key;
    view["type"] = std::string(name(operation.type));
    view["amount"] = number(operation.amount);
    view["done"] = operation.done;
    view["at"] = stoa::formatTime(operation.at);
    if (!operation.reference.empty()) {
        view["reference"] = operation.reference;
    }
    if (!operation.reason.empty()) {
        view["reason"] = operation.reason;
    }
    return view;
}

}  // namespace

Json::Value paymentView(const Payment& payment, const std::vector<Operation>& operations) {
    Json::Value view;
    view["id"] = payment.id;
    view["reference"] = payment.reference;
    view["status"] = payment.status;
    view["amount"] = number(payment.amount);
    view["currency"] = payment.currency;
    view["authorized"] = number(payment.authorized);
    view["captured"] = number(payment.captured);
    view["refunded"] = number(payment.refunded);
    if (!payment.decline_reason.empty()) {
        view["declineReason"] = payment.decline_reason;
    }
    view["operations"] = Json::Value(Json::arrayValue);
    for (const Operation& operation : operations) {
        view["operations"].append(operationView(operation));
    }
    view["createdAt"] = stoa::formatTime(payment.created);
    return view;
}

Json::Value entryView(const store::Entry& entry) {
    Json::Value view;
    view["sequence"] = number(entry.operation.sequence);
    view["id"] = entry.payment_id;
    view["reference"] = entry.reference;
    view["type"] = std::string(name(entry.operation.type));
    view["amount"] = number(entry.operation.amount);
    view["currency"] = entry.currency;
    view["key"] = entry.operation.key;
    view["at"] = stoa::formatTime(entry.operation.at);
    return view;
}

Json::Value webhookView(const store::Entry& entry) {
    Json::Value view;
    view["eventId"] = "psp-" + std::to_string(entry.operation.sequence) + "-" + entry.payment_id;
    view["id"] = entry.payment_id;
    view["reference"] = entry.reference;
    view["type"] = std::string(name(entry.operation.type));
    view["done"] = entry.operation.done;
    view["at"] = stoa::formatTime(entry.operation.at);
    return view;
}

}  // namespace sandbox_psp
