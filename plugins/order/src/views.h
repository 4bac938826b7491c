/// Orders as JSON.
#pragma once

#include <vector>

#include <json/value.h>

#include "domain.h"
#include "store.h"

namespace order {

Json::Value orderView(const Order& order);
Json::Value timelineView(const std::vector<store::HistoryEntry>& entries);

}  // namespace order
