/// One PostgreSQL connection, by libpq.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/sql/driver.h"
#include "host/sql/pool.h"
#include "host/sql/statement_cache.h"

namespace stoa::host::sql {

/// The server's kept statement does not fit any more (SQLSTATE 0A000, 26000). It has been forgotten: the same
/// transaction, from its beginning, works.
class StaleStatement : public Error {
public:
    explicit StaleStatement(const std::string& message) : Error(STOA_CONFLICT, message) {}
};

class PostgresqlConnection : public PooledConnection {
public:
    /// Throws STOA_UNAVAILABLE.
    PostgresqlConnection(const std::string& conninfo, std::chrono::milliseconds idle_in_transaction);
    ~PostgresqlConnection() override;

    bool alive() noexcept override;
    /// Nothing can be sent any more: the session is over, or an answer is still under way.
    bool broken() const { return broken_; }
    bool inTransaction() const { return PQtransactionStatus(pg()) != PQTRANS_IDLE; }

    /// Commands without parameters that go with a statement in one round trip.
    struct Around {
        std::vector<std::string> before;
        std::string after;  ///< may be empty
    };

    Result run(std::string_view statement, std::span<const Value> parameters, std::size_t max_rows,
               const Around& around = {});
    /// One or several statements without parameters in one round trip: BEGIN, SET, COMMIT. Its command tag.
    std::string command(const std::string& statements);
    /// Waits for answers until a little after the deadline, then gives the connection up. The server's own
    /// statement_timeout comes first, unless the network has gone.
    void setDeadline(std::optional<Deadline> deadline) { deadline_ = deadline; }

    /// What the session's statement_timeout is between transactions; nothing: not known.
    static constexpr std::chrono::milliseconds kServersOwnTimeout{0};
    std::optional<std::chrono::milliseconds> statementTimeout() const { return statement_timeout_; }
    void noteStatementTimeout(std::optional<std::chrono::milliseconds> timeout) { statement_timeout_ = timeout; }

private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    struct Finish {
        void operator()(PGconn* session) const { PQfinish(session); }
    };
    using Answer = std::unique_ptr<PGresult, Clear>;
    /// A statement prepared for these types of parameters. A NULL fits any type.
    struct Variant {
        std::string name;
        std::vector<Oid> types;
    };
    using Variants = std::vector<Variant>;
    struct Parameters;

    const Variant* known(std::string_view statement, std::span<const Value> parameters);
    const Variant& prepare(std::string_view statement, std::span<const Value> parameters);
    Result runAlone(std::string_view statement, std::span<const Value> parameters, std::size_t max_rows);
    Result runBetween(const Around& around, const Variant& prepared, std::string_view statement,
                      std::span<const Value> parameters, std::size_t max_rows);
    void send(const Variant& prepared, const Parameters& parameters);
    Result resultOf(const Answer& answer, std::string_view statement, std::size_t max_rows);
    void refuseStale(const Answer& answer, std::string_view statement);
    void deallocate(const Variants& variants);
    Answer answer();
    Answer next();
    void awaitInput();
    void check(const Answer& answer, std::string_view statement);
    [[noreturn]] void lost();

    PGconn* pg() const { return session_.get(); }

    std::unique_ptr<PGconn, Finish> session_;
    StatementCache<Variants> cache_;
    std::uint64_t next_name_ = 0;
    std::optional<Deadline> deadline_;
    std::optional<std::chrono::milliseconds> statement_timeout_ = kServersOwnTimeout;
    bool broken_ = false;
};

}  // namespace stoa::host::sql
