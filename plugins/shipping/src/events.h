/// What shipments publish and what they listen to.
#pragma once

#include <string_view>

#include <stoa/event.h>
#include <stoa/sql.h>

#include "domain.h"

namespace shipping::events {

/// Job, keyed by the shipment: asks the carrier for what the shipment's state needs.
inline constexpr std::string_view kCarrierJob = "carrier";

/// Applies the trigger and writes what comes of it: state, tracking, events, work for the carrier. Returns why nothing
/// happened; empty when something did.
std::string_view advance(stoa::Transaction& tx, Shipment& shipment, const Trigger& trigger);

void onOrderCreated(const stoa::Event& event, stoa::Transaction& tx);
void onOrderConfirmed(const stoa::Event& event, stoa::Transaction& tx);
void onCancelRequested(const stoa::Event& event, stoa::Transaction& tx);
void onOrderCancelled(const stoa::Event& event, stoa::Transaction& tx);
void onStockCommitted(const stoa::Event& event, stoa::Transaction& tx);

}  // namespace shipping::events
