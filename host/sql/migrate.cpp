// Database::migrate: each migration in a transaction of its own that first takes the lock and looks again what is
// there, so that hosts that start together share the work.

#include <fmt/format.h>

#include <map>

#include "host/sql/database.h"
#include "host/sql/index_build.h"
#include "host/sql/lexer.h"
#include "host/sql/migration_step.h"

namespace stoa::host::sql {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS stoa_migrations (component text NOT NULL, version bigint NOT NULL, "
    "name text NOT NULL, sha256 text NOT NULL, applied_us bigint NOT NULL, PRIMARY KEY (component, version))";
/// SQLite needs none: BEGIN IMMEDIATE has the file's write lock. A waiting ALTER TABLE holds up every later reader of
/// its table, so it waits briefly and tries again instead. Nobody waits for the migrations' own lock within a
/// transaction: whoever builds an index would wait for that transaction to end.
void lock(Transaction& transaction, Dialect dialect) {
    if (dialect == Dialect::kPostgresql) {
        transaction.execute("SET LOCAL lock_timeout = '50ms'", {});
        requireLock(transaction.execute("SELECT pg_try_advisory_xact_lock($1)", {kMigrationLock}));
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
        runMigrationStatement(transaction, component, migration, ++number, statement);
    }
    transaction.execute(
        "INSERT INTO stoa_migrations (component, version, name, sha256, applied_us) VALUES ($1, $2, $3, $4, $5)",
        rowOf(component, migration));
}

/// False when nothing is missing any more.
bool applyNext(Database& database, std::string_view component, std::span<const Migration> migrations,
               milliseconds patience) {
    auto transaction = database.begin(Mode::kWrite);
    lock(*transaction, database.dialect());
    transaction->execute(kTable, {});
    const auto* missing = findMissing(component, migrations, readApplied(*transaction, component));
    if (!missing) {
        transaction->commit();
        return false;
    }
    auto build = database.dialect() == Dialect::kPostgresql ? IndexBuild::of(component, *missing) : std::nullopt;
    if (build) {
        build->begin(*transaction);
        transaction->commit();
        transaction.reset();
        build->finish(database, patience);
    } else {
        apply(*transaction, component, *missing);
        transaction->commit();
    }
    return true;
}

/// Whether a look is enough. Whoever only wants to know must not wait for SQLite's one writer: an event handler that
/// hangs in its transaction would keep a version without new migrations out. What goes wrong here, the write path says.
bool nothingMissing(Database& database, std::string_view component, std::span<const Migration> migrations) {
    try {
        const auto transaction = database.begin(Mode::kRead);
        return !findMissing(component, migrations, readApplied(*transaction, component));
    } catch (const Error&) {
        return false;
    }
}

}  // namespace

void Database::migrate(std::string_view component, std::span<const Migration> migrations, milliseconds patience) {
    requireNumbered(component, migrations);
    if (nothingMissing(*this, component, migrations)) {
        return;
    }
    Patience waiting{patience};
    while (true) {
        try {
            if (!applyNext(*this, component, migrations, patience)) {
                return;
            }
            waiting = Patience{patience};
        } catch (const Refused&) {
            throw;
        } catch (const Error& error) {
            waiting.pauseOrThrow(error);
        }
    }
}

}  // namespace stoa::host::sql
