#include <fmt/format.h>

#include "host/sql/driver.h"
#include "host/sql/pool.h"
#include "host/sql/postgresql_connection.h"
#include "host/sql/postgresql_url.h"

namespace stoa::host::sql {
namespace {

using std::chrono::milliseconds;

constexpr const char* kCommit = "COMMIT";

constexpr milliseconds kServersOwn = PostgresqlConnection::kServersOwnTimeout;
/// A session's statement_timeout goes in steps, so that most transactions find it as they need it; less than what
/// PostgresqlConnection waits after the deadline.
constexpr milliseconds kTimeoutStep{200};
constexpr milliseconds kCoarseFrom{2'000};
/// A single statement without a deadline takes the session as it is, if that is this long or the server's own.
constexpr milliseconds kLongEnough{10'000};

/// A network that swallows packets is noticed within 20 s, also without a deadline.
constexpr std::string_view kLiveness =
    "connect_timeout='3' keepalives_idle='15' keepalives_interval='5' keepalives_count='3' tcp_user_timeout='20000' "
    "application_name='stoa' client_encoding='UTF8' ";

/// Begins together with its first statement: a round trip costs the server as much as a small statement. A single
/// statement that may write is a transaction by itself.
class PostgresqlTransaction : public DriverTransaction {
public:
    PostgresqlTransaction(Pool::Lease lease, Mode mode, std::optional<Deadline> deadline, const Options& options)
        : DriverTransaction(mode == Mode::kWrite ? std::optional<std::string_view>{options.owner} : std::nullopt),
          lease_(std::move(lease)),
          mode_(mode),
          deadline_(deadline),
          max_rows_(options.max_rows) {}
    ~PostgresqlTransaction() override { rollback(); }

protected:
    Result run(std::string_view statement, std::span<const Value> parameters) override {
        return begun_ ? goOn(statement, parameters) : runFirst(statement, parameters, {});
    }

    Result runAndCommit(std::string_view statement, std::span<const Value> parameters) override {
        try {
            if (!begun_) {
                return runFirst(statement, parameters, kCommit);
            }
            Result result = connection().run(statement, parameters, max_rows_, {tighter(), kCommit});
            connection().noteStatementTimeout(session_timeout_);
            return result;
        } catch (const Error& error) {
            tellIfUnknown(error);
            throw;
        }
    }

    void commitNow() override {
        if (!begun_) {
            return;
        }
        std::string tag;
        try {
            tag = connection().command(kCommit);
        } catch (const Error& error) {
            tellIfUnknown(error);
            throw;
        }
        if (tag != kCommit) {
            throw Error(STOA_INVALID, "the transaction was rolled back by a statement that had failed");
        }
        connection().noteStatementTimeout(session_timeout_);
    }

    void rollbackNow() noexcept override {
        try {
            if (begun_ && lease_->holds() && !connection().broken()) {
                connection().setDeadline(std::chrono::steady_clock::now() + std::chrono::seconds{1});
                connection().command("ROLLBACK");
            }
        } catch (const Error&) {
            lease_->discard();
        }
    }

    void released() noexcept override {
        if (lease_->holds() && (connection().broken() || connection().inTransaction())) {
            lease_->discard();
        }
        lease_.reset();
    }

private:
    PostgresqlConnection& connection() { return static_cast<PostgresqlConnection&>(lease_->connection()); }

    Result runFirst(std::string_view statement, std::span<const Value> parameters, const char* after) {
        const bool harmless_twice = after == nullptr || mode_ == Mode::kRead;
        try {
            return attempt(statement, parameters, after);
        } catch (const StaleStatement&) {
            if (connection().inTransaction()) {
                connection().command("ROLLBACK");
            }
        } catch (const Error&) {
            const bool in_time = !deadline_ || *deadline_ > std::chrono::steady_clock::now();
            if (!connection().broken() || !in_time || !harmless_twice) {
                throw;
            }
            // The server restarted while the connection was idle, and nobody has seen anything of the transaction.
            begun_ = false;
            lease_->replace();
        }
        return attempt(statement, parameters, after);
    }

    Result attempt(std::string_view statement, std::span<const Value> parameters, const char* after) {
        const bool alone = after != nullptr && mode_ == Mode::kWrite;
        PostgresqlConnection::Around around;
        const auto told = connection().statementTimeout();
        timeout_ = session_timeout_ = timeoutFor(told, after != nullptr);
        if (timeout_ != told) {
            around.before.push_back(timeout_ == kServersOwn ? "RESET statement_timeout" : setTimeout("SET"));
            connection().noteStatementTimeout({});  // a rollback takes it back
        }
        if (!alone) {
            around.before.emplace_back(mode_ == Mode::kWrite ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
                                                             : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
            around.after = after ? after : "";
        }
        connection().setDeadline(deadline_);
        begun_ = !alone;
        Result result = connection().run(statement, parameters, max_rows_, around);
        if (after) {
            connection().noteStatementTimeout(session_timeout_);
        }
        return result;
    }

    Result goOn(std::string_view statement, std::span<const Value> parameters) {
        return connection().run(statement, parameters, max_rows_, {tighter(), {}});
    }

    milliseconds timeoutFor(std::optional<milliseconds> told, bool single) const {
        if (!deadline_) {
            const bool will_do = single && told && *told >= kLongEnough;
            return will_do ? *told : kServersOwn;
        }
        const auto left = remaining(deadline_, {});
        return left < kCoarseFrom ? left : (left + kTimeoutStep - milliseconds{1}) / kTimeoutStep * kTimeoutStep;
    }

    /// The server counts from each statement's start: told anew when half of the time has gone.
    std::vector<std::string> tighter() {
        if (!deadline_) {
            return {};
        }
        const auto left = remaining(deadline_, {});
        if (left >= timeout_ / 2) {
            return {};
        }
        timeout_ = left;
        return {setTimeout("SET LOCAL")};
    }

    std::string setTimeout(std::string_view set) const {
        return fmt::format("{} statement_timeout = {}", set, timeout_.count());
    }

    /// After a failed commit.
    void tellIfUnknown(const Error& error) {
        if (mode_ == Mode::kWrite && lease_->holds() && connection().broken()) {
            throw Error(STOA_UNAVAILABLE,
                        std::string{"it is not known whether the transaction was committed: "} + error.what());
        }
    }

    std::optional<Pool::Lease> lease_;
    const Mode mode_;
    const std::optional<Deadline> deadline_;
    const std::size_t max_rows_;
    milliseconds timeout_{0};          ///< what binds the next statement
    milliseconds session_timeout_{0};  ///< what the session keeps when this has been committed
    bool begun_ = false;
};

/// Statements outside of any transaction, on a connection of their own: what they set and lock goes with it.
class PostgresqlAlone : public DriverTransaction {
public:
    PostgresqlAlone(Pool::Lease lease, std::size_t max_rows)
        : DriverTransaction(std::nullopt), lease_(std::move(lease)), max_rows_(max_rows) {
        lease_.replace();
    }
    ~PostgresqlAlone() override { rollback(); }

protected:
    Result run(std::string_view statement, std::span<const Value> parameters) override {
        return static_cast<PostgresqlConnection&>(lease_.connection()).run(statement, parameters, max_rows_);
    }
    void commitNow() override {}
    void rollbackNow() noexcept override {}
    void released() noexcept override { lease_.discard(); }

private:
    Pool::Lease lease_;
    const std::size_t max_rows_;
};

class PostgresqlDatabase : public Database {
public:
    PostgresqlDatabase(const PostgresqlUrl& url, const Options& options) : describe_(url.describe), options_(options) {
        PoolOptions pool;
        pool.size = options.max_connections;
        pool.acquire_timeout = options.acquire_timeout;
        pool.max_lifetime = options.max_lifetime;
        pool.place = url.describe;
        // Of a keyword that stands twice, libpq takes the last: the URL wins.
        auto conninfo = std::string{kLiveness} + url.conninfo;
        if (!options.password.empty()) {
            conninfo += conninfoPair("password", options.password);
        }
        pool_ = std::make_shared<Pool>(pool, [conninfo, place = url.describe, idle = options.idle_in_transaction] {
            try {
                return std::make_unique<PostgresqlConnection>(conninfo, idle);
            } catch (const Error& error) {
                throw Error(error.status(), "can't connect to " + place + ": " + error.what());
            }
        });
    }

    std::unique_ptr<Transaction> begin(Mode mode, std::optional<Deadline> deadline) override {
        return std::make_unique<PostgresqlTransaction>(pool_->acquire(deadline), mode, deadline, options_);
    }

    std::unique_ptr<Transaction> beginAlone() override {
        return std::make_unique<PostgresqlAlone>(pool_->acquire({}), options_.max_rows);
    }

    Dialect dialect() const override { return Dialect::kPostgresql; }
    std::string describe() const override { return describe_; }

    void ping() override {
        try {
            begin(Mode::kRead, std::chrono::steady_clock::now() + std::chrono::seconds{1})
                ->executeAndCommit("SELECT 1");
        } catch (const Error& error) {
            if (error.status() != STOA_EXHAUSTED) {  // busy is not gone
                throw;
            }
        }
    }

private:
    const std::string describe_;
    const Options options_;
    std::shared_ptr<Pool> pool_;
};

}  // namespace

std::unique_ptr<Database> openPostgresql(const std::string& url, const Options& options) {
    return std::make_unique<PostgresqlDatabase>(parsePostgresqlUrl(url), options);
}

}  // namespace stoa::host::sql
