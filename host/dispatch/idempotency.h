/// Idempotency-Key (IETF draft-ietf-httpapi-idempotency-key-header): one effect and one answer per key.
///
/// A first commit claims (caller, route, key) with a lease and a resource id; the business commit stores the answer for
/// that attempt. An expired lease is taken over with the next attempt and the same resource id, so a retry repeats what
/// a crashed attempt began and never doubles it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "host/base/clock.h"
#include "host/base/work.h"
#include "host/http/message.h"
#include "host/sql/database.h"

namespace stoa::host::dispatch {

/// Whose key, on what.
struct IdempotencyKey {
    std::string caller;       ///< user id, or "service:<name>", or "public"
    std::string route;        ///< "POST /api/v1/orders"
    std::string key;          ///< 1…255 visible ASCII characters
    std::string fingerprint;  ///< SHA-256 of key, method, path with query, and body
};

/// Held by the request that does the work.
struct Claim {
    IdempotencyKey id;
    std::uint32_t attempt = 1;
    std::string resource_id;
};

class Idempotency {
public:
    /// The claim, or what to answer at once: the stored answer, 409 while another attempt runs, 422 for another body.
    using Outcome = std::variant<Claim, http::Response>;

    explicit Idempotency(const Clock& clock) : clock_(clock) {}

    static std::span<const sql::Migration> migrations();

    /// [worker] Its own commit. The lease lasts until `deadline` + 5 s. Throws stoa::Error.
    Outcome claim(sql::Database& database, const IdempotencyKey& id, Deadline deadline) const;
    /// Writes the answer into the business transaction. Throws STOA_CONFLICT when another attempt has taken over.
    void store(sql::Transaction& transaction, const Claim& claim, const http::Response& answer) const;
    /// [worker] After the handler, when it stored nothing itself: keeps what may be replayed, gives up the lease
    /// otherwise.
    void settle(sql::Database& database, const Claim& claim, const http::Response& answer) const;
    /// Forgets keys older than `keep`. Returns how many.
    std::int64_t prune(sql::Database& database, std::chrono::hours keep = std::chrono::hours{24}) const;

    /// 2xx and a handler's own 4xx; never what another attempt may change.
    static bool storable(int status);
    static bool wellFormed(std::string_view key);

private:
    Claim takeOver(sql::Transaction& transaction, const IdempotencyKey& id, const std::vector<sql::Value>& row,
                   std::int64_t lease_until) const;

    const Clock& clock_;
};

}  // namespace stoa::host::dispatch
