#include <stoa/sql.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include <stoa/host.h>
#include <stoa/json.h>

namespace stoa {

namespace {

constexpr int kRetries = 3;

const stoa_sql& sqlOf(const Capabilities& capabilities) {
    if (capabilities.sql == nullptr) {
        throw Error(STOA_UNSUPPORTED, "the host gives this plugin no stoa.sql/1: name it in the manifest");
    }
    return *capabilities.sql;
}

/// Up to 10, 20, 40 ms. The clock's low digits are random enough to keep two losers apart.
void backOff(int attempt) {
    const auto ticks = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    const std::uint64_t scattered = (ticks * 0x9E3779B97F4A7C15u) >> 40u;
    std::this_thread::sleep_for(std::chrono::microseconds{scattered % (10'000u << static_cast<unsigned>(attempt))});
}

/// Rolled back unless committed.
class OpenTransaction {
public:
    OpenTransaction(const Capabilities& capabilities, std::uint32_t mode) : capabilities_(capabilities) {
        const stoa_sql& sql = sqlOf(capabilities);
        capabilities.check(sql.begin(&sql, mode, &tx_), "a transaction can't begin");
    }
    ~OpenTransaction() {
        if (tx_ != nullptr) {
            capabilities_.sql->rollback(tx_);
        }
    }
    OpenTransaction(const OpenTransaction&) = delete;
    OpenTransaction& operator=(const OpenTransaction&) = delete;

    stoa_tx* raw() const { return tx_; }
    void commit() {
        const stoa_status status = capabilities_.sql->commit(std::exchange(tx_, nullptr));
        capabilities_.check(status, "a transaction was not committed");
    }

private:
    const Capabilities& capabilities_;
    stoa_tx* tx_ = nullptr;
};

std::vector<stoa_value> rawValues(const Value* values, std::size_t count) {
    std::vector<stoa_value> raw(count);
    std::transform(values, values + count, raw.begin(), [](const Value& value) { return value.raw(); });
    return raw;
}

[[noreturn]] void wrongType(std::string_view column, std::string_view expected) {
    throw Error(STOA_INTERNAL, "column " + std::string(column) + " is NULL or not " + std::string(expected));
}

template <class T>
struct Read;

template <>
struct Read<bool> {
    static bool from(const stoa_value& value, std::string_view column) {
        // SQLite has no bool: its columns come as integers.
        if (value.type == STOA_BOOL || (value.type == STOA_INT64 && (value.as.i == 0 || value.as.i == 1))) {
            return value.as.i != 0;
        }
        wrongType(column, "a bool");
    }
};

template <>
struct Read<std::int64_t> {
    static std::int64_t from(const stoa_value& value, std::string_view column) {
        if (value.type == STOA_INT64) {
            return value.as.i;
        }
        wrongType(column, "an integer");
    }
};

template <>
struct Read<double> {
    static double from(const stoa_value& value, std::string_view column) {
        if (value.type == STOA_INT64) {
            return static_cast<double>(value.as.i);
        }
        if (value.type == STOA_DOUBLE) {
            return value.as.d;
        }
        wrongType(column, "a number");
    }
};

template <>
struct Read<std::string> {
    static std::string from(const stoa_value& value, std::string_view column) {
        if (value.type == STOA_TEXT || value.type == STOA_BYTES) {
            return std::string(text(value.as.s));
        }
        wrongType(column, "text");
    }
};

template <>
struct Read<Time> {
    static Time from(const stoa_value& value, std::string_view column) {
        return fromMicros(Read<std::int64_t>::from(value, column));
    }
};

template <class T>
struct Read<std::optional<T>> {
    static std::optional<T> from(const stoa_value& value, std::string_view column) {
        return value.type == STOA_NULL ? std::optional<T>{} : Read<T>::from(value, column);
    }
};

}  // namespace

stoa_value Row::at(std::string_view column) const {
    const stoa_sql& sql = *capabilities_->sql;
    std::uint32_t index = 0;
    stoa_value value{};
    if (sql.column_index(rows_, view(column), &index) != STOA_OK || sql.column(rows_, index, &value) != STOA_OK) {
        throw Error(STOA_INTERNAL, "the result has no column " + std::string(column));
    }
    return value;
}

template <class T>
T Row::get(std::string_view column) const {
    return Read<T>::from(at(column), column);
}

template bool Row::get(std::string_view) const;
template std::int64_t Row::get(std::string_view) const;
template double Row::get(std::string_view) const;
template std::string Row::get(std::string_view) const;
template Time Row::get(std::string_view) const;
template std::optional<bool> Row::get(std::string_view) const;
template std::optional<std::int64_t> Row::get(std::string_view) const;
template std::optional<double> Row::get(std::string_view) const;
template std::optional<std::string> Row::get(std::string_view) const;
template std::optional<Time> Row::get(std::string_view) const;

Rows::Iterator& Rows::Iterator::operator++() {
    if (rows_->next() == nullptr) {
        rows_ = nullptr;
    }
    return *this;
}

Rows::Rows(Rows&& other) noexcept
    : capabilities_(other.capabilities_), rows_(std::exchange(other.rows_, nullptr)), row_(other.row_) {}

Rows::~Rows() {
    if (rows_ != nullptr) {
        capabilities_->sql->close(rows_);
    }
}

Rows::Iterator Rows::begin() { return Iterator{next() != nullptr ? this : nullptr}; }

const Row* Rows::next() {
    const stoa_status status = capabilities_->sql->next(rows_);
    if (status == STOA_NOT_FOUND) {
        return nullptr;
    }
    capabilities_->check(status, "the next row can't be read");
    return &row_;
}

std::int64_t Transaction::execute(std::string_view statement, std::initializer_list<Value> parameters) {
    const auto raw = rawValues(parameters.begin(), parameters.size());
    std::int64_t affected = 0;
    capabilities_.check(capabilities_.sql->execute(tx_, view(statement), raw.data(), raw.size(), nullptr, &affected),
                        statement);
    return affected;
}

std::int64_t Transaction::execute(std::string_view statement, const std::vector<Value>& parameters) {
    const auto raw = rawValues(parameters.data(), parameters.size());
    std::int64_t affected = 0;
    capabilities_.check(capabilities_.sql->execute(tx_, view(statement), raw.data(), raw.size(), nullptr, &affected),
                        statement);
    return affected;
}

Rows Transaction::query(std::string_view statement, std::initializer_list<Value> parameters) {
    const auto raw = rawValues(parameters.begin(), parameters.size());
    stoa_rows* rows = nullptr;
    capabilities_.check(capabilities_.sql->execute(tx_, view(statement), raw.data(), raw.size(), &rows, nullptr),
                        statement);
    return Rows{capabilities_, rows};
}

Rows Transaction::query(std::string_view statement, const std::vector<Value>& parameters) {
    const auto raw = rawValues(parameters.data(), parameters.size());
    stoa_rows* rows = nullptr;
    capabilities_.check(capabilities_.sql->execute(tx_, view(statement), raw.data(), raw.size(), &rows, nullptr),
                        statement);
    return Rows{capabilities_, rows};
}

void Transaction::publish(const Publication& publication) {
    if (capabilities_.events == nullptr) {
        throw Error(STOA_UNSUPPORTED, "the host gives this plugin no stoa.events/1: name it in the manifest");
    }
    Json::Value data = publication.data;
    if (!data.isMember("aggregateVersion")) {
        data["aggregateVersion"] = static_cast<Json::Int64>(publication.version);
    }
    if (!data.isMember("timestamp")) {
        data["timestamp"] = formatTime(now());
    }
    const std::string json = writeJson(data);
    stoa_event event{};
    event.struct_size = sizeof event;
    event.topic = view(publication.topic);
    event.key = view(publication.key);
    event.data = view(json);
    event.aggregate_version = publication.version;
    event.aggregate_type = view(publication.aggregate);
    capabilities_.check(capabilities_.events->publish(capabilities_.events, tx_, &event), publication.topic);
}

void Transaction::setTimer(std::string_view name, std::string_view key, Time due, std::string_view payload) {
    if (capabilities_.timer == nullptr) {
        throw Error(STOA_UNSUPPORTED, "the host gives this plugin no stoa.timer/1: name it in the manifest");
    }
    capabilities_.check(
        capabilities_.timer->set(capabilities_.timer, tx_, view(name), view(key), toMicros(due), view(payload)), name);
}

void Transaction::cancelTimer(std::string_view name, std::string_view key) {
    if (capabilities_.timer == nullptr) {
        throw Error(STOA_UNSUPPORTED, "the host gives this plugin no stoa.timer/1: name it in the manifest");
    }
    capabilities_.check(capabilities_.timer->cancel(capabilities_.timer, tx_, view(name), view(key)), name);
}

Time Transaction::now() const { return capabilities_.now(); }

void Database::run(std::uint32_t mode, const std::function<void(Transaction&)>& work) const {
    for (int attempt = 0;; ++attempt) {
        try {
            OpenTransaction open{capabilities_, mode};
            Transaction tx{capabilities_, open.raw()};
            work(tx);
            open.commit();
            return;
        } catch (const Error& error) {
            if (error.status() != STOA_CONFLICT || attempt == kRetries) {
                throw;
            }
        }
        backOff(attempt);
    }
}

}  // namespace stoa
