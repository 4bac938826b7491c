/// An empty database of its own on the test stack's PostgreSQL, named by the environment; for tests labelled stack.
#pragma once

#include <memory>
#include <string>

#include "host/sql/database.h"

namespace stoa::host::sql {

/// Made in the constructor, dropped in the destructor. STOA_TEST_POSTGRESQL names the server
/// ("postgresql://stoa@127.0.0.1:5433/stoa"), STOA_TEST_POSTGRESQL_PASSWORD its password; without the first one it
/// throws and says so.
class TestPostgresql {
public:
    TestPostgresql();
    ~TestPostgresql();

    std::unique_ptr<Database> open(Options options = {}) const;
    /// One statement outside of any database under test, in no transaction of theirs.
    void administer(const std::string& statement) const;
    const std::string& name() const { return name_; }

private:
    std::string server_;  ///< URL up to and including the last slash
    std::string options_;
    std::string password_;
    std::string name_;
};

}  // namespace stoa::host::sql
