#include "store.h"

#include <stoa/error.h>

namespace sandbox_psp::store {
namespace {

constexpr std::string_view kPayments =
    "SELECT id, reference, token, currency, amount, status, decline_reason, authorized, captured, refunded, "
    "refund_refusals, created_us FROM psp_payments WHERE ";

constexpr std::string_view kEntries =
    "SELECT o.sequence, o.idempotency_key, o.payment_id, o.type, o.amount, o.reference, o.done, o.reason, o.at_us, "
    "p.reference AS payment_reference, p.currency FROM psp_operations o JOIN psp_payments p ON p.id = o.payment_id "
    "WHERE ";

Payment paymentOf(const stoa::Row& row) {
    Payment payment;
    payment.id = row.get<std::string>("id");
    payment.reference = row.get<std::string>("reference");
    payment.token = row.get<std::string>("token");
    payment.currency = row.get<std::string>("currency");
    payment.amount = row.get<std::int64_t>("amount");
    payment.status = row.get<std::string>("status");
    payment.decline_reason = row.get<std::string>("decline_reason");
    payment.authorized = row.get<std::int64_t>("authorized");
    payment.captured = row.get<std::int64_t>("captured");
    payment.refunded = row.get<std::int64_t>("refunded");
    payment.refund_refusals = row.get<std::int64_t>("refund_refusals");
    payment.created = row.get<stoa::Time>("created_us");
    return payment;
}

Entry entryOf(const stoa::Row& row) {
    Operation operation;
    operation.sequence = row.get<std::int64_t>("sequence");
    operation.key = row.get<std::string>("idempotency_key");
    operation.type = parseType(row.get<std::string>("type"));
    operation.amount = row.get<std::int64_t>("amount");
    operation.reference = row.get<std::string>("reference");
    operation.done = row.get<bool>("done");
    operation.reason = row.get<std::string>("reason");
    operation.at = row.get<stoa::Time>("at_us");
    return {row.get<std::string>("payment_id"), row.get<std::string>("payment_reference"),
            row.get<std::string>("currency"), std::move(operation)};
}

std::vector<Entry> entries(stoa::Transaction& tx, std::string_view condition,
                           std::initializer_list<stoa::Value> parameters) {
    std::vector<Entry> all;
    for (const stoa::Row& row : tx.query(std::string(kEntries) + std::string(condition), parameters)) {
        all.push_back(entryOf(row));
    }
    return all;
}

std::optional<Entry> only(std::vector<Entry> all) {
    return all.empty() ? std::nullopt : std::optional(std::move(all.front()));
}

}  // namespace

void insert(stoa::Transaction& tx, const Payment& payment) {
    tx.execute(
        "INSERT INTO psp_payments (id, reference, token, currency, amount, status, decline_reason, authorized, "
        "captured, refunded, refund_refusals, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        {payment.id, payment.reference, payment.token, payment.currency, payment.amount, payment.status,
         payment.decline_reason, payment.authorized, payment.captured, payment.refunded, payment.refund_refusals,
         payment.created});
}

void update(stoa::Transaction& tx, const Payment& before, const Payment& after) {
    const std::int64_t changed = tx.execute(
        "UPDATE psp_payments SET status = $1, captured = $2, refunded = $3, refund_refusals = $4 WHERE id = $5 AND "
        "status = $6 AND refunded = $7 AND refund_refusals = $8",
        {after.status, after.captured, after.refunded, after.refund_refusals, before.id, before.status, before.refunded,
         before.refund_refusals});
    if (changed != 1) {
        throw stoa::Error(STOA_CONFLICT, "the payment was changed at the same moment");
    }
}

std::optional<Payment> find(stoa::Transaction& tx, std::string_view id) {
    for (const stoa::Row& row : tx.query(std::string(kPayments) + "id = $1", {id})) {
        return paymentOf(row);
    }
    return std::nullopt;
}

std::vector<Payment> findByReference(stoa::Transaction& tx, std::string_view reference) {
    std::vector<Payment> payments;
    for (const stoa::Row& row :
         tx.query(std::string(kPayments) + "reference = $1 ORDER BY id LIMIT 100", {reference})) {
        payments.push_back(paymentOf(row));
    }
    return payments;
}

void append(stoa::Transaction& tx, std::string_view payment_id, Operation& operation) {
    tx.execute("UPDATE psp_counter SET last = last + 1 WHERE id = 1");
    for (const stoa::Row& row : tx.query("SELECT last FROM psp_counter WHERE id = 1")) {
        operation.sequence = row.get<std::int64_t>("last");
    }
    operation.at = tx.now();
    tx.execute(
        "INSERT INTO psp_operations (sequence, idempotency_key, payment_id, type, amount, reference, done, reason, "
        "at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {operation.sequence, operation.key, payment_id, name(operation.type), operation.amount, operation.reference,
         operation.done, operation.reason, operation.at});
}

std::vector<Operation> operations(stoa::Transaction& tx, std::string_view payment_id) {
    std::vector<Operation> all;
    for (Entry& entry : entries(tx, "o.payment_id = $1 ORDER BY o.sequence", {payment_id})) {
        all.push_back(std::move(entry.operation));
    }
    return all;
}

std::optional<Entry> findByKey(stoa::Transaction& tx, std::string_view key) {
    return only(entries(tx, "o.idempotency_key = $1", {key}));
}

std::optional<Entry> findBySequence(stoa::Transaction& tx, std::int64_t sequence) {
    return only(entries(tx, "o.sequence = $1", {sequence}));
}

std::vector<Entry> ledger(stoa::Transaction& tx, std::int64_t after, std::int64_t limit) {
    return entries(tx, "o.sequence > $1 AND o.done = $2 ORDER BY o.sequence LIMIT $3", {after, true, limit});
}

}  // namespace sandbox_psp::store
