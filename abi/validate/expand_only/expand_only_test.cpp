// What a swap can have of migrations: a table of accepted and refused ones. `orders` and `lines` are there before.

#include <cppunit/extensions/HelperMacros.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <stoa/validate/expand_only.h>

namespace stoa::validate {
namespace {

const Tables kBefore = {"orders", "lines"};

std::vector<Finding> check(const std::string& sql) {
    const std::vector<MigrationFile> fresh = {{2, "change", sql, ""}};
    return checkExpandOnly(fresh, kBefore);
}

std::string describe(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& one : findings) {
        text += "[" + one.subject + "] " + one.statement + ": " + one.reason + " / " + one.cure + "\n";
    }
    return text;
}

struct Case {
    const char* sql;
    const char* reason;  ///< a part of it
};

void assertRefused(std::initializer_list<Case> cases, Severity severity = Severity::kError) {
    for (const Case& one : cases) {
        const auto findings = check(one.sql);
        const std::string what = std::string(one.sql) + "\n" + describe(findings);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(what, std::size_t{1}, findings.size());
        CPPUNIT_ASSERT_MESSAGE(what, findings[0].reason.find(one.reason) != std::string::npos);
        CPPUNIT_ASSERT_MESSAGE(what, findings[0].severity == severity && findings[0].rule == "migration");
        CPPUNIT_ASSERT_MESSAGE(what, !findings[0].cure.empty() && !findings[0].statement.empty());
    }
}

std::string read(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

}  // namespace

class ExpandOnlyTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ExpandOnlyTest);
    CPPUNIT_TEST(whatOnlyAddsIsAccepted);
    CPPUNIT_TEST(takingAwayAndRenamingIsRefused);
    CPPUNIT_TEST(columnsThatOldWritesCouldViolateAreRefused);
    CPPUNIT_TEST(indexesThatOldWritesCouldViolateAreRefused);
    CPPUNIT_TEST(changingRowsThatWereThereIsRefused);
    CPPUNIT_TEST(codeAndWhatStaysWithTheSessionIsRefused);
    CPPUNIT_TEST(tablesThatAreNotReallyNewAreRefused);
    CPPUNIT_TEST(textThatCannotBeReadIsRefused);
    CPPUNIT_TEST(whatOldWritesMayFeelIsAWarning);
    CPPUNIT_TEST(everyStatementOfAFileIsLookedAt);
    CPPUNIT_TEST(aFindingNamesFileLineAndStatement);
    CPPUNIT_TEST(laterMigrationsKnowTheTablesOfEarlierOnes);
    CPPUNIT_TEST(endlessExpressionsDoNotEndTheProcess);
    CPPUNIT_TEST(tablesAreFollowed);
    CPPUNIT_TEST(whatTheNextVersionHasBeyondIsChecked);
    CPPUNIT_TEST(theMigrationsOfAllPluginsCanBeSwappedIn);
    CPPUNIT_TEST_SUITE_END();

public:
    void whatOnlyAddsIsAccepted() {
        for (const char* sql : {
                 "",
                 "-- nothing yet\n;",
                 "CREATE TABLE notes (id text PRIMARY KEY, n bigint NOT NULL CHECK (n > 0), at_us bigint UNIQUE)",
                 "CREATE TABLE IF NOT EXISTS notes (id text)",
                 "CREATE TABLE public.notes (id text)",
                 "CREATE TABLE a (id text PRIMARY KEY); CREATE TABLE b (a text REFERENCES a (id) NOT NULL)",
                 "CREATE TABLE notes (o text REFERENCES orders (order_id) ON DELETE CASCADE)",
                 "CREATE TABLE notes (id text, n int); CREATE UNIQUE INDEX u ON notes (n) WHERE n > 0",
                 "CREATE TABLE notes (id text); ALTER TABLE notes ADD COLUMN n bigint NOT NULL",
                 "CREATE TABLE kinds (id int, name text); INSERT INTO kinds (id, name) VALUES (1, 'a;b'), (-2, NULL)",
                 "CREATE TABLE kinds (id int); INSERT INTO kinds (id) VALUES (CAST('1' AS int)) ON CONFLICT DO NOTHING",
                 "ALTER TABLE orders ADD COLUMN note text",
                 "ALTER TABLE orders ADD note text NULL",
                 "ALTER TABLE \"orders\" ADD COLUMN n bigint NOT NULL DEFAULT 0",
                 "ALTER TABLE Orders ADD COLUMN n bigint DEFAULT -1",
                 "ALTER TABLE orders ADD COLUMN f boolean NOT NULL DEFAULT false",
                 "ALTER TABLE orders ADD COLUMN s text NOT NULL DEFAULT 'DROP TABLE orders; --'",
                 "ALTER TABLE orders ADD COLUMN s text DEFAULT NULL",
                 "ALTER TABLE orders ADD COLUMN n bigint DEFAULT CAST('7' AS bigint)",
                 "ALTER TABLE orders ADD COLUMN a text, ADD COLUMN b text",
                 "CREATE INDEX orders_by_user ON orders (user_id, created_us DESC)",
                 "CREATE INDEX orders_open ON orders (user_id) WHERE status <> 'CLOSED' AND user_id IS NOT NULL",
                 "CREATE INDEX orders_by_name ON orders (lower(name))",
                 "ALTER TABLE orders ADD COLUMN n bigint; CREATE INDEX orders_n ON orders (n);",
             }) {
            const auto findings = check(sql);
            CPPUNIT_ASSERT_MESSAGE(std::string(sql) + "\n" + describe(findings), findings.empty());
        }
    }

    void takingAwayAndRenamingIsRefused() {
        assertRefused({
            {"DROP TABLE orders", "still uses"},
            {"DROP TABLE IF EXISTS anything", "still uses"},
            {"DROP INDEX orders_by_user", "still uses"},
            {"DROP VIEW v", "still uses"},
            {"ALTER TABLE orders DROP COLUMN note", "note: the version that serves still reads"},
            {"ALTER TABLE orders ADD COLUMN a text, DROP COLUMN b", "b: the version that serves still reads"},
            {"ALTER TABLE orders RENAME TO sales", "old name"},
            {"ALTER TABLE orders RENAME COLUMN a TO b", "old name"},
            {"ALTER INDEX orders_by_user RENAME TO x", "old name"},
            {"ALTER TABLE orders ALTER COLUMN n TYPE bigint", "changing a type"},
            {"ALTER TABLE orders ALTER COLUMN n SET NOT NULL", "may write NULL"},
            {"ALTER TABLE orders ALTER COLUMN n DROP NOT NULL", "could not read a NULL"},
            {"ALTER TABLE orders ALTER COLUMN n SET DEFAULT 7", "count on the default"},
            {"ALTER TABLE orders ALTER COLUMN n DROP DEFAULT", "count on the default"},
            {"ALTER TABLE orders ADD CONSTRAINT positive CHECK (n > 0)", "positive: writes"},
            {"ALTER TABLE orders ADD CONSTRAINT positive CHECK (n > 0) NOT VALID", "may violate"},
            {"ALTER TABLE orders ADD UNIQUE (n)", "may violate"},
            {"ALTER TABLE orders ADD FOREIGN KEY (n) REFERENCES lines (n)", "may violate"},
            {"ALTER TABLE orders DROP CONSTRAINT positive", "positive: the version"},
            {"ALTER TABLE orders SET SCHEMA other", "none that"},
            {"ALTER TABLE orders OWNER TO somebody", "ADD COLUMN alone"},
            {"ALTER TABLE orders ENABLE ROW LEVEL SECURITY", "hides rows"},
            {"ALTER TABLE lines INHERIT orders", "other rows"},
            {"ALTER TYPE kind ADD VALUE 'x'", "none that"},
        });
    }

    void columnsThatOldWritesCouldViolateAreRefused() {
        assertRefused({
            {"ALTER TABLE orders ADD COLUMN n bigint NOT NULL", "NOT NULL without a default"},
            {"ALTER TABLE orders ADD COLUMN n bigint NOT NULL DEFAULT NULL", "NOT NULL without a default"},
            {"ALTER TABLE orders ADD COLUMN n bigint DEFAULT random()", "no constant"},
            {"ALTER TABLE orders ADD COLUMN at timestamptz NOT NULL DEFAULT now()", "no constant"},
            {"ALTER TABLE orders ADD COLUMN at timestamptz DEFAULT CURRENT_TIMESTAMP", "no constant"},
            {"ALTER TABLE orders ADD COLUMN n bigint DEFAULT (1 + nextval('s'))", "no constant"},
            {"ALTER TABLE orders ADD COLUMN n text UNIQUE", "same value"},
            {"ALTER TABLE orders ADD COLUMN n text PRIMARY KEY", "another key"},
            {"ALTER TABLE orders ADD COLUMN n text REFERENCES lines (id)", "locks both tables"},
            {"ALTER TABLE orders ADD COLUMN n bigint NOT NULL DEFAULT 0 CHECK (n > 0)", "may violate"},
            {"ALTER TABLE orders ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY", "numbering"},
            {"ALTER TABLE orders ADD COLUMN n bigint GENERATED ALWAYS AS (a + 1) STORED", "computing"},
            {"ALTER TABLE orders ADD COLUMN n bigserial", "numbering"},
            {"ALTER TABLE orders ADD COLUMN IF NOT EXISTS n text", "whether the column is new"},
        });
    }

    void indexesThatOldWritesCouldViolateAreRefused() {
        assertRefused({
            {"CREATE UNIQUE INDEX one ON orders (n)", "may violate the unique index"},
            {"CREATE UNIQUE INDEX one ON orders (n) WHERE n > 0", "may violate the unique index"},
            {"CREATE TABLE notes (id text); CREATE UNIQUE INDEX one ON other_schema.notes (id)", "may violate"},
            {"CREATE INDEX CONCURRENTLY i ON orders (n)", "does not know CONCURRENTLY"},
            {"CREATE INDEX ON orders (n)", "without a name"},
            {"CREATE INDEX IF NOT EXISTS i ON orders (n)", "whether the index is new"},
        });
    }

    void changingRowsThatWereThereIsRefused() {
        assertRefused({
            {"UPDATE orders SET n = 0", "changes rows"},
            {"DELETE FROM orders WHERE n = 0", "deletes rows"},
            {"TRUNCATE orders", "empties"},
            {"INSERT INTO orders (id) VALUES (1)", "was there before"},
            {"INSERT INTO nowhere (id) VALUES (1)", "was there before"},
            {"WITH d AS (DELETE FROM orders RETURNING id) SELECT id FROM d", "a query"},
            {"CREATE TABLE n (id int); INSERT INTO n (id) SELECT id FROM orders", "literals"},
            {"CREATE TABLE n (id int); INSERT INTO n (id) VALUES ((SELECT max(id) FROM orders))", "literals"},
            {"CREATE TABLE n (id int); INSERT INTO n (id) VALUES (pg_advisory_lock(1))", "literals"},
            {"CREATE TABLE n (id int); INSERT INTO n (id) SELECT f()", "literals"},
            {"CREATE TABLE n (id int); WITH d AS (DELETE FROM orders RETURNING id) INSERT INTO n (id) VALUES (1)",
             "literals"},
            {"CREATE TABLE n (id int); UPDATE n SET id = 2", "changes rows"},
            {"CREATE TABLE n AS SELECT id FROM orders", "copies rows"},
            {"SELECT id INTO n FROM orders", "a query"},
            {"COPY orders FROM '/tmp/x'", "COPY"},
            {"MERGE INTO orders USING lines ON true WHEN MATCHED THEN DELETE", "changes rows"},
        });
    }

    void codeAndWhatStaysWithTheSessionIsRefused() {
        assertRefused({
            {"DO $$ BEGIN DROP TABLE orders; END $$", "DO block"},
            {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "functions"},
            {"CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'", "functions"},
            {"CALL p()", "procedure"},
            {"CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f()", "trigger"},
            {"CREATE RULE r AS ON INSERT TO orders DO INSTEAD NOTHING", "rule"},
            {"CREATE RULE r AS ON INSERT TO orders DO (DELETE FROM lines; DELETE FROM orders)", "rule"},
            {"CREATE POLICY p ON orders USING (false)", "policy"},
            {"CREATE VIEW v AS SELECT id FROM orders", "view"},
            {"CREATE EXTENSION pgcrypto", "none that"},
            {"CREATE SCHEMA s CREATE TABLE t (id int)", "none that"},
            {"BEGIN", "one transaction"},
            {"COMMIT", "one transaction"},
            {"SET search_path TO other", "setting"},
            {"LOCK TABLE orders", "holds up"},
            {"GRANT ALL ON orders TO public", "rights"},
            {"EXPLAIN ANALYZE DELETE FROM orders", "EXPLAIN"},
            {"PREPARE p AS DELETE FROM orders", "prepared"},
            {"EXECUTE p", "prepared"},
            {"SELECT pg_sleep(10)", "a query"},
            {"CREATE SEQUENCE s", "sequences"},
            {"COMMENT ON TABLE orders IS 'x'", "COMMENT"},
            {"VACUUM", "none that"},
        });
    }

    void tablesThatAreNotReallyNewAreRefused() {
        assertRefused({
            {"CREATE TABLE orders (id text)", "there already"},
            {"CREATE TABLE IF NOT EXISTS ORDERS (id text)", "there already"},
            {"CREATE TABLE public.orders (id text)", "there already"},
            {"CREATE TABLE a (id text); CREATE TABLE a (id text)", "there already"},
            {"CREATE TEMPORARY TABLE t (id text)", "temporary"},
            {"CREATE TABLE pg_temp.t (id text)", "temporary"},
            {"CREATE UNLOGGED TABLE t (id text)", "unlogged"},
            {"CREATE TABLE t (n int) INHERITS (orders)", "would see its rows"},
            {"CREATE TABLE t PARTITION OF orders FOR VALUES IN (1)", "would see its rows"},
        });
    }

    void textThatCannotBeReadIsRefused() {
        assertRefused({
            {"nonsense", "can't read it (syntax error"},
            {"CREATE TABLE a (id int); ; nonsense;", "can't read it (syntax error"},
            {"CREATE TABEL t (id text)", "can't read it (syntax error"},
            {"CREATE TABLE t (id integer PRIMARY KEY AUTOINCREMENT)", "can't read it"},
            {"CREATE TABLE t (id text) STRICT", "can't read it"},
            {"INSERT OR IGNORE INTO t VALUES (1)", "can't read it"},
            {"CREATE TABLE t (id text DEFAULT 'x", "unterminated"},
            {"CREATE TABLE t (id text) /* ", "unterminated"},
        });
        const std::string hidden("CREATE TABLE t (id text);\0 DROP TABLE orders", 44);
        CPPUNIT_ASSERT(check(hidden).at(0).reason.find("NUL") != std::string::npos);
    }

    void whatOldWritesMayFeelIsAWarning() {
        assertRefused(
            {
                {"CREATE INDEX i ON orders ((100 / n))", "compute its expression too"},
                {"CREATE INDEX i ON orders (n) WHERE CAST(name AS int) > 3", "compute its expression too"},
                {"CREATE TABLE notes (o text REFERENCES orders (order_id))", "can't delete a row of orders"},
                {"CREATE TABLE notes (o text, FOREIGN KEY (o) REFERENCES orders (order_id))", "can't delete a row"},
            },
            Severity::kWarning);
    }

    void everyStatementOfAFileIsLookedAt() {
        const auto findings = check("CREATE TABLE a (id int); DROP TABLE orders; /* ; */ selekt; DELETE FROM lines");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(describe(findings), std::size_t{3}, findings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("DROP TABLE orders"), findings[0].statement);
        CPPUNIT_ASSERT_EQUAL(std::string("selekt"), findings[1].statement);
        CPPUNIT_ASSERT_EQUAL(std::string("DELETE FROM lines"), findings[2].statement);
    }

    void aFindingNamesFileLineAndStatement() {
        const auto findings = check("-- One.\nCREATE TABLE a (\n  id int\n);\n\n/* Two\n*/ DROP\n  TABLE orders;\n");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(describe(findings), std::size_t{1}, findings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("0002 change, line 7"), findings[0].subject);
        CPPUNIT_ASSERT_EQUAL(7, findings[0].line);
        CPPUNIT_ASSERT_EQUAL(std::string("DROP TABLE orders"), findings[0].statement);
    }

    void laterMigrationsKnowTheTablesOfEarlierOnes() {
        const std::vector<MigrationFile> fresh = {
            {2, "notes", "CREATE TABLE notes (id text)", ""},
            {3, "more", "CREATE UNIQUE INDEX u ON notes (id); INSERT INTO notes (id) VALUES ('x')", ""}};
        CPPUNIT_ASSERT(checkExpandOnly(fresh, kBefore).empty());
        // For who has the first one already, the table is an old one.
        const auto findings = checkExpandOnly(std::span(fresh).subspan(1), tablesAfter(std::span(fresh).first(1)));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(describe(findings), std::size_t{2}, findings.size());
    }

    void endlessExpressionsDoNotEndTheProcess() {
        const auto repeat = [](const char* part, int times) {
            std::string text;
            for (int i = 0; i < times; ++i) {
                text += part;
            }
            return text;
        };
        for (const int times : {400, 16'000, 200'000}) {
            for (const std::string& sql :
                 {"SELECT " + repeat("1+", times) + "1", "SELECT " + repeat("(", times) + "1" + repeat(")", times),
                  "SELECT " + repeat("NOT ", times) + "true", repeat("SELECT 1 UNION ", times) + "SELECT 1",
                  "ALTER TABLE orders ADD COLUMN n int DEFAULT " + repeat("1+", times) + "1"}) {
                CPPUNIT_ASSERT(!check(sql).empty());
                usesStar(sql).has_value();
            }
        }
    }

    void tablesAreFollowed() {
        const std::vector<MigrationFile> migrations = {
            {1, "a", "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE s.c (id int)", ""},
            {2, "b", "DROP TABLE public.a, s.c; ALTER TABLE b RENAME TO d; NONSENSE; CREATE TABLE \"E\" (id int)", ""}};
        CPPUNIT_ASSERT((tablesAfter(migrations) == Tables{"d", "E"}));
    }

    void whatTheNextVersionHasBeyondIsChecked() {
        Manifest running;
        running.version = "1.0.0";
        running.migrations = {{1, "first", "CREATE TABLE a (id int)", "x"}};
        Manifest next = running;
        CPPUNIT_ASSERT(checkMigrations(running, next).empty());
        next.migrations.push_back({2, "second", "ALTER TABLE a ADD COLUMN n int", "y"});
        CPPUNIT_ASSERT(checkMigrations(running, next).empty());
        CPPUNIT_ASSERT(checkMigrations(next, running).empty());  // an older version on the expanded schema
        next.migrations[0].sha256 = "z";
        next.migrations.push_back({3, "third", "CREATE UNIQUE INDEX u ON a (n)", "y"});
        const auto findings = checkMigrations(running, next);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(describe(findings), std::size_t{2}, findings.size());
        CPPUNIT_ASSERT(findings[0].reason.find("version 1.0.0 has another text") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("0003 third, line 1"), findings[1].subject);
    }

    void theMigrationsOfAllPluginsCanBeSwappedIn() {
        std::map<std::string, std::set<std::filesystem::path>> plugins;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(STOA_TEST_SOURCES "/plugins")) {
            if (entry.path().extension() == ".sql") {
                plugins[entry.path().parent_path().string()].insert(entry.path());
            }
        }
        CPPUNIT_ASSERT(plugins.size() >= 9);
        for (const auto& [folder, files] : plugins) {
            std::vector<MigrationFile> migrations;
            for (const auto& path : files) {
                const auto version = static_cast<std::int64_t>(migrations.size()) + 1;
                migrations.push_back({version, path.stem().string(), read(path), ""});
                const auto steps = migrationSteps(migrations.back().sql);
                CPPUNIT_ASSERT_MESSAGE(path.string() + (steps ? "" : steps.error()), steps && !steps->empty());
            }
            const std::span<const MigrationFile> all(migrations);
            CPPUNIT_ASSERT_MESSAGE(folder, !tablesAfter(all.first(1)).empty());
            const auto findings = checkExpandOnly(all.subspan(1), tablesAfter(all.first(1)));
            CPPUNIT_ASSERT_MESSAGE(folder + "\n" + describe(findings), !hasErrors(findings));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ExpandOnlyTest);

}  // namespace stoa::validate
