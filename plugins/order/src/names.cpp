// Names of the saga's values: in the API, in the database, in the log.

#include <array>
#include <stdexcept>
#include <string>

#include "saga.h"

namespace order {
namespace {

constexpr std::array<std::string_view, 7> kStatus{"PENDING",   "CONFIRMED", "COMPLETED", "CANCEL_PENDING",
                                                  "CANCELLED", "REJECTED",  "EXPIRED"};
constexpr std::array<std::string_view, 7> kPayment{"NONE",     "AUTHORIZED", "PAID",  "PARTIALLY_REFUNDED",
                                                   "REFUNDED", "VOIDED",     "FAILED"};
constexpr std::array<std::string_view, 5> kFulfillment{"UNFULFILLED", "PARTIAL", "SHIPPED", "DELIVERED", "RETURNED"};
constexpr std::array<std::string_view, 5> kInventory{"NONE", "RESERVED", "COMMITTED", "RELEASED", "FAILED"};
constexpr std::array<std::string_view, 3> kPhase{"NONE", "ASKING_SHIPPING", "COMPENSATING"};
constexpr std::array<std::string_view, 21> kTrigger{"payment.authorized",
                                                    "payment.completed",
                                                    "payment.failed",
                                                    "payment.voided",
                                                    "payment.refunded",
                                                    "payment.refunded in part",
                                                    "inventory.reserved",
                                                    "inventory.reservation_failed",
                                                    "inventory.released",
                                                    "inventory.released, payment_failed",
                                                    "inventory.committed",
                                                    "inventory.commit_refused",
                                                    "shipment.created",
                                                    "shipment.shipped",
                                                    "shipment.delivered",
                                                    "shipment.cancelled",
                                                    "shipment.cancel_refused",
                                                    "cancellation asked for",
                                                    "paid again",
                                                    "deadline passed",
                                                    "answer overdue"};
constexpr std::array<std::string_view, 4> kPublish{"order.created", "order.confirmed", "order.cancel_requested",
                                                   "order.cancelled"};

template <class Enum, std::size_t N>
Enum find(const std::array<std::string_view, N>& names, std::string_view text) {
    for (std::size_t i = 0; i < N; ++i) {
        if (names[i] == text) {
            return static_cast<Enum>(i);
        }
    }
    throw std::invalid_argument("no such value: " + std::string(text));
}

}  // namespace

std::string_view name(Status value) { return kStatus.at(static_cast<std::size_t>(value)); }
std::string_view name(PaymentStatus value) { return kPayment.at(static_cast<std::size_t>(value)); }
std::string_view name(FulfillmentStatus value) { return kFulfillment.at(static_cast<std::size_t>(value)); }
std::string_view name(InventoryStatus value) { return kInventory.at(static_cast<std::size_t>(value)); }
std::string_view name(Phase value) { return kPhase.at(static_cast<std::size_t>(value)); }
std::string_view name(Trigger value) { return kTrigger.at(static_cast<std::size_t>(value)); }
std::string_view name(Publish value) { return kPublish.at(static_cast<std::size_t>(value)); }

template <>
Status parse<Status>(std::string_view text) {
    return find<Status>(kStatus, text);
}
template <>
PaymentStatus parse<PaymentStatus>(std::string_view text) {
    return find<PaymentStatus>(kPayment, text);
}
template <>
FulfillmentStatus parse<FulfillmentStatus>(std::string_view text) {
    return find<FulfillmentStatus>(kFulfillment, text);
}
template <>
InventoryStatus parse<InventoryStatus>(std::string_view text) {
    return find<InventoryStatus>(kInventory, text);
}
template <>
Phase parse<Phase>(std::string_view text) {
    return find<Phase>(kPhase, text);
}
template <>
Trigger parse<Trigger>(std::string_view text) {
    return find<Trigger>(kTrigger, text);
}

}  // namespace order
