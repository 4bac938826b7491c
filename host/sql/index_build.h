/// A migration with indexes on tables that were there: the rest in a transaction, then each index beside the traffic.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/validate/expand_only.h>

#include "host/sql/database.h"
#include "host/sql/migration_step.h"

namespace stoa::host::sql {

/// `stoa_migration_builds` has a row from the commit of the first part until the migration is recorded: whoever finds
/// it goes on there. An index that a crash left invalid is dropped and built again. When it can't be built, what the
/// first part added is taken back.
class IndexBuild {
public:
    /// Nothing when the migration has no such index, or other statements that could not be taken back: it is run in one
    /// transaction then.
    static std::optional<IndexBuild> of(std::string_view component, const Migration& migration);

    /// The first part, unless it was committed before.
    void begin(Transaction& transaction);
    /// The indexes and the record. Throws as Database::migrate does.
    void finish(Database& database, std::chrono::milliseconds patience);

private:
    IndexBuild(std::string_view component, const Migration& migration, std::vector<validate::MigrationStep> steps)
        : component_(component), migration_(migration), steps_(std::move(steps)) {}

    bool begun(Transaction& transaction) const;
    void build(Transaction& alone, std::chrono::milliseconds lock_timeout) const;
    void takeBack(Transaction& alone, std::chrono::milliseconds lock_timeout) const;
    bool takenBack(Database& database, std::chrono::milliseconds patience) const;

    std::string component_;
    const Migration& migration_;
    std::vector<validate::MigrationStep> steps_;
};

}  // namespace stoa::host::sql
