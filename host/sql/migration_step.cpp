#include "host/sql/migration_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include <stoa/sha256.h>

#include "host/sql/driver.h"

namespace stoa::host::sql {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool isPassing(const Error& error) {
    return (error.status() == STOA_EXHAUSTED || error.status() == STOA_CONFLICT) &&
           dynamic_cast<const ConstraintViolation*>(&error) == nullptr &&
           dynamic_cast<const Refused*>(&error) == nullptr;
}

milliseconds Patience::left() const {
    return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(end_ - steady_clock::now()));
}

bool Patience::pause(const Error& error) {
    if (!isPassing(error) || left().count() == 0) {
        return false;
    }
    std::this_thread::sleep_for(std::min(left(), milliseconds{std::uniform_int_distribution<>{50, 250}(random_)}));
    return true;
}

void Patience::pauseOrThrow(const Error& error) {
    if (pause(error)) {
        return;
    }
    if (isPassing(error)) {
        throw refusal(error);
    }
    throw;
}

Refused Patience::refusal(const Error& error) const {
    return {error.status(),
            fmt::format("{}; tried again for {} ms: somebody kept a lock all that time. Let long transactions end "
                        "(pg_stat_activity shows them) and try again",
                        error.what(), patience_.count())};
}

void requireLock(const Result& result) {
    if (!std::get<bool>(result.rows.at(0).at(0))) {
        throw Error(STOA_EXHAUSTED, "another host is migrating this database");
    }
}

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

std::vector<Value> rowOf(std::string_view component, const Migration& migration) {
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch());
    return {std::string{component}, migration.version, migration.name, checksumOf(migration),
            std::int64_t{now.count()}};
}

void runMigrationStatement(Transaction& transaction, std::string_view component, const Migration& migration, int number,
                           std::string_view statement) {
    try {
        transaction.execute(statement, {});
    } catch (const Error& error) {
        const bool passing = error.status() == STOA_UNAVAILABLE || isPassing(error);
        throw Error(passing ? error.status() : STOA_INVALID,
                    fmt::format("migration {} \"{}\" of {}, statement {}: {}", migration.version, migration.name,
                                component, number, error.what()));
    }
}

}  // namespace stoa::host::sql
