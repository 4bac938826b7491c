/// Payments as JSON.
#pragma once

#include <json/value.h>

#include "domain.h"

namespace payment {

Json::Value paymentView(const Payment& payment);
Json::Value refundView(const Payment& payment, const Refund& refund);

}  // namespace payment
