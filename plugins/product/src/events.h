/// What this service publishes and what it listens to.
#pragma once

#include <chrono>

#include <stoa/event.h>
#include <stoa/sql.h>

#include "domain.h"

namespace product {

// Call each after the product's row was written, in the same transaction.
void publishCreated(stoa::Transaction& tx, const Product& product);
void publishUpdated(stoa::Transaction& tx, const Product& product);
void publishPriceChanged(stoa::Transaction& tx, const Product& product, const stoa::Money& old_price);
void publishDeleted(stoa::Transaction& tx, const Product& product);

/// inventory.low_stock: shows the availability for `hours`. Inventory does not say when stock comes back, so the mark
/// ends by a timer. Reports may come in any order and for products that are gone: only a newer one counts.
void onLowStock(const stoa::Event& event, stoa::Transaction& tx, std::chrono::hours hours);

/// The timer that ends the mark; its key is the product's id.
constexpr const char* kAvailabilityExpiry = "availability-expiry";
void onAvailabilityExpiry(const stoa::Firing& firing, stoa::Transaction& tx);

}  // namespace product
