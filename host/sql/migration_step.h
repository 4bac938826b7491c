/// What migrating in one transaction and building indexes have in common; nobody else includes it.
#pragma once

#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "host/sql/database.h"

namespace stoa::host::sql {

/// Of the advisory lock that holds off other hosts; any constant that nobody else uses ("stoa mig" in ASCII).
constexpr std::int64_t kMigrationLock = 0x73746f61206d6967;

/// Trying again was tried already: the reason is final.
class Refused : public Error {
public:
    using Error::Error;
};

/// Tries again with jitter for a while what failed for a lock or for two wanting the same.
class Patience {
public:
    explicit Patience(std::chrono::milliseconds patience)
        : patience_(patience), end_(std::chrono::steady_clock::now() + patience) {}
    /// Sleeps for 50 to 250 ms and returns true. False when the failure is of another kind, or the time is over.
    bool pause(const Error& error);
    /// The same, and then throws the error, with the reason when the time is over.
    void pauseOrThrow(const Error& error);
    std::chrono::milliseconds left() const;
    /// The error in words of somebody who waited for so long.
    Refused refusal(const Error& error) const;

private:
    std::chrono::milliseconds patience_;
    std::chrono::steady_clock::time_point end_;
    std::minstd_rand random_{std::random_device{}()};
};

/// Whether the same may work a moment later.
bool isPassing(const Error& error);

/// Throws STOA_EXHAUSTED unless the one value in `result` is true: another host is at it.
void requireLock(const Result& result);

std::string checksumOf(const Migration& migration);

/// The values of its row in `stoa_migrations`.
std::vector<Value> rowOf(std::string_view component, const Migration& migration);

/// Runs a statement of it; a failure names migration and statement. What can't pass by itself becomes STOA_INVALID.
void runMigrationStatement(Transaction& transaction, std::string_view component, const Migration& migration, int number,
                           std::string_view statement);

}  // namespace stoa::host::sql
