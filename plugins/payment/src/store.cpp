#include "store.h"

#include <stoa/error.h>

namespace payment::store {
namespace {

constexpr std::string_view kSelect =
    "SELECT p.payment_id, p.order_id, p.attempt, p.user_id, p.amount, p.currency, p.token, p.provider_id, "
    "p.authorized, p.captured, p.refunded, p.closed, p.reason, p.capture_asked, p.void_asked, p.open_op, p.ops, "
    "p.refusals, p.not_before_us, p.version, p.event_version, p.created_us, p.updated_us, a.created_version, "
    "a.total, a.currency AS order_currency, a.reserved, a.short, o.cancelled_version FROM payments p LEFT JOIN "
    "attempt_facts a ON a.order_id = p.order_id AND "
    "a.attempt = p.attempt LEFT JOIN order_facts o ON o.order_id = p.order_id WHERE ";

Payment paymentOf(const stoa::Row& row) {
    Payment payment;
    payment.id = row.get<std::string>("payment_id");
    payment.order_id = row.get<std::string>("order_id");
    payment.attempt = row.get<std::int64_t>("attempt");
    payment.user_id = row.get<std::string>("user_id");
    payment.amount = row.get<std::int64_t>("amount");
    payment.currency = row.get<std::string>("currency");
    payment.token = row.get<std::string>("token");
    payment.provider_id = row.get<std::string>("provider_id");
    payment.authorized = row.get<std::int64_t>("authorized");
    payment.captured = row.get<std::int64_t>("captured");
    payment.refunded = row.get<std::int64_t>("refunded");
    payment.closed = parse<Closed>(row.get<std::string>("closed"));
    payment.reason = row.get<std::string>("reason");
    payment.capture_asked = row.get<bool>("capture_asked");
    payment.void_asked = row.get<bool>("void_asked");
    if (std::string open = row.get<std::string>("open_op"); !open.empty()) {
        payment.open.emplace().id = std::move(open);
    }
    payment.ops = row.get<std::int64_t>("ops");
    payment.refusals = row.get<std::int64_t>("refusals");
    payment.not_before = row.get<stoa::Time>("not_before_us");
    payment.version = row.get<std::int64_t>("version");
    payment.event_version = row.get<std::int64_t>("event_version");
    payment.created = row.get<stoa::Time>("created_us");
    payment.updated = row.get<stoa::Time>("updated_us");
    payment.facts.created_version = row.get<std::optional<std::int64_t>>("created_version").value_or(0);
    payment.facts.cancelled_version = row.get<std::optional<std::int64_t>>("cancelled_version").value_or(0);
    payment.facts.total = row.get<std::optional<std::int64_t>>("total").value_or(0);
    payment.facts.currency = row.get<std::optional<std::string>>("order_currency").value_or("");
    payment.facts.reserved = row.get<std::optional<bool>>("reserved").value_or(false);
    payment.facts.short_of_stock = row.get<std::optional<bool>>("short").value_or(false);
    return payment;
}

Op opOf(stoa::Transaction& tx, const std::string& op_id) {
    for (const stoa::Row& row : tx.query(
             "SELECT type, amount, refund_id, state, reason, asked, requested_us FROM payment_ops WHERE op_id = $1",
             {op_id})) {
        return {op_id,
                parse<OpType>(row.get<std::string>("type")),
                row.get<std::int64_t>("amount"),
                row.get<std::string>("refund_id"),
                parse<OpState>(row.get<std::string>("state")),
                row.get<std::string>("reason"),
                row.get<std::int64_t>("asked"),
                row.get<stoa::Time>("requested_us")};
    }
    throw stoa::Error(STOA_INTERNAL, "the open request " + op_id + " has no row");
}

std::vector<Refund> refundsOf(stoa::Transaction& tx, const std::string& payment_id) {
    std::vector<Refund> refunds;
    for (const stoa::Row& row :
         tx.query("SELECT refund_id, amount, reason, compensation, state, created_us FROM refunds WHERE payment_id = "
                  "$1 ORDER BY created_us, refund_id",
                  {payment_id})) {
        refunds.push_back({row.get<std::string>("refund_id"), row.get<std::int64_t>("amount"),
                           row.get<std::string>("reason"), row.get<bool>("compensation"),
                           parse<RefundState>(row.get<std::string>("state")), row.get<stoa::Time>("created_us")});
    }
    return refunds;
}

std::optional<Payment> load(stoa::Transaction& tx, std::string_view condition,
                            std::initializer_list<stoa::Value> parameters) {
    std::optional<Payment> found;
    for (const stoa::Row& row : tx.query(std::string(kSelect) + std::string(condition), parameters)) {
        found = paymentOf(row);
    }
    if (found) {
        found->refunds = refundsOf(tx, found->id);
        if (found->open) {
            found->open = opOf(tx, found->open->id);
        }
    }
    return found;
}

std::string_view openOf(const Payment& payment) {
    return payment.open ? std::string_view(payment.open->id) : std::string_view{};
}

}  // namespace

bool insert(stoa::Transaction& tx, const Payment& payment) {
    return tx.execute(
               "INSERT INTO payments (payment_id, order_id, attempt, user_id, amount, currency, token, provider_id, "
               "state, authorized, captured, refunded, closed, reason, capture_asked, void_asked, open_op, ops, "
               "refusals, not_before_us, version, event_version, created_us, updated_us) VALUES ($1, $2, $3, $4, $5, "
               "$6, $7, '', $8, 0, 0, 0, $9, '', $10, $10, '', 0, 0, 0, 1, 0, $11, $11) ON CONFLICT DO NOTHING",
               {payment.id, payment.order_id, payment.attempt, payment.user_id, payment.amount, payment.currency,
                payment.token, name(stateOf(payment)), name(payment.closed), false, payment.created}) == 1;
}

std::optional<Payment> find(stoa::Transaction& tx, std::string_view payment_id) {
    return load(tx, "p.payment_id = $1", {payment_id});
}

std::optional<Payment> findByAttempt(stoa::Transaction& tx, std::string_view order_id, std::int64_t attempt) {
    return load(tx, "p.order_id = $1 AND p.attempt = $2", {order_id, attempt});
}

std::vector<std::string> idsOf(stoa::Transaction& tx, std::string_view order_id, std::int64_t attempt) {
    std::vector<std::string> ids;
    for (const stoa::Row& row :
         tx.query("SELECT payment_id FROM payments WHERE order_id = $1 AND ($2 = 0 OR attempt = $2) ORDER BY attempt",
                  {order_id, attempt})) {
        ids.push_back(row.get<std::string>("payment_id"));
    }
    return ids;
}

void update(stoa::Transaction& tx, Payment& payment) {
    payment.updated = tx.now();
    const std::int64_t changed = tx.execute(
        "UPDATE payments SET token = $1, provider_id = $2, state = $3, authorized = $4, captured = $5, refunded = $6, "
        "closed = $7, reason = $8, capture_asked = $9, void_asked = $10, open_op = $11, ops = $12, refusals = $13, "
        "not_before_us = $14, event_version = $15, updated_us = $16, version = version + 1 WHERE payment_id = $17 AND "
        "version = $18",
        {payment.token, payment.provider_id, name(stateOf(payment)), payment.authorized, payment.captured,
         payment.refunded, name(payment.closed), payment.reason, payment.capture_asked, payment.void_asked,
         openOf(payment), payment.ops, payment.refusals, payment.not_before, payment.event_version, payment.updated,
         payment.id, payment.version});
    if (changed != 1) {
        throw stoa::Error(STOA_CONFLICT, "the payment was changed at the same moment");
    }
    ++payment.version;
}

void insertOp(stoa::Transaction& tx, const Payment& payment, const Op& op) {
    tx.execute(
        "INSERT INTO payment_ops (op_id, payment_id, type, amount, refund_id, state, reason, provider_reference, "
        "asked, in_ledger, requested_us) VALUES ($1, $2, $3, $4, $5, $6, '', '', 0, $7, $8)",
        {op.id, payment.id, name(op.type), op.amount, op.refund_id, name(op.state), false, op.requested});
}

void updateOp(stoa::Transaction& tx, const Op& op, std::string_view provider_reference) {
    const bool settled = op.state == OpState::kDone || op.state == OpState::kRefused;
    tx.execute(
        "UPDATE payment_ops SET state = $1, reason = $2, asked = $3, provider_reference = $4, settled_us = $5 WHERE "
        "op_id = $6",
        {name(op.state), op.reason, op.asked, provider_reference, settled ? std::optional(tx.now()) : std::nullopt,
         op.id});
}

void insertRefund(stoa::Transaction& tx, const Payment& payment, const Refund& refund) {
    tx.execute(
        "INSERT INTO refunds (refund_id, payment_id, amount, reason, compensation, state, created_us) VALUES ($1, $2, "
        "$3, $4, $5, $6, $7)",
        {refund.id, payment.id, refund.amount, refund.reason, refund.compensation, name(refund.state), refund.created});
}

void updateRefund(stoa::Transaction& tx, const Refund& refund) {
    tx.execute("UPDATE refunds SET state = $1 WHERE refund_id = $2", {name(refund.state), refund.id});
}

void noteCreated(stoa::Transaction& tx, std::string_view order_id, std::int64_t attempt, const Facts& facts) {
    tx.execute(
        "INSERT INTO attempt_facts (order_id, attempt, created_version, total, currency, reserved, short) VALUES ($1, "
        "$2, $3, $4, $5, $6, $6) ON CONFLICT (order_id, attempt) DO UPDATE SET created_version = "
        "excluded.created_version, total = excluded.total, currency = excluded.currency",
        {order_id, attempt, facts.created_version, facts.total, facts.currency, false});
}

void noteReserved(stoa::Transaction& tx, std::string_view order_id, std::int64_t attempt) {
    tx.execute(
        "INSERT INTO attempt_facts (order_id, attempt, created_version, reserved, short) VALUES ($1, $2, 0, $3, $4) "
        "ON CONFLICT (order_id, attempt) DO UPDATE SET reserved = excluded.reserved",
        {order_id, attempt, true, false});
}

void noteShort(stoa::Transaction& tx, std::string_view order_id, std::int64_t attempt) {
    tx.execute(
        "INSERT INTO attempt_facts (order_id, attempt, created_version, reserved, short) VALUES ($1, $2, 0, $3, $4) "
        "ON CONFLICT (order_id, attempt) DO UPDATE SET short = excluded.short",
        {order_id, attempt, false, true});
}

bool noteCancelled(stoa::Transaction& tx, std::string_view order_id, std::int64_t version) {
    return tx.execute(
               "INSERT INTO order_facts (order_id, cancelled_version) VALUES ($1, $2) ON CONFLICT (order_id) DO UPDATE "
               "SET cancelled_version = excluded.cancelled_version WHERE order_facts.cancelled_version < "
               "excluded.cancelled_version",
               {order_id, version}) == 1;
}

bool keepNotice(stoa::Transaction& tx, std::string_view provider, const Notice& notice, std::string_view body) {
    return tx.execute(
               "INSERT INTO provider_events (provider, event_id, reference, body, received_us) VALUES ($1, $2, $3, "
               "$4, $5) ON CONFLICT DO NOTHING",
               {provider, notice.event_id, notice.reference, body, tx.now()}) == 1;
}

void noticesApplied(stoa::Transaction& tx, std::string_view reference) {
    tx.execute("UPDATE provider_events SET applied_us = $1 WHERE reference = $2 AND applied_us IS NULL",
               {tx.now(), reference});
}

std::string cursor(stoa::Transaction& tx, std::string_view provider) {
    for (const stoa::Row& row : tx.query("SELECT position FROM ledger_cursors WHERE provider = $1", {provider})) {
        return row.get<std::string>("position");
    }
    return {};
}

void moveCursor(stoa::Transaction& tx, std::string_view provider, std::string_view position) {
    tx.execute(
        "INSERT INTO ledger_cursors (provider, position) VALUES ($1, $2) ON CONFLICT (provider) DO UPDATE SET position "
        "= excluded.position",
        {provider, position});
}

bool markInLedger(stoa::Transaction& tx, std::string_view op_id) {
    return tx.execute("UPDATE payment_ops SET in_ledger = $1 WHERE op_id = $2", {true, op_id}) == 1;
}

std::vector<std::string> missingInLedger(stoa::Transaction& tx, stoa::Time settled_before) {
    std::vector<std::string> ids;
    for (const stoa::Row& row : tx.query("SELECT op_id FROM payment_ops WHERE in_ledger = $1 AND state = $2 AND "
                                         "settled_us < $3 ORDER BY settled_us "
                                         "LIMIT 100",
                                         {false, name(OpState::kDone), settled_before})) {
        ids.push_back(row.get<std::string>("op_id"));
    }
    return ids;
}

void keepOrphan(stoa::Transaction& tx, const Orphan& orphan) {
    tx.execute(
        "INSERT INTO orphans (provider_id, reference, found_us) VALUES ($1, $2, $3) ON CONFLICT (provider_id) DO "
        "NOTHING",
        {orphan.provider_id, orphan.reference, tx.now()});
}

void forgetOrphan(stoa::Transaction& tx, std::string_view provider_id) {
    tx.execute("DELETE FROM orphans WHERE provider_id = $1", {provider_id});
}

std::vector<Orphan> orphans(stoa::Transaction& tx) {
    std::vector<Orphan> all;
    for (const stoa::Row& row :
         tx.query("SELECT provider_id, reference FROM orphans ORDER BY found_us, provider_id LIMIT 100")) {
        all.push_back({row.get<std::string>("provider_id"), row.get<std::string>("reference")});
    }
    return all;
}

}  // namespace payment::store
