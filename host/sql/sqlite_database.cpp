#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <mutex>

#include "host/sql/driver.h"
#include "host/sql/pool.h"
#include "host/sql/sqlite_connection.h"

namespace stoa::host::sql {
namespace {

constexpr std::string_view kMemory = ":memory:";

class SqliteTransaction : public DriverTransaction {
public:
    SqliteTransaction(Pool::Lease lease, Mode mode, std::optional<Deadline> deadline, const Options& options)
        : DriverTransaction(mode == Mode::kWrite ? std::optional<std::string_view>{options.owner} : std::nullopt),
          lease_(std::move(lease)),
          max_rows_(options.max_rows) {
        auto& db = connection();
        db.setBusyTimeout(remaining(deadline, options.acquire_timeout));
        db.setReadOnly(mode == Mode::kRead);
        db.command(mode == Mode::kWrite ? "BEGIN IMMEDIATE" : "BEGIN");
        db.setDeadline(deadline);
    }
    ~SqliteTransaction() override { rollback(); }

protected:
    Result run(std::string_view statement, std::span<const Value> parameters) override {
        return connection().run(statement, parameters, max_rows_);
    }

    void commitNow() override {
        auto& db = connection();
        db.setDeadline({});  // half a commit would be a rollback
        if (!db.inTransaction()) {
            throw Error(STOA_INVALID, "the transaction was ended by a statement: leave BEGIN and COMMIT to the host");
        }
        db.command("COMMIT");
    }

    void rollbackNow() noexcept override {
        try {
            connection().setDeadline({});
            if (connection().inTransaction()) {
                connection().command("ROLLBACK");
            }
        } catch (const Error&) {
            lease_->discard();
        }
    }

    void released() noexcept override {
        if (lease_->holds() && connection().inTransaction()) {
            rollbackNow();
        }
        lease_.reset();
    }

private:
    SqliteConnection& connection() { return static_cast<SqliteConnection&>(lease_->connection()); }

    std::optional<Pool::Lease> lease_;
    const std::size_t max_rows_;
};

std::shared_ptr<Pool> makePool(const std::string& path, bool writer, int size, const Options& options) {
    PoolOptions pool;
    pool.size = size;
    pool.acquire_timeout = options.acquire_timeout;
    // What is in memory lives in its only connection.
    pool.max_lifetime = path == kMemory ? std::chrono::seconds{0} : options.max_lifetime;
    pool.place = fmt::format("sqlite:{} ({})", path, writer ? "writing" : "reading");
    return std::make_shared<Pool>(pool, [path, writer] { return std::make_unique<SqliteConnection>(path, writer); });
}

/// One connection writes to a file in this process, however many databases are open on it: waiting in one line is fair
/// where SQLite's own polling is not.
std::shared_ptr<Pool> writerOf(const std::string& path, const Options& options) {
    if (path == kMemory) {
        return makePool(path, true, 1, options);
    }
    static std::mutex mutex;
    static std::map<std::string, std::weak_ptr<Pool>> writers;
    const std::lock_guard lock{mutex};
    std::erase_if(writers, [](const auto& entry) { return entry.second.expired(); });
    auto pool = writers[path].lock();
    if (!pool) {
        pool = makePool(path, true, 1, options);
        writers[path] = pool;
    }
    return pool;
}

class SqliteDatabase : public Database {
public:
    SqliteDatabase(std::string path, const Options& options)
        : path_(std::move(path)),
          options_(options),
          writer_(writerOf(path_, options)),
          readers_(path_ == kMemory ? writer_
                                    : makePool(path_, false, std::max(1, options.max_connections - 1), options)) {}

    std::unique_ptr<Transaction> begin(Mode mode, std::optional<Deadline> deadline) override {
        auto& pool = mode == Mode::kWrite ? *writer_ : *readers_;
        return std::make_unique<SqliteTransaction>(pool.acquire(deadline), mode, deadline, options_);
    }

    Dialect dialect() const override { return Dialect::kSqlite; }
    std::string describe() const override { return "sqlite:" + path_; }

    void ping() override {
        try {
            begin(Mode::kRead, std::chrono::steady_clock::now() + std::chrono::seconds{1})
                ->execute("SELECT count(name) FROM sqlite_master", {});
        } catch (const Error& error) {
            if (error.status() != STOA_EXHAUSTED) {  // busy is not gone
                throw;
            }
        }
    }

private:
    const std::string path_;
    const Options options_;
    const std::shared_ptr<Pool> writer_;
    const std::shared_ptr<Pool> readers_;
};

}  // namespace

std::unique_ptr<Database> openSqlite(const std::string& path, const Options& options) {
    if (path != kMemory) {
        std::error_code ignored;  // opening tells what is wrong
        std::filesystem::create_directories(std::filesystem::path{path}.parent_path(), ignored);
    }
    return std::make_unique<SqliteDatabase>(path, options);
}

}  // namespace stoa::host::sql
