#include <cppunit/extensions/HelperMacros.h>

#include "host/sql/conformance/test_postgresql.h"
#include "host/timer/conformance/conformance.h"

namespace stoa::host::timer {
namespace {

class PostgresqlTimerTest : public TimerConformance {
    CPPUNIT_TEST_SUB_SUITE(PostgresqlTimerTest, TimerConformance);
    CPPUNIT_TEST_SUITE_END();

public:
    void tearDown() override {
        TimerConformance::tearDown();
        server_.reset();
    }

protected:
    std::unique_ptr<sql::Database> open() override {
        server_ = std::make_unique<sql::TestPostgresql>();
        sql::Options options;
        options.max_connections = 16;
        return server_->open(options);
    }

private:
    std::unique_ptr<sql::TestPostgresql> server_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(PostgresqlTimerTest);

}  // namespace
}  // namespace stoa::host::timer
