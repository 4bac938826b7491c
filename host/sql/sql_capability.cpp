#include "host/sql/sql_capability.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include <stoa/validate/statement_rule.h>

#include "host/base/crash_point.h"
#include "host/memory/account.h"

/// A result on its way to a plugin.
struct stoa_rows {
    stoa::host::sql::Result result;
    stoa::host::Work* work;
    std::size_t next = 0;  ///< the current row's index plus one
};

namespace stoa::host::sql {
namespace {

/// What plugin code on this thread has begun and opened. Ending something that is not here is the plugin's error, and
/// harmless.
struct Open {
    std::vector<std::unique_ptr<TxHandle>> transactions;
    std::vector<std::unique_ptr<stoa_rows>> results;
};

Open& open() {
    thread_local Open of_this_thread;
    return of_this_thread;
}

/// Runs `body`, and turns what it throws into a status and a reason.
template <class Body>
stoa_status guarded(Body&& body) noexcept {
    const memory::HostScope host;
    try {
        body();
        return STOA_OK;
    } catch (const Error& error) {
        setLastError(error.what());
        return error.status();
    } catch (const std::exception& error) {
        setLastError(error.what());
        return STOA_INTERNAL;
    }
}

Value valueOf(const stoa_value& value, std::size_t index) {
    switch (value.type) {
        case STOA_NULL:
            return std::monostate{};
        case STOA_INT64:
            return value.as.i;
        case STOA_DOUBLE:
            return value.as.d;
        case STOA_TEXT:
            return std::string{text(value.as.s)};
        case STOA_BYTES:
            return Bytes{std::string{text(value.as.s)}};
        case STOA_BOOL:
            return value.as.i != 0;
        default:
            throw Error(STOA_INVALID, fmt::format("parameter ${} has the unknown type {}", index + 1, value.type));
    }
}

stoa_value rawOf(const Value& value) {
    struct Raw {
        stoa_value operator()(std::monostate) const { return make(STOA_NULL); }
        stoa_value operator()(std::int64_t v) const {
            auto raw = make(STOA_INT64);
            raw.as.i = v;
            return raw;
        }
        stoa_value operator()(double v) const {
            auto raw = make(STOA_DOUBLE);
            raw.as.d = v;
            return raw;
        }
        stoa_value operator()(const std::string& v) const {
            auto raw = make(STOA_TEXT);
            raw.as.s = view(v);
            return raw;
        }
        stoa_value operator()(const Bytes& v) const {
            auto raw = make(STOA_BYTES);
            raw.as.s = view(v.data);
            return raw;
        }
        stoa_value operator()(bool v) const {
            auto raw = make(STOA_BOOL);
            raw.as.i = v ? 1 : 0;
            return raw;
        }
        static stoa_value make(std::uint32_t type) {
            stoa_value raw{};
            raw.type = type;
            return raw;
        }
    };
    return std::visit(Raw{}, value);
}

stoa_status execute(stoa_tx* tx, stoa_str statement, const stoa_value* parameters, size_t count, stoa_rows** rows,
                    int64_t* affected) {
    return guarded([&] {
        if (rows) {
            *rows = nullptr;
        }
        refuseStar(text(statement));
        std::vector<Value> values;
        values.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            values.push_back(valueOf(parameters[i], i));
        }
        auto result = tx->transaction.execute(text(statement), values);
        if (affected) {
            *affected = result.affected;
        }
        if (rows) {
            open().results.push_back(std::make_unique<stoa_rows>(stoa_rows{std::move(result), tx->work}));
            *rows = open().results.back().get();
        }
    });
}

stoa_status next(stoa_rows* rows) {
    if (rows->next >= rows->result.rows.size()) {
        rows->next = rows->result.rows.size() + 1;
        return STOA_NOT_FOUND;
    }
    ++rows->next;
    return STOA_OK;
}

stoa_status column(const stoa_rows* rows, uint32_t index, stoa_value* value) {
    return guarded([&] {
        if (rows->next == 0 || rows->next > rows->result.rows.size()) {
            throw Error(STOA_INVALID, "the result is not on a row: call next first");
        }
        const auto& row = rows->result.rows[rows->next - 1];
        if (index >= row.size()) {
            throw Error(STOA_INVALID, fmt::format("column {} of a result with {}", index, row.size()));
        }
        *value = rawOf(row[index]);
    });
}

stoa_status columnIndex(const stoa_rows* rows, stoa_str name, uint32_t* index) {
    return guarded([&] {
        const auto& columns = rows->result.columns;
        const auto found = std::find(columns.begin(), columns.end(), text(name));
        if (found == columns.end()) {
            throw Error(STOA_INVALID, fmt::format("the result has no column \"{}\"", text(name)));
        }
        *index = static_cast<uint32_t>(found - columns.begin());
    });
}

void close(stoa_rows* rows) {
    auto& results = open().results;
    const auto found =
        std::find_if(results.rbegin(), results.rend(), [&](const auto& candidate) { return candidate.get() == rows; });
    if (found != results.rend()) {
        results.erase(std::next(found).base());
    }
}

/// Takes a transaction that the plugin began on this thread out of the open ones; nullptr when it is none.
std::unique_ptr<TxHandle> take(const stoa_tx* tx) {
    auto& transactions = open().transactions;
    const auto found = std::find_if(transactions.begin(), transactions.end(),
                                    [&](const auto& candidate) { return candidate->raw() == tx; });
    if (found == transactions.end()) {
        setLastError(
            "this transaction is not the plugin's to end: the host began it, or it has ended, or it belongs "
            "to another thread");
        return nullptr;
    }
    auto handle = std::move(*found);
    transactions.erase(found);
    return handle;
}

stoa_status commit(stoa_tx* tx) {
    const auto handle = take(tx);
    if (!handle) {
        return STOA_INVALID;
    }
    return guarded([&] {
        handle->commit();
        crashPoint(CrashPoint::kHandlerCommitted);
    });
}

void rollback(stoa_tx* tx) { take(tx); }

class SqlBinding : public plugin::Binding {
public:
    explicit SqlBinding(std::shared_ptr<Database> database) : database_(std::move(database)) {
        table_ = {sizeof(stoa_sql), 0,           this,  begin,       sql::execute, next,
                  column,           columnIndex, close, sql::commit, sql::rollback};
    }
    const void* table() const override { return &table_; }

private:
    static stoa_status begin(const stoa_sql* sql, uint32_t mode, stoa_tx** tx) {
        return guarded([&] {
            *tx = nullptr;
            if (mode != STOA_TX_READ && mode != STOA_TX_WRITE) {
                throw Error(STOA_INVALID, fmt::format("{} is no transaction mode", mode));
            }
            auto& database = *static_cast<SqlBinding*>(sql->self)->database_;
            const auto* work = currentWork();
            auto transaction = database.begin(mode == STOA_TX_WRITE ? Mode::kWrite : Mode::kRead,
                                              work ? work->deadline : std::nullopt);
            open().transactions.push_back(std::make_unique<TxHandle>(database, std::move(transaction)));
            *tx = open().transactions.back()->raw();
        });
    }

    std::shared_ptr<Database> database_;
    stoa_sql table_{};
};

}  // namespace

TxHandle::TxHandle(Database& database, std::unique_ptr<Transaction> transaction, Work* work)
    : transaction_(std::move(transaction)), tx_{database, *transaction_, work} {
    if (work) {
        ++work->open_transactions;
    }
}

TxHandle::~TxHandle() { rollback(); }

void TxHandle::leave() noexcept {
    if (std::exchange(open_, false) && tx_.work) {
        --tx_.work->open_transactions;
    }
}

void TxHandle::commit() {
    // Before the commit: its hooks may look.
    leave();
    transaction_->commit();
}

void TxHandle::rollback() noexcept {
    if (open_) {
        leave();
        transaction_->rollback();
    }
}

int rollbackOpen(Work& work) noexcept {
    const auto its = [&](const auto& candidate) { return candidate->raw()->work == &work; };
    std::erase_if(open().results, [&](const auto& rows) { return rows->work == &work; });
    return static_cast<int>(std::erase_if(open().transactions, its));
}

void refuseStar(std::string_view statement) {
    static validate::StatementRule rule;
    if (statement.find('*') == std::string_view::npos) {
        return;
    }
    if (const std::string why = rule(statement); !why.empty()) {
        throw Error(STOA_INVALID, fmt::format("{}, in: {}", why, statement.substr(0, 160)));
    }
}

std::unique_ptr<plugin::Binding> SqlCapability::bind(const plugin::Environment& environment) {
    auto database = database_of_(environment);
    if (!database) {
        throw Error(STOA_INVALID,
                    environment.service + " has no database: set plugins." + environment.service + ".sql");
    }
    return std::make_unique<SqlBinding>(std::move(database));
}

}  // namespace stoa::host::sql
