#include "domain.h"

#include <array>
#include <stdexcept>
#include <utility>

namespace sandbox_psp {
namespace {

constexpr std::array<std::pair<std::string_view, Script>, 14> kScripts{{
    {"tok_ok", {}},
    {"tok_declined", {.decline_reason = "card_declined"}},
    {"tok_insufficient", {.decline_reason = "insufficient_funds"}},
    {"tok_slow", {.authorize = Answer::kSlow}},
    {"tok_timeout_approved", {.authorize = Answer::kTimeout}},
    {"tok_timeout_declined", {.decline_reason = "card_declined", .authorize = Answer::kTimeout}},
    {"tok_error_approved", {.authorize = Answer::kBroken}},
    {"tok_error_declined", {.decline_reason = "card_declined", .authorize = Answer::kBroken}},
    {"tok_capture_fails", {.capture_refused = true}},
    {"tok_capture_timeout", {.capture = Answer::kTimeout}},
    {"tok_capture_error", {.capture = Answer::kBroken}},
    {"tok_refund_fails_once", {.first_refund_refused = true}},
    {"tok_undo_timeout", {.undo = Answer::kTimeout}},
    {"tok_undo_error", {.undo = Answer::kBroken}},
}};

constexpr std::array<std::pair<std::string_view, Type>, 4> kTypes{{
    {"AUTHORIZE", Type::kAuthorize},
    {"CAPTURE", Type::kCapture},
    {"VOID", Type::kVoid},
    {"REFUND", Type::kRefund},
}};

/// Why the operation can't be done; empty when it can.
std::string_view refusal(const Payment& payment, const Operation& operation, const Script& script) {
    const bool open = payment.status == "authorized";
    switch (operation.type) {
        case Type::kAuthorize:
            return script.decline_reason;
        case Type::kCapture:
            if (!open) {
                return "not_authorized";
            }
            if (operation.amount > payment.authorized) {
                return "more_than_authorized";
            }
            return script.capture_refused ? "capture_refused" : "";
        case Type::kVoid:
            return open ? "" : "not_authorized";
        case Type::kRefund:
            if (operation.amount > payment.captured - payment.refunded) {
                return "more_than_captured";
            }
            return script.first_refund_refused && payment.refund_refusals == 0 ? "try_again_later" : "";
    }
    return "unknown_operation";
}

void carryOut(Payment& payment, Operation& operation) {
    switch (operation.type) {
        case Type::kAuthorize:
            payment.authorized = operation.amount;
            payment.status = "authorized";
            break;
        case Type::kCapture:
            payment.captured = operation.amount;
            payment.status = "captured";
            break;
        case Type::kVoid:
            operation.amount = payment.authorized;
            payment.status = "voided";
            break;
        case Type::kRefund:
            payment.refunded += operation.amount;
            payment.status = payment.refunded == payment.captured ? "refunded" : "partially_refunded";
            break;
    }
}

}  // namespace

Script scriptOf(std::string_view token) {
    for (const auto& [known, script] : kScripts) {
        if (known == token) {
            return script;
        }
    }
    return {.decline_reason = "unknown_token"};
}

Answer answerOf(const Script& script, Type type) {
    if (type == Type::kAuthorize) {
        return script.authorize;
    }
    return type == Type::kCapture ? script.capture : script.undo;
}

void decide(Payment& payment, Operation& operation) {
    operation.reason = refusal(payment, operation, scriptOf(payment.token));
    operation.done = operation.reason.empty();
    if (operation.done) {
        carryOut(payment, operation);
    } else if (operation.type == Type::kAuthorize) {
        payment.status = "declined";
        payment.decline_reason = operation.reason;
    } else if (operation.type == Type::kRefund) {
        ++payment.refund_refusals;
    }
}

std::string_view name(Type type) {
    for (const auto& [text, value] : kTypes) {
        if (value == type) {
            return text;
        }
    }
    throw std::invalid_argument("no such type of operation");
}

Type parseType(std::string_view text) {
    for (const auto& [known, value] : kTypes) {
        if (known == text) {
            return value;
        }
    }
    throw std::invalid_argument("no such type of operation: " + std::string(text));
}

}  // namespace sandbox_psp
