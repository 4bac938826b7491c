#include "host/sql/postgresql_connection.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "host/sql/lexer.h"
#include "host/sql/postgresql_types.h"

namespace stoa::host::sql {

using std::chrono::milliseconds;

namespace {

std::string firstLine(const char* message) {
    const std::string_view text = message ? message : "";
    return std::string{text.substr(0, text.find('\n'))};
}

void ignoreNotice(void*, const PGresult*) {}

bool isConstraint(std::string_view sqlstate) { return sqlstate.substr(0, 2) == "23"; }

Result readResult(PGresult* reply) {
    const int rows = PQntuples(reply);
    const int columns = PQnfields(reply);
    Result result;
    for (int column = 0; column < columns; ++column) {
        result.columns.emplace_back(PQfname(reply, column));
    }
    result.rows.resize(static_cast<std::size_t>(rows));
    for (int row = 0; row < rows; ++row) {
        auto& values = result.rows[static_cast<std::size_t>(row)];
        values.reserve(static_cast<std::size_t>(columns));
        for (int column = 0; column < columns; ++column) {
            values.push_back(readColumn(reply, row, column));
        }
    }
    if (std::string_view{PQcmdStatus(reply)}.substr(0, 6) != "SELECT") {
        const std::string_view affected = PQcmdTuples(reply);
        for (const char digit : affected) {
            result.affected = result.affected * 10 + (digit - '0');
        }
    }
    return result;
}

}  // namespace

/// Parameters in libpq's form, viewing the caller's values.
struct PostgresqlConnection::Parameters {
    explicit Parameters(std::span<const Value> parameters)
        : numbers(parameters.size()),
          values(parameters.size()),
          lengths(parameters.size()),
          formats(parameters.size()) {
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            set(i, parameters[i]);
        }
    }

    void set(std::size_t i, const Value& value) {
        if (const auto* text = std::get_if<std::string>(&value)) {
            values[i] = text->c_str();
        } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
            values[i] = bytes->data.data();
            lengths[i] = static_cast<int>(bytes->data.size());
            formats[i] = 1;
        } else if (const auto* truth = std::get_if<bool>(&value)) {
            values[i] = *truth ? "t" : "f";
        } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
            *fmt::format_to(numbers[i].data(), "{}", *integer) = '\0';
            values[i] = numbers[i].data();
        } else if (const auto* number = std::get_if<double>(&value)) {
            *fmt::format_to(numbers[i].data(), "{}", *number) = '\0';
            values[i] = numbers[i].data();
        }
    }

    int count() const { return static_cast<int>(values.size()); }

    std::vector<std::array<char, 32>> numbers;
    std::vector<const char*> values;  ///< nullptr: NULL
    std::vector<int> lengths;
    std::vector<int> formats;
};

PostgresqlConnection::PostgresqlConnection(const std::string& conninfo, milliseconds idle_in_transaction)
    : session_(PQconnectdb(conninfo.c_str())) {
    if (PQstatus(pg()) != CONNECTION_OK) {
        throw Error(STOA_UNAVAILABLE, firstLine(PQerrorMessage(pg())));
    }
    PQsetNoticeReceiver(pg(), ignoreNotice, nullptr);
    constexpr std::chrono::seconds kFirstAnswer{3};
    setDeadline(std::chrono::steady_clock::now() + kFirstAnswer);
    command(fmt::format("SET idle_in_transaction_session_timeout = {}", idle_in_transaction.count()));
    setDeadline({});
}

PostgresqlConnection::~PostgresqlConnection() = default;

bool PostgresqlConnection::alive() noexcept {
    if (broken_ || PQstatus(pg()) != CONNECTION_OK || PQtransactionStatus(pg()) != PQTRANS_IDLE) {
        return false;
    }
    // An idle session hears nothing but its end, or a notice.
    pollfd socket{PQsocket(pg()), POLLIN, 0};
    if (poll(&socket, 1, 0) > 0 && PQconsumeInput(pg()) == 0) {
        return false;
    }
    return PQstatus(pg()) == CONNECTION_OK;
}

void PostgresqlConnection::lost() {
    broken_ = true;
    throw Error(STOA_UNAVAILABLE, "the connection to PostgreSQL was lost: " + firstLine(PQerrorMessage(pg())));
}

void PostgresqlConnection::awaitInput() {
    constexpr milliseconds kGrace{250};  // the server's own timeout is nicer: the session survives it
    milliseconds left{60'000};
    if (deadline_) {
        left = std::chrono::ceil<milliseconds>(*deadline_ + kGrace - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            broken_ = true;
            throw Error(STOA_DEADLINE, "no answer from PostgreSQL within the deadline");
        }
    }
    pollfd socket{PQsocket(pg()), POLLIN, 0};
    const int ready = poll(&socket, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if ((ready < 0 && errno != EINTR) || (ready > 0 && PQconsumeInput(pg()) == 0)) {
        lost();
    }
}

PostgresqlConnection::Answer PostgresqlConnection::next() {
    while (PQisBusy(pg())) {
        awaitInput();
    }
    return Answer{PQgetResult(pg())};
}

PostgresqlConnection::Answer PostgresqlConnection::answer() {
    Answer last;
    while (Answer next = this->next()) {
        const auto status = PQresultStatus(next.get());
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            broken_ = true;
            throw Error(STOA_INVALID, "COPY is not available here: use INSERT and SELECT");
        }
        // Of several statements the first failure tells; the rest did not run.
        if (!last || PQresultStatus(last.get()) != PGRES_FATAL_ERROR) {
            last = std::move(next);
        }
    }
    if (!last) {
        lost();
    }
    return last;
}

void PostgresqlConnection::check(const Answer& answer, std::string_view statement) {
    const auto status = PQresultStatus(answer.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) {
        return;
    }
    const char* field = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
    const std::string_view sqlstate = field ? field : "";
    if (sqlstate.empty()) {
        lost();
    }
    broken_ = broken_ || PQstatus(pg()) != CONNECTION_OK || statusOf(sqlstate) == STOA_UNAVAILABLE;
    // Not the detail: it quotes values, and those may be a person's.
    const char* primary = PQresultErrorField(answer.get(), PG_DIAG_MESSAGE_PRIMARY);
    const auto message = fmt::format("{} (SQLSTATE {}) in: {}", primary ? primary : PQresultErrorMessage(answer.get()),
                                     sqlstate, excerpt(statement));
    if (isConstraint(sqlstate) && statusOf(sqlstate) == STOA_CONFLICT) {
        throw ConstraintViolation(message);
    }
    throw Error(statusOf(sqlstate), message);
}

std::string PostgresqlConnection::command(const std::string& statements) {
    if (PQsendQuery(pg(), statements.c_str()) == 0) {
        lost();
    }
    const auto result = answer();
    check(result, statements);
    return PQcmdStatus(result.get());
}

void PostgresqlConnection::deallocate(const Variants& variants) {
    for (const auto& variant : variants) {
        command("DEALLOCATE " + variant.name);
    }
}

const PostgresqlConnection::Variant* PostgresqlConnection::known(std::string_view statement,
                                                                 std::span<const Value> parameters) {
    const auto fits = [&](const Variant& candidate) {
        return std::equal(parameters.begin(), parameters.end(), candidate.types.begin(), candidate.types.end(),
                          [](const Value& value, Oid type) { return typeOf(value) == 0 || typeOf(value) == type; });
    };
    Variants* variants = cache_.find(statement);
    if (variants == nullptr) {
        return nullptr;
    }
    const auto found = std::find_if(variants->begin(), variants->end(), fits);
    return found == variants->end() ? nullptr : &*found;
}

const PostgresqlConnection::Variant& PostgresqlConnection::prepare(std::string_view statement,
                                                                   std::span<const Value> parameters) {
    checkParameterCount(highestParameter(statement), parameters.size(), statement);
    Variant made{fmt::format("s{}", next_name_++), {}};
    std::transform(parameters.begin(), parameters.end(), std::back_inserter(made.types), typeOf);
    const std::string text{statement};
    if (PQsendPrepare(pg(), made.name.c_str(), text.c_str(), static_cast<int>(made.types.size()), made.types.data()) ==
        0) {
        lost();
    }
    check(answer(), statement);
    Variants* variants = cache_.find(statement);
    if (!variants) {
        variants = &cache_.add(statement, {}, [&](const Variants& oldest) { deallocate(oldest); });
    }
    return variants->emplace_back(std::move(made));
}

void PostgresqlConnection::send(const Variant& prepared, const Parameters& parameters) {
    if (PQsendQueryPrepared(pg(), prepared.name.c_str(), parameters.count(), parameters.values.data(),
                            parameters.lengths.data(), parameters.formats.data(), 0) == 0) {
        lost();
    }
}

Result PostgresqlConnection::resultOf(const Answer& answer, std::string_view statement, std::size_t max_rows) {
    check(answer, statement);
    checkRowCount(static_cast<std::size_t>(PQntuples(answer.get())), max_rows, statement);
    return readResult(answer.get());
}

void PostgresqlConnection::refuseStale(const Answer& answer, std::string_view statement) {
    const char* field = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
    const std::string_view sqlstate = field ? field : "";
    if (sqlstate == "0A000" || sqlstate == "26000") {
        cache_.remove(statement);
        throw StaleStatement("a kept statement had become stale: " + excerpt(statement));
    }
}

Result PostgresqlConnection::run(std::string_view statement, std::span<const Value> parameters, std::size_t max_rows,
                                 const Around& around) {
    const bool accompanied = !around.before.empty() || !around.after.empty();
    if (const Variant* prepared = accompanied ? known(statement, parameters) : nullptr) {
        return runBetween(around, *prepared, statement, parameters, max_rows);
    }
    for (const std::string& each : around.before) {
        command(each);
    }
    Result result = runAlone(statement, parameters, max_rows);
    if (!around.after.empty()) {
        command(around.after);
    }
    return result;
}

Result PostgresqlConnection::runAlone(std::string_view statement, std::span<const Value> parameters,
                                      std::size_t max_rows) {
    const Parameters given{parameters};
    if (isRepeatable(statement)) {
        const Variant* kept = known(statement, parameters);
        send(kept ? *kept : prepare(statement, parameters), given);
        const auto reply = answer();
        if (kept) {
            refuseStale(reply, statement);
        }
        return resultOf(reply, statement, max_rows);
    }
    checkParameterCount(highestParameter(statement), parameters.size(), statement);
    std::vector<Oid> types;
    std::transform(parameters.begin(), parameters.end(), std::back_inserter(types), typeOf);
    if (PQsendQueryParams(pg(), std::string{statement}.c_str(), given.count(), types.data(), given.values.data(),
                          given.lengths.data(), given.formats.data(), 0) == 0) {
        lost();
    }
    return resultOf(answer(), statement, max_rows);
}

/// libpq's pipeline mode: all is sent at once, the answers come one by one. What follows a failure does not run.
Result PostgresqlConnection::runBetween(const Around& around, const Variant& prepared, std::string_view statement,
                                        std::span<const Value> parameters, std::size_t max_rows) {
    const Parameters given{parameters};
    const auto send_command = [&](const std::string& text) {
        if (PQsendQueryParams(pg(), text.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 0) {
            lost();
        }
    };
    if (PQenterPipelineMode(pg()) == 0) {
        lost();
    }
    for (const std::string& each : around.before) {
        send_command(each);
    }
    send(prepared, given);
    if (!around.after.empty()) {
        send_command(around.after);
    }
    if (PQpipelineSync(pg()) == 0) {
        lost();
    }
    std::vector<Answer> before(around.before.size());
    std::generate(before.begin(), before.end(), [&] { return answer(); });
    const Answer reply = answer();
    const Answer after = around.after.empty() ? Answer{} : answer();
    if (const Answer end = next(); PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC || PQexitPipelineMode(pg()) == 0) {
        lost();
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
        check(before[i], around.before[i]);
    }
    refuseStale(reply, statement);
    Result result = resultOf(reply, statement, max_rows);
    if (after) {
        check(after, around.after);
    }
    return result;
}

}  // namespace stoa::host::sql
