/// What notification listens to.
#pragma once

#include <string_view>

#include <stoa/event.h>
#include <stoa/sql.h>

namespace notification::events {

void onRegistered(const stoa::Event& event, stoa::Transaction& tx);
void onProfile(const stoa::Event& event, stoa::Transaction& tx);
void onOrder(const stoa::Event& event, stoa::Transaction& tx);
void onShipment(const stoa::Event& event, stoa::Transaction& tx);
void onRefunded(const stoa::Event& event, stoa::Transaction& tx);

}  // namespace notification::events
