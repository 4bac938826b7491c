/// Transactions on the plugin's own database, over stoa.sql/1, stoa.events/1 and stoa.timer/1.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <json/value.h>

#include <stoa/abi/events.h>
#include <stoa/abi/sql.h>
#include <stoa/abi/timer.h>
#include <stoa/error.h>
#include <stoa/time.h>

namespace stoa {

/// A parameter of a statement. Views must live until the statement has run.
class Value {
public:
    Value(std::nullptr_t) { value_.type = STOA_NULL; }
    Value(bool v) { value_.type = STOA_BOOL, value_.as.i = v ? 1 : 0; }
    Value(std::int64_t v) { value_.type = STOA_INT64, value_.as.i = v; }
    Value(int v) : Value(static_cast<std::int64_t>(v)) {}
    Value(double v) { value_.type = STOA_DOUBLE, value_.as.d = v; }
    Value(std::string_view v) { value_.type = STOA_TEXT, value_.as.s = view(v); }
    Value(const char* v) : Value(std::string_view{v}) {}
    Value(const std::string& v) : Value(std::string_view{v}) {}
    Value(Time v) : Value(toMicros(v)) {}
    template <class T>
    Value(const std::optional<T>& v) : Value(v ? Value(*v) : Value(nullptr)) {}

    const stoa_value& raw() const { return value_; }

private:
    stoa_value value_{};
};

/// The current row of a result. `get<T>` throws Error STOA_INTERNAL for a missing column, a NULL, or another type;
/// T is bool, int64_t, double, std::string, Time, or std::optional of one of them.
class Row {
public:
    template <class T>
    T get(std::string_view column) const;

private:
    friend class Rows;
    Row(const class Capabilities& capabilities, stoa_rows* rows) : capabilities_(&capabilities), rows_(rows) {}
    stoa_value at(std::string_view column) const;

    const class Capabilities* capabilities_;
    stoa_rows* rows_;
};

/// A result, read once from front to back: `for (const Row& row : tx.query(…))`.
class Rows {
public:
    class Iterator {
    public:
        const Row& operator*() const { return rows_->row_; }
        const Row* operator->() const { return &rows_->row_; }
        Iterator& operator++();
        bool operator!=(std::nullptr_t) const { return rows_ != nullptr; }

    private:
        friend class Rows;
        explicit Iterator(Rows* rows) : rows_(rows) {}
        Rows* rows_;
    };

    Rows(Rows&& other) noexcept;
    Rows& operator=(Rows&&) = delete;
    ~Rows();
    Iterator begin();
    std::nullptr_t end() const { return nullptr; }
    /// Moves to the next row; nullptr after the last.
    const Row* next();

private:
    friend class Transaction;
    Rows(const class Capabilities& capabilities, stoa_rows* rows)
        : capabilities_(&capabilities), rows_(rows), row_(capabilities, rows) {}

    const class Capabilities* capabilities_;
    stoa_rows* rows_;
    Row row_;
};

/// An event to publish. The aggregate's row must have been written before, in the same transaction.
struct Publication {
    std::string_view topic = {};
    std::string_view aggregate = {};  ///< type of the aggregate: "order"
    std::string_view key = {};        ///< its id
    std::int64_t version = 1;         ///< its version after this change, from 1
    Json::Value data =
        {};  ///< valid for the topic's schema; the SDK adds `aggregateVersion` and `timestamp` when absent
};

/// An open transaction. Lives inside Database::write, Database::read, Request::transact, or an event or timer handler.
class Transaction {
public:
    /// Number of rows that changed.
    std::int64_t execute(std::string_view statement, std::initializer_list<Value> parameters = {});
    std::int64_t execute(std::string_view statement, const std::vector<Value>& parameters);
    Rows query(std::string_view statement, std::initializer_list<Value> parameters = {});
    Rows query(std::string_view statement, const std::vector<Value>& parameters);

    void publish(const Publication& publication);

    /// Sets or moves the timer (name, key); a `due` in the past makes it a job that runs right after the commit.
    void setTimer(std::string_view name, std::string_view key, Time due, std::string_view payload = {});
    void cancelTimer(std::string_view name, std::string_view key);

    /// The host's time.
    Time now() const;
    stoa_tx* raw() const { return tx_; }

private:
    friend class Database;
    friend class Dispatch;
    Transaction(const class Capabilities& capabilities, stoa_tx* tx) : capabilities_(capabilities), tx_(tx) {}

    const class Capabilities& capabilities_;
    stoa_tx* tx_;
};

/// The plugin's database. Any worker thread.
class Database {
public:
    explicit Database(const class Capabilities& capabilities) : capabilities_(capabilities) {}

    /// Runs `work` in a transaction and commits; an exception rolls back. Serialisation failures (STOA_CONFLICT of
    /// begin, execute or commit) run it again, up to 3 times with jitter, so it must have no effect outside of the
    /// database. Returns what `work` returns.
    template <class Work>
    auto write(Work&& work) const;
    /// The same, read only, on a consistent snapshot.
    template <class Work>
    auto read(Work&& work) const;

    /// Not for plugins: what both stand on.
    void run(std::uint32_t mode, const std::function<void(Transaction&)>& work) const;

private:
    const class Capabilities& capabilities_;
};

template <class Work>
auto Database::write(Work&& work) const {
    using Result = std::invoke_result_t<Work, Transaction&>;
    if constexpr (std::is_void_v<Result>) {
        run(STOA_TX_WRITE, [&](Transaction& tx) { work(tx); });
    } else {
        std::optional<Result> result;
        run(STOA_TX_WRITE, [&](Transaction& tx) { result.emplace(work(tx)); });
        return std::move(*result);
    }
}

template <class Work>
auto Database::read(Work&& work) const {
    using Result = std::invoke_result_t<Work, Transaction&>;
    static_assert(!std::is_void_v<Result>, "a read returns what it has read");
    std::optional<Result> result;
    run(STOA_TX_READ, [&](Transaction& tx) { result.emplace(work(tx)); });
    return std::move(*result);
}

}  // namespace stoa
