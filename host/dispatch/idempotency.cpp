#include "host/dispatch/idempotency.h"

#include <algorithm>
#include <array>

#include <stoa/base64.h>
#include <stoa/json.h>
#include <stoa/sha256.h>

#include "host/base/crash_point.h"
#include "host/base/ids.h"

namespace stoa::host::dispatch {
namespace {

constexpr std::chrono::seconds kLeaseAfterDeadline{5};
constexpr std::chrono::milliseconds kOwnDeadline{2000};

constexpr std::string_view kClaim =
    "INSERT INTO stoa_idempotency (caller, route, idempotency_key, fingerprint, attempt, lease_until_us, "
    "resource_id, created_us) VALUES ($1, $2, $3, $4, 1, $5, $6, $7) ON CONFLICT DO NOTHING";

std::int64_t integer(const sql::Value& value) { return std::get<std::int64_t>(value); }
const std::string& textOf(const sql::Value& value) { return std::get<std::string>(value); }

std::string headersToText(const http::Headers& headers) {
    Json::Value list(Json::arrayValue);
    for (const auto& [name, value] : headers) {
        Json::Value pair(Json::arrayValue);
        pair.append(name);
        pair.append(value);
        list.append(std::move(pair));
    }
    return writeJson(list);
}

/// The key as it lies in the table. It is hashed because the fingerprint is keyed with it: whoever reads the table can
/// then not try bodies (a registration's holds a password) against the fingerprints.
std::string stored(const std::string& key) { return hex(sha256(key)); }

http::Response replay(const std::vector<sql::Value>& row) {
    http::Response answer;
    answer.status = static_cast<int>(integer(row[4]));
    if (const auto headers = parseJson(textOf(row[5]))) {
        for (const Json::Value& pair : *headers) {
            answer.headers.add(pair[0].asString(), pair[1].asString());
        }
    }
    answer.body = textOf(row[6]);
    answer.headers.set("Idempotent-Replayed", "true");
    return answer;
}

std::int64_t storeAnswer(sql::Transaction& transaction, const Claim& claim, const http::Response& answer) {
    return transaction
        .execute(
            "UPDATE stoa_idempotency SET status = $1, headers = $2, body = $3, lease_until_us = 0 "
            "WHERE caller = $4 AND route = $5 AND idempotency_key = $6 AND attempt = $7 AND status IS NULL",
            {static_cast<std::int64_t>(answer.status), headersToText(answer.headers), answer.body, claim.id.caller,
             claim.id.route, stored(claim.id.key), static_cast<std::int64_t>(claim.attempt)})
        .affected;
}

}  // namespace

std::span<const sql::Migration> Idempotency::migrations() {
    static const std::array<sql::Migration, 1> kAll{{{1, "idempotency",
                                                      R"sql(
CREATE TABLE stoa_idempotency (
    caller text NOT NULL,
    route text NOT NULL,
    idempotency_key text NOT NULL,
    fingerprint text NOT NULL,
    attempt bigint NOT NULL,
    lease_until_us bigint NOT NULL,
    resource_id text NOT NULL,
    status bigint,
    headers text,
    body text,
    created_us bigint NOT NULL,
    PRIMARY KEY (caller, route, idempotency_key)
);
CREATE INDEX stoa_idempotency_created ON stoa_idempotency (created_us);
)sql",
                                                      "stoa-idempotency-1"}}};
    return kAll;
}

bool Idempotency::storable(int status) {
    constexpr std::array kPassing{401, 403, 408, 413, 415, 429};
    return status >= 200 && status < 500 && std::find(kPassing.begin(), kPassing.end(), status) == kPassing.end();
}

bool Idempotency::wellFormed(std::string_view key) {
    return !key.empty() && key.size() <= 255 &&
           std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

Idempotency::Outcome Idempotency::claim(sql::Database& database, const IdempotencyKey& id, Deadline deadline) const {
    const auto left = std::chrono::duration_cast<microseconds>(deadline - std::chrono::steady_clock::now());
    const std::int64_t now = toMicros(clock_.now());
    const std::int64_t lease_until = now + left.count() + microseconds{kLeaseAfterDeadline}.count();
    Claim fresh{id, 1, newId(clock_)};
    const std::vector<sql::Value> row_of_fresh{id.caller,         id.route, stored(id.key), id.fingerprint, lease_until,
                                               fresh.resource_id, now};
    if (database.once(sql::Mode::kWrite, deadline, kClaim, row_of_fresh).affected == 1) {
        crashPoint(CrashPoint::kRequestClaimed);
        return fresh;
    }
    Outcome outcome;
    database.transact(sql::Mode::kWrite, deadline, [&](sql::Transaction& transaction) {
        if (transaction.execute(kClaim, row_of_fresh).affected == 1) {  // pruned meanwhile
            outcome = fresh;
            return;
        }
        const auto found = transaction.execute(
            "SELECT fingerprint, attempt, lease_until_us, resource_id, status, headers, body FROM stoa_idempotency "
            "WHERE caller = $1 AND route = $2 AND idempotency_key = $3",
            {id.caller, id.route, stored(id.key)});
        if (found.rows.empty()) {
            throw Error(STOA_CONFLICT, "the idempotency key was pruned at this moment");
        }
        const auto& row = found.rows.front();
        if (textOf(row[0]) != id.fingerprint) {
            outcome = http::problem(422, "idempotency-key-reused", "This Idempotency-Key belongs to another request",
                                    "Send the same method, path and body with it, or a new key.");
        } else if (!std::holds_alternative<std::monostate>(row[4])) {
            outcome = replay(row);
        } else if (integer(row[2]) > now) {
            auto busy =
                http::problem(409, "request-in-progress", "The first request with this Idempotency-Key still runs",
                              "Ask again in a moment with the same key.");
            busy.headers.set("Retry-After", "1");
            outcome = std::move(busy);
        } else {
            outcome = takeOver(transaction, id, row, lease_until);
        }
    });
    if (std::holds_alternative<Claim>(outcome)) {
        crashPoint(CrashPoint::kRequestClaimed);
    }
    return outcome;
}

Claim Idempotency::takeOver(sql::Transaction& transaction, const IdempotencyKey& id, const std::vector<sql::Value>& row,
                            std::int64_t lease_until) const {
    const std::int64_t former = integer(row[1]);
    const auto updated = transaction.execute(
        "UPDATE stoa_idempotency SET attempt = $1, lease_until_us = $2 WHERE caller = $3 AND route = $4 AND "
        "idempotency_key = $5 AND attempt = $6 AND status IS NULL",
        {former + 1, lease_until, id.caller, id.route, stored(id.key), former});
    if (updated.affected != 1) {
        throw Error(STOA_CONFLICT, "another attempt took the idempotency key over at this moment");
    }
    return {id, static_cast<std::uint32_t>(former + 1), textOf(row[3])};
}

void Idempotency::store(sql::Transaction& transaction, const Claim& claim, const http::Response& answer) const {
    if (storeAnswer(transaction, claim, answer) != 1) {
        throw Error(STOA_CONFLICT, "another attempt with this Idempotency-Key has taken over");
    }
}

void Idempotency::settle(sql::Database& database, const Claim& claim, const http::Response& answer) const {
    database.transact(
        sql::Mode::kWrite, std::chrono::steady_clock::now() + kOwnDeadline, [&](sql::Transaction& transaction) {
            if (storable(answer.status)) {
                storeAnswer(transaction, claim, answer);
                return;
            }
            transaction.execute(
                "UPDATE stoa_idempotency SET lease_until_us = 0 WHERE caller = $1 AND route = $2 AND "
                "idempotency_key = $3 AND attempt = $4 AND status IS NULL",
                {claim.id.caller, claim.id.route, stored(claim.id.key), static_cast<std::int64_t>(claim.attempt)});
        });
    crashPoint(CrashPoint::kRequestSettled);
}

std::int64_t Idempotency::prune(sql::Database& database, std::chrono::hours keep) const {
    const std::int64_t before = toMicros(clock_.now() - keep);
    std::int64_t gone = 0;
    database.transact(sql::Mode::kWrite, {}, [&](sql::Transaction& transaction) {
        gone = transaction.execute("DELETE FROM stoa_idempotency WHERE created_us < $1", {before}).affected;
    });
    return gone;
}

}  // namespace stoa::host::dispatch
