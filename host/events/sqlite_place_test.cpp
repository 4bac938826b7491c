// The suites of this program on SQLite.

#include "host/events/test_support.h"

namespace stoa::host::events::test {
namespace {

class InTheFolder : public DatabasePlace {
    std::unique_ptr<sql::Database> open(const std::string& folder) const override {
        return sql::Database::open("sqlite:plugin.sqlite", folder, {});
    }
};

}  // namespace

std::unique_ptr<DatabasePlace> newDatabasePlace() { return std::make_unique<InTheFolder>(); }

}  // namespace stoa::host::events::test
