#include "host/sql/conformance/test_postgresql.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "host/sql/postgresql_url.h"

namespace stoa::host::sql {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// CREATE DATABASE runs in no transaction, so this goes past the driver.
void runAlone(const std::string& conninfo, const std::string& statement) {
    PGconn* const connection = PQconnectdb(conninfo.c_str());
    PGresult* const result = PQexec(connection, statement.c_str());
    const bool done = PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    const std::string trouble = done ? "" : PQerrorMessage(connection);
    PQclear(result);
    PQfinish(connection);
    if (!done) {
        throw Error(STOA_UNAVAILABLE, statement + ": " + trouble);
    }
}

}  // namespace

TestPostgresql::TestPostgresql() : password_(environment("STOA_TEST_POSTGRESQL_PASSWORD")) {
    const auto url = environment("STOA_TEST_POSTGRESQL");
    if (url.empty()) {
        throw Error(STOA_UNAVAILABLE,
                    "STOA_TEST_POSTGRESQL is not set: this test needs a PostgreSQL server, ./dev stack up starts one");
    }
    const auto query = url.find('?');
    options_ = query == std::string::npos ? "" : url.substr(query);
    server_ = url.substr(0, url.substr(0, query).rfind('/') + 1);
    static std::atomic<int> counter{0};
    const auto wanted = "stoa_test_" + std::to_string(getpid()) + "_" + std::to_string(counter++);
    administer("CREATE DATABASE " + wanted);
    name_ = wanted;
}

TestPostgresql::~TestPostgresql() {
    try {
        administer("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const Error&) {
        // The stack's data directory goes with the stack.
    }
}

void TestPostgresql::administer(const std::string& statement) const {
    const auto url = environment("STOA_TEST_POSTGRESQL");
    runAlone(parsePostgresqlUrl(url).conninfo + (password_.empty() ? "" : conninfoPair("password", password_)),
             statement);
}

std::unique_ptr<Database> TestPostgresql::open(Options options) const {
    options.password = password_;
    return Database::open(server_ + name_ + options_, "/", options);
}

}  // namespace stoa::host::sql
