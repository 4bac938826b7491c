#include "host/sql/index_build.h"

#include <fmt/format.h>

#include <algorithm>

namespace stoa::host::sql {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS stoa_migration_builds (component text NOT NULL, version bigint NOT NULL, "
    "sha256 text NOT NULL, PRIMARY KEY (component, version))";

/// Taking back is tried for so long, at most.
constexpr milliseconds kTakeBack{5000};

enum class Index { kAbsent, kInvalid, kValid, kSomethingElse };

Index stateOf(Transaction& transaction, const std::string& name) {
    const auto found = transaction.execute(
        "SELECT i.indisvalid FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid "
        "WHERE c.relname = $1 AND pg_table_is_visible(c.oid)",
        {name});
    if (found.rows.empty()) {
        return Index::kAbsent;
    }
    const auto* valid = std::get_if<bool>(&found.rows[0][0]);
    return valid == nullptr ? Index::kSomethingElse : *valid ? Index::kValid : Index::kInvalid;
}

/// For what waits for older transactions and holds nobody up.
std::string lockTimeout(milliseconds wanted) {
    return fmt::format("SET lock_timeout = '{}ms'", std::max<std::int64_t>(wanted.count(), 50));
}

void lock(Transaction& alone) { requireLock(alone.execute("SELECT pg_try_advisory_lock($1)", {kMigrationLock})); }

}  // namespace

std::optional<IndexBuild> IndexBuild::of(std::string_view component, const Migration& migration) {
    auto steps = validate::migrationSteps(migration.sql);
    if (!steps) {
        return std::nullopt;
    }
    const auto is_alone = [](const auto& step) { return step.index_alone; };
    const auto is_reversible = [](const auto& step) { return step.reversible; };
    if (std::none_of(steps->begin(), steps->end(), is_alone) ||
        !std::all_of(steps->begin(), steps->end(), is_reversible)) {
        return std::nullopt;
    }
    return IndexBuild{component, migration, std::move(*steps)};
}

bool IndexBuild::begun(Transaction& transaction) const {
    const auto found =
        transaction.execute("SELECT sha256 FROM stoa_migration_builds WHERE component = $1 AND version = $2",
                            {component_, migration_.version});
    if (!found.rows.empty() && std::get<std::string>(found.rows[0][0]) != checksumOf(migration_)) {
        throw Error(STOA_INVALID,
                    fmt::format("migration {} \"{}\" of {} was changed after it had been begun: restore it, "
                                "let it end, and add a new one",
                                migration_.version, migration_.name, component_));
    }
    return !found.rows.empty();
}

void IndexBuild::begin(Transaction& transaction) {
    transaction.execute(kTable, {});
    if (begun(transaction)) {
        return;
    }
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        if (!steps_[i].index_alone) {
            runMigrationStatement(transaction, component_, migration_, static_cast<int>(i) + 1, steps_[i].sql);
        } else if (stateOf(transaction, steps_[i].index) != Index::kAbsent) {
            throw Error(STOA_INVALID,
                        fmt::format("migration {} \"{}\" of {}, statement {}: the name {} is taken: give "
                                    "the index another",
                                    migration_.version, migration_.name, component_, i + 1, steps_[i].index));
        }
    }
    transaction.execute("INSERT INTO stoa_migration_builds (component, version, sha256) VALUES ($1, $2, $3)",
                        {component_, migration_.version, checksumOf(migration_)});
}

void IndexBuild::build(Transaction& alone, milliseconds lock_timeout) const {
    lock(alone);
    if (!begun(alone)) {
        return;  // another host was faster
    }
    // It takes no lock that holds anybody up, but waits for every transaction that is older.
    alone.execute(lockTimeout(lock_timeout), {});
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        if (!steps_[i].index_alone) {
            continue;
        }
        const Index state = stateOf(alone, steps_[i].index);
        if (state == Index::kValid) {
            continue;
        }
        if (state == Index::kInvalid) {
            alone.execute(steps_[i].undo, {});
        }
        runMigrationStatement(alone, component_, migration_, static_cast<int>(i) + 1, steps_[i].concurrently);
    }
    alone.execute(
        "WITH built AS (DELETE FROM stoa_migration_builds WHERE component = $1 AND version = $2) "
        "INSERT INTO stoa_migrations (component, version, name, sha256, applied_us) VALUES ($1, $2, $3, $4, $5)",
        rowOf(component_, migration_));
    alone.execute("SELECT pg_advisory_unlock($1)", {kMigrationLock});
}

void IndexBuild::finish(Database& database, milliseconds patience) {
    Patience waiting{patience};
    while (true) {
        try {
            build(*database.beginAlone(), waiting.left());
            return;
        } catch (const Error& error) {
            if (error.status() == STOA_UNAVAILABLE) {
                throw;  // the next call goes on here
            }
            if (waiting.pause(error)) {
                continue;
            }
            const Refused reason = isPassing(error) ? waiting.refusal(error) : Refused{error.status(), error.what()};
            if (takenBack(database, std::min(patience, kTakeBack))) {
                throw reason;
            }
            throw Refused(reason.status(), std::string{reason.what()} +
                                               ". What it had added so far stays, and the next try goes on from there");
        }
    }
}

bool IndexBuild::takenBack(Database& database, milliseconds patience) const {
    Patience waiting{patience};
    while (true) {
        try {
            takeBack(*database.beginAlone(), waiting.left());
            return true;
        } catch (const Error& error) {
            if (!waiting.pause(error)) {
                return false;
            }
        }
    }
}

void IndexBuild::takeBack(Transaction& alone, milliseconds lock_timeout) const {
    lock(alone);
    if (!begun(alone)) {
        return;  // another host has built it after all, or has taken it back
    }
    alone.execute(lockTimeout(lock_timeout), {});
    for (const auto& step : steps_) {
        if (step.index_alone) {
            alone.execute(step.undo, {});
        }
    }
    alone.execute("BEGIN", {});
    alone.execute("SET LOCAL lock_timeout = '50ms'", {});
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
        if (!step->index_alone && !step->undo.empty()) {
            alone.execute(step->undo, {});
        }
    }
    alone.execute("DELETE FROM stoa_migration_builds WHERE component = $1 AND version = $2",
                  {component_, migration_.version});
    alone.execute("COMMIT", {});
    alone.execute("SELECT pg_advisory_unlock($1)", {kMigrationLock});
}

}  // namespace stoa::host::sql
