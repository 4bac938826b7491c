/// What both drivers have in common; nobody else includes it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "host/sql/database.h"
#include "host/sql/pool.h"

namespace stoa::host::sql {

/// STOA_CONFLICT by a check or a foreign key: trying again would fail again.
class ConstraintViolation : public Error {
public:
    explicit ConstraintViolation(const std::string& message) : Error(STOA_CONFLICT, message) {}
};

/// Keeps the order open → failed → ended: after a failed statement there is only the rollback, and a commit tells the
/// failure again. A subclass calls rollback() in its destructor.
class DriverTransaction : public Transaction {
public:
    /// `owner`: of a transaction that may write, whose it is; outlives it.
    explicit DriverTransaction(std::optional<std::string_view> owner) : owner_(owner) {}
    Result execute(std::string_view statement, std::span<const Value> parameters) final;
    void commit() final;
    void rollback() noexcept final;
    Result executeAndCommit(std::string_view statement, std::span<const Value> parameters) final;

protected:
    virtual Result run(std::string_view statement, std::span<const Value> parameters) = 0;
    virtual void commitNow() = 0;
    virtual Result runAndCommit(std::string_view statement, std::span<const Value> parameters) {
        Result result = run(statement, parameters);
        commitNow();
        return result;
    }
    virtual void rollbackNow() noexcept = 0;
    virtual void released() noexcept = 0;  ///< the transaction has ended: give the connection back

private:
    void refuseWhenOver() const;
    void committed();

    const std::optional<std::string_view> owner_;
    bool ended_ = false;
    std::optional<Error> failure_;
};

/// Throws STOA_INVALID for what only one of the databases could keep: text with NUL or bad UTF-8, NaN, infinity.
void checkParameters(std::span<const Value> parameters);

/// Throws STOA_INVALID.
void checkParameterCount(std::size_t wanted, std::size_t given, std::string_view statement);

/// Throws STOA_EXHAUSTED.
void checkRowCount(std::size_t rows, std::size_t max_rows, std::string_view statement);

/// The statement's beginning, for messages; parameters are never part of one.
std::string excerpt(std::string_view statement);

/// Time that is left, at least 1 ms; `fallback` without a deadline. Throws STOA_DEADLINE when there is none left.
std::chrono::milliseconds remaining(std::optional<Deadline> deadline, std::chrono::milliseconds fallback);

/// `path` is absolute, or ":memory:".
std::unique_ptr<Database> openSqlite(const std::string& path, const Options& options);
std::unique_ptr<Database> openPostgresql(const std::string& url, const Options& options);

}  // namespace stoa::host::sql
