/// The transition table of the saga as ARCHITECTURE.md shows it, made from decide().
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "saga.h"

namespace order {

struct Sample {
    std::string label;
    Saga saga;
};

/// One state of each kind that decide() tells apart.
inline std::vector<Sample> samples() {
    using enum PaymentStatus;
    using I = InventoryStatus;
    using F = FulfillmentStatus;
    const auto live = [](Status status, PaymentStatus payment, I stock, F parcels = F::kUnfulfilled) {
        return Saga{status, payment, parcels, stock, Phase::kNone, Status::kPending, "", false};
    };
    const auto dying = [](Phase phase, Status outcome, const char* reason, PaymentStatus payment, I stock) {
        return Saga{Status::kCancelPending, payment, F::kUnfulfilled, stock, phase, outcome, reason, false};
    };
    const auto dead = [](Status status, const char* reason, PaymentStatus payment, I stock) {
        return Saga{status, payment, F::kUnfulfilled, stock, Phase::kNone, status, reason, false};
    };
    return {
        {"PENDING, nothing known", live(Status::kPending, kNone, I::kNone)},
        {"PENDING, paid", live(Status::kPending, kPaid, I::kNone)},
        {"PENDING, stock reserved", live(Status::kPending, kAuthorized, I::kReserved)},
        {"CONFIRMED, not shipped", live(Status::kConfirmed, kPaid, I::kCommitted)},
        {"CONFIRMED, shipped", live(Status::kConfirmed, kPaid, I::kCommitted, F::kShipped)},
        {"CANCEL_PENDING, asking shipping",
         dying(Phase::kAskingShipping, Status::kCancelled, "customer", kPaid, I::kCommitted)},
        {"CANCEL_PENDING, compensating, nothing back",
         dying(Phase::kCompensating, Status::kCancelled, "customer", kPaid, I::kCommitted)},
        {"CANCEL_PENDING, compensating, money back",
         dying(Phase::kCompensating, Status::kCancelled, "customer", kRefunded, I::kCommitted)},
        {"CANCEL_PENDING, compensating, stock back",
         dying(Phase::kCompensating, Status::kCancelled, "customer", kPaid, I::kReleased)},
        {"COMPLETED", live(Status::kCompleted, kPaid, I::kCommitted, F::kDelivered)},
        {"CANCELLED or EXPIRED", dead(Status::kCancelled, "customer", kRefunded, I::kReleased)},
        {"REJECTED, payment failed", dead(Status::kRejected, "payment_failed", kFailed, I::kReleased)},
        {"REJECTED, money given back", dead(Status::kRejected, "out_of_stock", kVoided, I::kFailed)},
    };
}

inline std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

inline std::string stateText(const Saga& saga) {
    std::string text(name(saga.status));
    if (saga.phase == Phase::kAskingShipping) {
        text += ", asking shipping";
    } else if (saga.phase == Phase::kCompensating) {
        text += ", compensating, then " + std::string(name(saga.outcome));
    }
    return text;
}

/// What comes of it, in words; transitions of equal words share a row.
inline std::string resultText(const Saga& from, const Transition& transition) {
    const Saga& next = transition.next;
    if (!transition.ignored.empty()) {
        return "ignored because " + std::string(transition.ignored) + " | ";
    }
    std::string text = "noted";
    if (next.status != from.status || next.phase != from.phase) {
        text = "**" + stateText(next) + "**";
        if (next.reason != from.reason && !next.reason.empty()) {
            text += " (" + next.reason + ")";
        }
        if (next.cancel_refused && !from.cancel_refused) {
            text += " (cancelRefused)";
        }
    }
    if (next == from && !transition.publish.empty()) {
        text = "asked again";
    }
    text += " |";
    for (const Publish what : transition.publish) {
        text += " " + code(name(what));
    }
    return text;
}

inline std::string notesTable() {
    const Saga blank{Status::kCancelPending,
                     PaymentStatus::kNone,
                     FulfillmentStatus::kUnfulfilled,
                     InventoryStatus::kNone,
                     Phase::kCompensating,
                     Status::kCancelled,
                     "customer",
                     false};
    std::string text = "| trigger | notes |\n|---|---|\n";
    for (int i = 0; i <= static_cast<int>(kLastTrigger); ++i) {
        const auto trigger = static_cast<Trigger>(i);
        const Saga next = decide(blank, trigger).next;
        std::string notes;
        if (next.payment != blank.payment) {
            notes = "payment " + std::string(name(next.payment));
        } else if (next.inventory != blank.inventory) {
            notes = "stock " + std::string(name(next.inventory));
        } else if (next.fulfillment != blank.fulfillment) {
            notes = "fulfilment " + std::string(name(next.fulfillment));
        } else {
            notes = "nothing";
        }
        text += "| " + code(name(trigger)) + " | " + notes + " |\n";
    }
    return text;
}

inline std::string transitionsTable() {
    std::string text = "| state | trigger | next | publishes |\n|---|---|---|---|\n";
    for (const Sample& sample : samples()) {
        std::vector<std::pair<std::string, std::string>> rows;  // result, triggers
        for (int i = 0; i <= static_cast<int>(kLastTrigger); ++i) {
            const auto trigger = static_cast<Trigger>(i);
            const std::string result = resultText(sample.saga, decide(sample.saga, trigger));
            const auto same =
                std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.first == result; });
            if (same == rows.end()) {
                rows.emplace_back(result, code(name(trigger)));
            } else {
                same->second += ", " + code(name(trigger));
            }
        }
        for (const auto& [result, triggers] : rows) {
            text.append("| ")
                .append(sample.label)
                .append(" | ")
                .append(triggers)
                .append(" | ")
                .append(result)
                .append(" |\n");
        }
    }
    return text;
}

inline std::string sagaTable() { return notesTable() + "\n" + transitionsTable(); }

}  // namespace order
