/// The provider's JSON.
#pragma once

#include <vector>

#include <json/value.h>

#include "store.h"

namespace sandbox_psp {

Json::Value paymentView(const Payment& payment, const std::vector<Operation>& operations);
Json::Value entryView(const store::Entry& entry);
/// Body of the webhook about an operation.
Json::Value webhookView(const store::Entry& entry);

}  // namespace sandbox_psp
