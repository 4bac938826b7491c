/// Payments in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/sql.h>

#include "domain.h"
#include "provider.h"

namespace payment::store {

/// False: the order has a payment for this attempt.
bool insert(stoa::Transaction& tx, const Payment& payment);
std::optional<Payment> find(stoa::Transaction& tx, std::string_view payment_id);
std::optional<Payment> findByAttempt(stoa::Transaction& tx, std::string_view order_id, std::int64_t attempt);
/// Ids of the payments of an order, for one attempt, or for all when it is 0.
std::vector<std::string> idsOf(stoa::Transaction& tx, std::string_view order_id, std::int64_t attempt = 0);
/// Writes the changed payment, without operations and refunds, if it is still at `payment.version`, as the next
/// version. Throws Error STOA_CONFLICT otherwise, so that the transaction runs again on what is there now.
void update(stoa::Transaction& tx, Payment& payment);

void insertOp(stoa::Transaction& tx, const Payment& payment, const Op& op);
void updateOp(stoa::Transaction& tx, const Op& op, std::string_view provider_reference);
void insertRefund(stoa::Transaction& tx, const Payment& payment, const Refund& refund);
void updateRefund(stoa::Transaction& tx, const Refund& refund);

void noteCreated(stoa::Transaction& tx, std::string_view order_id, std::int64_t attempt, const Facts& facts);
void noteReserved(stoa::Transaction& tx, std::string_view order_id, std::int64_t attempt);
void noteShort(stoa::Transaction& tx, std::string_view order_id, std::int64_t attempt);
/// False: this one, or a newer one, came before.
bool noteCancelled(stoa::Transaction& tx, std::string_view order_id, std::int64_t version);

/// False: it came before.
bool keepNotice(stoa::Transaction& tx, std::string_view provider, const Notice& notice, std::string_view body);
void noticesApplied(stoa::Transaction& tx, std::string_view reference);

std::string cursor(stoa::Transaction& tx, std::string_view provider);
void moveCursor(stoa::Transaction& tx, std::string_view provider, std::string_view position);
/// False: we never asked for this.
bool markInLedger(stoa::Transaction& tx, std::string_view op_id);
/// What we have as done since before `settled_before`, and the ledger does not: at most 100.
std::vector<std::string> missingInLedger(stoa::Transaction& tx, stoa::Time settled_before);
struct Orphan {
    std::string provider_id;
    std::string reference;
};
void keepOrphan(stoa::Transaction& tx, const Orphan& orphan);
void forgetOrphan(stoa::Transaction& tx, std::string_view provider_id);
std::vector<Orphan> orphans(stoa::Transaction& tx);

}  // namespace payment::store
