#include <algorithm>

#include "world.h"

namespace stoa::fake {

namespace {

/// `stoa_rows` of the ABI.
struct Rows {
    World& world;
    Result result;
    std::size_t next = 0;  // index of the row after the current one

    static Rows* of(stoa_rows* raw) { return reinterpret_cast<Rows*>(raw); }
    static const Rows* of(const stoa_rows* raw) { return reinterpret_cast<const Rows*>(raw); }
};

Cell toCell(const stoa_value& value) {
    switch (value.type) {
        case STOA_NULL:
            return std::monostate{};
        case STOA_INT64:
            return value.as.i;
        case STOA_DOUBLE:
            return value.as.d;
        case STOA_TEXT:
            return std::string(text(value.as.s));
        case STOA_BYTES:
            return Bytes{std::string(text(value.as.s))};
        case STOA_BOOL:
            return value.as.i != 0;
        default:
            throw Error(STOA_INVALID, "a parameter has no type of stoa.sql/1");
    }
}

stoa_value toValue(const Cell& cell) {
    stoa_value value{};
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
        value.type = STOA_INT64;
        value.as.i = *integer;
    } else if (const auto* real = std::get_if<double>(&cell)) {
        value.type = STOA_DOUBLE;
        value.as.d = *real;
    } else if (const auto* string = std::get_if<std::string>(&cell)) {
        value.type = STOA_TEXT;
        value.as.s = view(*string);
    } else if (const auto* bytes = std::get_if<Bytes>(&cell)) {
        value.type = STOA_BYTES;
        value.as.s = view(bytes->data);
    } else if (const auto* flag = std::get_if<bool>(&cell)) {
        value.type = STOA_BOOL;
        value.as.i = *flag ? 1 : 0;
    }
    return value;
}

void refuseAsAsked(const World& world, std::string_view statement) {
    const std::string why = world.options.refuse_statement ? world.options.refuse_statement(statement) : "";
    if (!why.empty()) {
        throw BadStatement(STOA_INVALID, why + " in: " + std::string(statement));
    }
}

stoa_status begin(const stoa_sql* sql, std::uint32_t mode, stoa_tx** tx) {
    World& world = *static_cast<World*>(sql->self);
    return guarded(world, [&] { *tx = world.begin(mode == STOA_TX_WRITE)->raw(); });
}

stoa_status execute(stoa_tx* tx, stoa_str statement, const stoa_value* parameters, size_t count, stoa_rows** rows,
                    int64_t* affected) {
    Transaction& transaction = *Transaction::of(tx);
    return guarded(transaction.world, [&] {
        if (transaction.failed) {
            throw Error(STOA_INVALID, "a statement of this transaction has failed: it can only be rolled back");
        }
        transaction.failed = true;
        std::vector<Cell> cells(count);
        std::transform(parameters, parameters + count, cells.begin(), toCell);
        Result result = [&] {
            try {
                refuseAsAsked(transaction.world, text(statement));
                return transaction.world.database.execute(text(statement), cells);
            } catch (const BadStatement& mistake) {
                transaction.world.mistakes.emplace_back(mistake.what());
                throw;
            }
        }();
        transaction.failed = false;
        if (affected != nullptr) {
            *affected = result.affected;
        }
        if (rows != nullptr) {
            *rows = reinterpret_cast<stoa_rows*>(new Rows{transaction.world, std::move(result)});
        }
    });
}

stoa_status next(stoa_rows* raw) {
    Rows& rows = *Rows::of(raw);
    if (rows.next >= rows.result.rows.size()) {
        return STOA_NOT_FOUND;
    }
    ++rows.next;
    return STOA_OK;
}

stoa_status column(const stoa_rows* raw, uint32_t index, stoa_value* value) {
    const Rows& rows = *Rows::of(raw);
    if (rows.next == 0 || index >= rows.result.columns.size()) {
        return STOA_INVALID;
    }
    *value = toValue(rows.result.rows[rows.next - 1][index]);
    return STOA_OK;
}

stoa_status columnIndex(const stoa_rows* raw, stoa_str name, uint32_t* index) {
    const auto& columns = Rows::of(raw)->result.columns;
    const auto found = std::find(columns.begin(), columns.end(), text(name));
    if (found == columns.end()) {
        return STOA_INVALID;
    }
    *index = static_cast<uint32_t>(found - columns.begin());
    return STOA_OK;
}

void close(stoa_rows* rows) { delete Rows::of(rows); }

stoa_status commit(stoa_tx* tx) {
    Transaction* transaction = Transaction::of(tx);
    return transaction->world.commit(transaction);
}

void rollback(stoa_tx* tx) {
    Transaction* transaction = Transaction::of(tx);
    transaction->world.rollback(transaction);
}

class Sql final : public Capability {
public:
    explicit Sql(World& world)
        : table_{sizeof(stoa_sql), 0, &world, begin, execute, next, column, columnIndex, close, commit, rollback} {}
    std::string_view id() const override { return STOA_SQL_ID; }
    const void* table() const override { return &table_; }

private:
    stoa_sql table_;
};

}  // namespace

std::unique_ptr<Capability> makeSql(World& world) { return std::make_unique<Sql>(world); }

}  // namespace stoa::fake
