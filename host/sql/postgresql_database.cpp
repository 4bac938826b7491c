#include <fmt/format.h>

#include "host/sql/driver.h"
#include "host/sql/pool.h"
#include "host/sql/postgresql_connection.h"
#include "host/sql/postgresql_url.h"

namespace stoa::host::sql {
namespace {

using std::chrono::milliseconds;

/// A network that swallows packets is noticed within 20 s, also without a deadline.
constexpr std::string_view kLiveness =
    "connect_timeout='3' keepalives_idle='15' keepalives_interval='5' keepalives_count='3' tcp_user_timeout='20000' "
    "application_name='stoa' client_encoding='UTF8' ";

class PostgresqlTransaction : public DriverTransaction {
public:
    PostgresqlTransaction(Pool::Lease lease, Mode mode, std::optional<Deadline> deadline, const Options& options)
        : DriverTransaction(mode == Mode::kWrite ? std::optional<std::string_view>{options.owner} : std::nullopt),
          lease_(std::move(lease)),
          mode_(mode),
          deadline_(deadline),
          max_rows_(options.max_rows) {
        try {
            start();
        } catch (const Error&) {
            const bool gone = connection().broken();
            if (!gone || (deadline && *deadline <= std::chrono::steady_clock::now())) {
                lease_->discard();
                throw;
            }
            // The server restarted while the connection was idle; nothing has been asked of it yet.
            lease_->replace();
            start();
        }
    }
    ~PostgresqlTransaction() override { rollback(); }

protected:
    Result run(std::string_view statement, std::span<const Value> parameters) override {
        tighten();
        try {
            auto result = connection().run(statement, parameters, max_rows_);
            untouched_ = false;
            return result;
        } catch (const StaleStatement&) {
            if (!untouched_) {
                throw;
            }
            // It was the first statement: begin again, and nobody notices.
            connection().command("ROLLBACK");
            start();
            untouched_ = false;
            return connection().run(statement, parameters, max_rows_);
        }
    }

    void commitNow() override {
        std::string tag;
        try {
            tag = connection().command("COMMIT");
        } catch (const Error& error) {
            if (connection().broken()) {
                throw Error(STOA_UNAVAILABLE,
                            std::string{"it is not known whether the transaction was committed: "} + error.what());
            }
            throw;
        }
        if (tag != "COMMIT") {
            throw Error(STOA_INVALID, "the transaction was rolled back by a statement that had failed");
        }
    }

    void rollbackNow() noexcept override {
        try {
            if (!connection().broken()) {
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

    void start() {
        std::string begin = mode_ == Mode::kWrite ? "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
                                                  : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        connection().setDeadline(deadline_);
        if (deadline_) {
            timeout_ = remaining(deadline_, {});
            begin += fmt::format("; SET LOCAL statement_timeout = {}", timeout_.count());
        }
        connection().command(begin);
    }

    /// The server counts from each statement's start: tell it anew when half of the time has gone.
    void tighten() {
        if (!deadline_) {
            return;
        }
        const auto left = remaining(deadline_, {});
        if (left < timeout_ / 2) {
            timeout_ = left;
            connection().command(fmt::format("SET LOCAL statement_timeout = {}", timeout_.count()));
        }
    }

    std::optional<Pool::Lease> lease_;
    const Mode mode_;
    const std::optional<Deadline> deadline_;
    const std::size_t max_rows_;
    milliseconds timeout_{0};
    bool untouched_ = true;
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
        pool_ = std::make_shared<Pool>(pool, [conninfo, place = url.describe] {
            try {
                return std::make_unique<PostgresqlConnection>(conninfo);
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
            begin(Mode::kRead, std::chrono::steady_clock::now() + std::chrono::seconds{1})->rollback();
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
