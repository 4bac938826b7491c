/// The provider's books in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/sql.h>

#include "domain.h"

namespace sandbox_psp::store {

/// An operation with the payment that it is of.
struct Entry {
    std::string payment_id;
    std::string reference;  ///< of the payment
    std::string currency;
    Operation operation;
};

void insert(stoa::Transaction& tx, const Payment& payment);
/// Locks the payment's row by writing it; throws Error STOA_CONFLICT when its money has changed since it was read.
void update(stoa::Transaction& tx, const Payment& before, const Payment& after);
std::optional<Payment> find(stoa::Transaction& tx, std::string_view id);
std::vector<Payment> findByReference(stoa::Transaction& tx, std::string_view reference);

/// Gives the operation the next number of the ledger.
void append(stoa::Transaction& tx, std::string_view payment_id, Operation& operation);
std::vector<Operation> operations(stoa::Transaction& tx, std::string_view payment_id);
std::optional<Entry> findByKey(stoa::Transaction& tx, std::string_view key);
std::optional<Entry> findBySequence(stoa::Transaction& tx, std::int64_t sequence);
/// What was done, after this number.
std::vector<Entry> ledger(stoa::Transaction& tx, std::int64_t after, std::int64_t limit);

}  // namespace sandbox_psp::store
