/// Stock and reservations as JSON.
#pragma once

#include <vector>

#include <json/value.h>

#include "domain.h"
#include "store.h"

namespace inventory {

Json::Value stockView(const Stock& stock);
Json::Value movementView(const store::Movement& movement);
Json::Value reservationView(const Reservation& reservation);

}  // namespace inventory
