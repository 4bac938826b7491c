// Database::migrate.

#include <thread>
#include <vector>

#include "host/sql/conformance/conformance.h"

namespace stoa::host::sql {
namespace {

const std::vector<Migration> kTwo{
    {1, "things",
     "CREATE TABLE things (id bigint PRIMARY KEY, note text); -- first; not the end\n"
     "INSERT INTO things (id, note) VALUES (1, 'a;b');",
     "one"},
    {2, "count", "ALTER TABLE things ADD COLUMN n bigint NOT NULL DEFAULT 7", "two"},
};

}  // namespace

void Conformance::migrationsApplyOnceAndInOrder() {
    for (int i = 0; i < 2; ++i) {
        database_->migrate("shop", kTwo);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{7}, number("SELECT n FROM things WHERE note = 'a;b'"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, number("SELECT count(*) FROM stoa_migrations WHERE component = 'shop'"));
    }
    // Another component counts for itself.
    database_->migrate("timer", std::vector<Migration>{{1, "t", "CREATE TABLE t (id bigint)", ""}});
    CPPUNIT_ASSERT_EQUAL(std::int64_t{64},
                         number("SELECT length(sha256) FROM stoa_migrations WHERE component = 'timer'"));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOfFailure([&] {
                             database_->migrate("gap", std::vector<Migration>{{2, "x", "SELECT 1", ""}});
                         }));
}

void Conformance::aChangedMigrationIsRefusedByName() {
    database_->migrate("shop", kTwo);
    auto changed = kTwo;
    changed[0].sha256 = "other";
    const auto message = messageOfFailure([&] { database_->migrate("shop", changed); });
    CPPUNIT_ASSERT_MESSAGE(message, message.find("\"things\"") != std::string::npos);
    CPPUNIT_ASSERT_MESSAGE(message, message.find("shop") != std::string::npos);
}

void Conformance::aMigrationThatFailsHalfwayLeavesNothing() {
    auto broken = kTwo;
    broken.push_back({3, "half", "CREATE TABLE later (id bigint); INSERT INTO nowhere (id) VALUES (1)", "three"});
    const auto message = messageOfFailure([&] { database_->migrate("shop", broken); });
    CPPUNIT_ASSERT_MESSAGE(message, message.find("migration 3 \"half\" of shop, statement 2") != std::string::npos);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, number("SELECT count(*) FROM stoa_migrations"));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOfFailure([&] { number("SELECT count(id) FROM later"); }));
    broken[2].sql = "CREATE TABLE later (id bigint)";
    database_->migrate("shop", broken);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(id) FROM later"));
}

void Conformance::anOlderPluginLivesWithNewerMigrations() {
    database_->migrate("shop", kTwo);
    database_->migrate("shop", std::vector<Migration>{kTwo[0]});
    run({"DELETE FROM stoa_migrations WHERE version = 1"});
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOfFailure([&] { database_->migrate("shop", kTwo); }));
}

void Conformance::hostsThatMigrateAtOnceShareTheWork() {
    if (!shared()) {
        return;
    }
    std::vector<Migration> many;
    for (std::int64_t i = 1; i <= 10; ++i) {
        many.push_back({i, "m" + std::to_string(i), "CREATE TABLE m" + std::to_string(i) + " (id bigint)", ""});
    }
    std::vector<std::string> failures(4);
    std::vector<std::thread> hosts;
    hosts.reserve(failures.size());
    for (auto& failure : failures) {
        hosts.emplace_back([&] {
            try {
                open({})->migrate("shop", many);
            } catch (const std::exception& error) {
                failure = error.what();
            }
        });
    }
    for (auto& host : hosts) {
        host.join();
    }
    for (const auto& failure : failures) {
        CPPUNIT_ASSERT_EQUAL(std::string{}, failure);
    }
    CPPUNIT_ASSERT_EQUAL(std::int64_t{10}, number("SELECT count(*) FROM stoa_migrations"));
}

void Conformance::indexesOnTablesThatWereThereApply() {
    auto more = kTwo;
    more.push_back({3, "index",
                    "ALTER TABLE things ADD COLUMN kind text; CREATE INDEX things_kind ON things (kind, id);"
                    "CREATE INDEX things_note ON things (note)",
                    "three"});
    database_->migrate("shop", kTwo);
    const std::string question = "SELECT n FROM things WHERE id = 1";
    CPPUNIT_ASSERT_EQUAL(std::int64_t{7}, number(question));
    for (int i = 0; i < 2; ++i) {
        database_->migrate("shop", more);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{7}, number(question));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(kind) FROM things"));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, number("SELECT count(*) FROM stoa_migrations"));
    }
    // They are there: their names are taken.
    for (const char* name : {"things_kind", "things_note"}) {
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOfFailure([&] {
                                 run({("CREATE INDEX " + std::string{name} + " ON things (id)").c_str()});
                             }));
    }
}

}  // namespace stoa::host::sql
