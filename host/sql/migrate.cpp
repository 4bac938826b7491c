// Database::migrate: each migration in a transaction of its own that first takes the lock and looks again what is
// there, so that hosts that start together share the work.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include <stoa/sha256.h>

#include "host/sql/database.h"
#include "host/sql/lexer.h"

namespace stoa::host::sql {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS stoa_migrations (component text NOT NULL, version bigint NOT NULL, "
    "name text NOT NULL, sha256 text NOT NULL, applied_us bigint NOT NULL, PRIMARY KEY (component, version))";
/// Of the advisory lock; any constant that nobody else uses ("stoa mig" in ASCII).
constexpr std::int64_t kLock = 0x73746f61206d6967;

std::string checksumOf(const Migration& migration) {
    if (!migration.sha256.empty()) {
        return migration.sha256;
    }
    std::string hex;
    for (const auto byte : stoa::sha256(migration.sql)) {
        hex += fmt::format("{:02x}", byte);
    }
    return hex;
}

/// SQLite needs none: BEGIN IMMEDIATE has the file's write lock. A waiting ALTER TABLE holds up every later reader of
/// its table, so it waits briefly and tries again instead.
void lock(Transaction& transaction, Dialect dialect) {
    if (dialect == Dialect::kPostgresql) {
        transaction.execute("SET LOCAL lock_timeout = '30s'", {});
        transaction.execute("SELECT pg_advisory_xact_lock($1)", {kLock});
        transaction.execute("SET LOCAL lock_timeout = '50ms'", {});
    }
}

using Applied = std::map<std::int64_t, std::string>;  // version: checksum

Applied readApplied(Transaction& transaction, std::string_view component) {
    Applied applied;
    const auto result = transaction.execute(
        "SELECT version, sha256 FROM stoa_migrations WHERE component = $1 ORDER BY version", {std::string{component}});
    for (const auto& row : result.rows) {
        applied.emplace(std::get<std::int64_t>(row[0]), std::get<std::string>(row[1]));
    }
    return applied;
}

void requireNumbered(std::string_view component, std::span<const Migration> migrations) {
    for (std::size_t i = 0; i < migrations.size(); ++i) {
        if (migrations[i].version != static_cast<std::int64_t>(i) + 1) {
            throw Error(STOA_INVALID,
                        fmt::format("migrations of {} count from 1 without gaps: \"{}\" is number {} and should be {}",
                                    component, migrations[i].name, migrations[i].version, i + 1));
        }
    }
}

/// The first migration that is missing, or nullptr.
const Migration* findMissing(std::string_view component, std::span<const Migration> migrations,
                             const Applied& applied) {
    const Migration* missing = nullptr;
    for (const auto& migration : migrations) {
        const auto found = applied.find(migration.version);
        if (found == applied.end()) {
            missing = missing ? missing : &migration;
        } else if (found->second != checksumOf(migration)) {
            throw Error(STOA_INVALID, fmt::format("migration {} \"{}\" of {} was changed after it had been applied "
                                                  "(its SHA-256 was {}, is {}): restore it and add a new one",
                                                  migration.version, migration.name, component, found->second,
                                                  checksumOf(migration)));
        } else if (missing) {
            throw Error(STOA_INVALID, fmt::format("migration {} of {} was applied, {} before it was not: "
                                                  "the database belongs to another line of versions",
                                                  migration.version, component, missing->version));
        }
    }
    return missing;
}

void apply(Transaction& transaction, std::string_view component, const Migration& migration) {
    int number = 0;
    for (const auto statement : splitStatements(migration.sql)) {
        ++number;
        try {
            transaction.execute(statement, {});
        } catch (const Error& error) {
            const bool passing = error.status() == STOA_UNAVAILABLE || error.status() == STOA_EXHAUSTED;
            throw Error(passing ? error.status() : STOA_INVALID,
                        fmt::format("migration {} \"{}\" of {}, statement {}: {}", migration.version, migration.name,
                                    component, number, error.what()));
        }
    }
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch());
    transaction.execute(
        "INSERT INTO stoa_migrations (component, version, name, sha256, applied_us) VALUES ($1, $2, $3, $4, $5)",
        {std::string{component}, migration.version, migration.name, checksumOf(migration), std::int64_t{now.count()}});
}

/// False when nothing is missing any more.
bool applyNext(Database& database, std::string_view component, std::span<const Migration> migrations) {
    const auto transaction = database.begin(Mode::kWrite);
    lock(*transaction, database.dialect());
    transaction->execute(kTable, {});
    const auto* missing = findMissing(component, migrations, readApplied(*transaction, component));
    if (missing) {
        apply(*transaction, component, *missing);
    }
    transaction->commit();
    return missing != nullptr;
}

}  // namespace

void Database::migrate(std::string_view component, std::span<const Migration> migrations) {
    constexpr std::chrono::seconds kPatience{30};
    requireNumbered(component, migrations);
    std::minstd_rand random{std::random_device{}()};
    auto give_up = steady_clock::now() + kPatience;
    for (bool more = true; more;) {
        try {
            more = applyNext(*this, component, migrations);
            give_up = steady_clock::now() + kPatience;
        } catch (const Error& error) {
            // A lock is held by somebody, or two of us wanted it.
            if ((error.status() != STOA_EXHAUSTED && error.status() != STOA_CONFLICT) ||
                steady_clock::now() >= give_up) {
                throw;
            }
            std::this_thread::sleep_for(milliseconds{std::uniform_int_distribution<>{50, 250}(random)});
        }
    }
}

}  // namespace stoa::host::sql
