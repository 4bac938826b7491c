/// Can the version that serves live with the migrations that a newer one brings? Both run on one database during a swap
/// and after a rollback, so a migration may add and must not take away.
///
/// Accepted: a new table with its indexes and reference data; a new column that is nullable or has a constant default;
/// a non-unique index on a table that was there (built alone, beside the traffic). Everything else is a finding. SQL is
/// read by PostgreSQL's own grammar (libpg_query), which the portable SQL of plugins belongs to.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include <stoa/validate/finding.h>
#include <stoa/validate/manifest.h>

namespace stoa::validate {

/// Names of tables as SQL sees them: folded to lower case, with a schema in front unless that is "public".
using Tables = std::set<std::string>;

/// The tables that are there when these migrations have run on an empty database. Statements that can't be read count
/// for nothing.
Tables tablesAfter(std::span<const MigrationFile> migrations);

/// What of `fresh`, in order, the version before could not live with, as findings of the rule "migration" that have
/// statement and line. `existing`: the tables before the first of them. Pure, any thread; needs 3 MiB of stack.
std::vector<Finding> checkExpandOnly(std::span<const MigrationFile> fresh, const Tables& existing);

/// The same for what `next` has beyond `running`. A migration of both with another text is a finding too; a `next` that
/// has fewer is an older version and has none.
std::vector<Finding> checkMigrations(const Manifest& running, const Manifest& next);

/// One statement of a migration.
struct MigrationStep {
    std::string sql;  ///< without semicolon, and without comments before it
    int line = 1;
    /// A non-unique index on a table that the same migration did not make: to be built outside of the transaction, with
    /// CONCURRENTLY where the database has it.
    bool index_alone = false;
    std::string table;         ///< that it is about; empty when it is none of the accepted kinds
    std::string index;         ///< name, with index_alone
    std::string concurrently;  ///< with index_alone: the statement as PostgreSQL builds it beside the traffic
    /// The statement that takes it back; empty when nothing has to be or nothing can be (see `reversible`).
    std::string undo;
    bool reversible = false;  ///< `undo` leaves the schema as it was before
};

/// The statements of a migration, in order. The error says which one can't be read and why.
tl::expected<std::vector<MigrationStep>, std::string> migrationSteps(std::string_view sql);

/// Whether a statement has a star in a select list or a returning list, at any depth ("SELECT *", "t.*",
/// "RETURNING *"; not count(*), not below EXISTS): a column that a migration adds would change its answer. The error
/// says why the statement can't be read.
tl::expected<bool, std::string> usesStar(std::string_view statement);

}  // namespace stoa::validate
