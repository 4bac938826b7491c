/// What payments read of orders and stock, and what they publish.
#pragma once

#include <stoa/event.h>
#include <stoa/sql.h>

#include "domain.h"

namespace payment::events {

inline constexpr const char* kProvider = "provider";    ///< job, by payment: does the next thing at the provider
inline constexpr const char* kReconcile = "reconcile";  ///< job, by payment: asks what became of a request
inline constexpr const char* kAbandon = "abandon";      ///< timer, by payment: its order was not placed

/// Publishes `news` as event `payment.event_version`, after the payment was written. `refund` is there for
/// News::kRefunded.
void publish(stoa::Transaction& tx, const Payment& payment, News news, const Refund* refund = nullptr);

void onOrderCreated(const stoa::Event& event, stoa::Transaction& tx);
void onOrderCancelled(const stoa::Event& event, stoa::Transaction& tx);
void onReserved(const stoa::Event& event, stoa::Transaction& tx);
void onReservationFailed(const stoa::Event& event, stoa::Transaction& tx);
void onAbandoned(const stoa::Firing& firing, stoa::Transaction& tx);

}  // namespace payment::events
