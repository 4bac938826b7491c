// The suites of outbox and consumer on PostgreSQL: STOA_TEST_POSTGRESQL.

#include "host/events/test_support.h"
#include "host/sql/conformance/test_postgresql.h"

namespace stoa::host::events::test {
namespace {

class OnPostgresql : public DatabasePlace {
    std::unique_ptr<sql::Database> open(const std::string&) const override { return server_.open(); }

    sql::TestPostgresql server_;
};

}  // namespace

std::unique_ptr<DatabasePlace> newDatabasePlace() { return std::make_unique<OnPostgresql>(); }

}  // namespace stoa::host::events::test
