/// What orders publish and what they listen to.
#pragma once

#include <string_view>

#include <stoa/event.h>
#include <stoa/sql.h>

#include "domain.h"

namespace order::events {

inline constexpr std::string_view kDeadline = "saga-deadline";

/// Publishes `what`, with the order's next event version.
void publish(stoa::Transaction& tx, Order& order, Publish what);

/// Runs the trigger through the saga and writes what comes of it: state, history, events, timer. False: ignored.
bool advance(stoa::Transaction& tx, Order& order, Trigger trigger);

void onPayment(const stoa::Event& event, stoa::Transaction& tx);
void onInventory(const stoa::Event& event, stoa::Transaction& tx);
void onShipment(const stoa::Event& event, stoa::Transaction& tx);
void onProfile(const stoa::Event& event, stoa::Transaction& tx);
void onDeadline(const stoa::Firing& firing, stoa::Transaction& tx);

}  // namespace order::events
