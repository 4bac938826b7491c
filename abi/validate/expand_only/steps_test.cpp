// The steps of a migration, and stars in statements.

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/validate/expand_only.h>

namespace stoa::validate {

class StepsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(StepsTest);
    CPPUNIT_TEST(indexesOnTablesThatWereThereAreBuiltAlone);
    CPPUNIT_TEST(whatCanBeTakenBackSaysHow);
    CPPUNIT_TEST(textThatCannotBeReadIsAnError);
    CPPUNIT_TEST(starsAreFound);
    CPPUNIT_TEST(statementsThatNameTheirColumnsHaveNoStar);
    CPPUNIT_TEST_SUITE_END();

public:
    void indexesOnTablesThatWereThereAreBuiltAlone() {
        const auto steps = migrationSteps(
            "CREATE TABLE a (id int); CREATE INDEX on_new ON a (id);\n"
            "-- beside the traffic\nCREATE INDEX on_old ON shop.orders (n);\n"
            "CREATE UNIQUE INDEX u ON orders (n); CREATE INDEX ON orders (n)");
        CPPUNIT_ASSERT_MESSAGE(steps ? "" : steps.error(), steps.has_value());
        const std::vector<bool> expected = {false, false, true, false, false};
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CPPUNIT_ASSERT_EQUAL_MESSAGE(steps->at(i).sql, bool{expected[i]}, steps->at(i).index_alone);
        }
        CPPUNIT_ASSERT_EQUAL(std::string("on_old"), steps->at(2).index);
        CPPUNIT_ASSERT_EQUAL(std::string("shop.orders"), steps->at(2).table);
        CPPUNIT_ASSERT_EQUAL(std::string("CREATE INDEX on_old ON shop.orders (n)"), steps->at(2).sql);
        CPPUNIT_ASSERT_EQUAL(3, steps->at(2).line);
        CPPUNIT_ASSERT_EQUAL(std::string("CREATE INDEX CONCURRENTLY on_old ON shop.orders (n)"),
                             steps->at(2).concurrently);
        CPPUNIT_ASSERT_EQUAL(std::string("DROP INDEX CONCURRENTLY IF EXISTS \"shop\".\"on_old\""), steps->at(2).undo);
        CPPUNIT_ASSERT_EQUAL(std::string("create /* unique */ index CONCURRENTLY i ON t (n)"),
                             migrationSteps("create /* unique */ index i ON t (n)")->at(0).concurrently);
        CPPUNIT_ASSERT(!migrationSteps("CREATE INDEX IF NOT EXISTS i ON t (n)")->at(0).index_alone);
    }

    void whatCanBeTakenBackSaysHow() {
        struct Case {
            const char* sql;
            bool reversible;
            const char* undo;
        };
        for (const Case& one : {
                 Case{"CREATE TABLE \"a b\" (id int)", true, "DROP TABLE \"a b\""},
                 Case{"CREATE TABLE IF NOT EXISTS a (id int)", false, ""},
                 Case{"ALTER TABLE s.t ADD COLUMN \"X\" int", true, "ALTER TABLE \"s\".\"t\" DROP COLUMN \"X\""},
                 Case{"ALTER TABLE t ADD COLUMN IF NOT EXISTS x int", false, ""},
                 Case{"ALTER TABLE t ADD COLUMN x int, ADD COLUMN y int", false, ""},
                 Case{"ALTER TABLE t DROP COLUMN x", false, ""},
                 Case{"INSERT INTO t (id) VALUES (1)", false, ""},
                 Case{"UPDATE t SET n = 1", false, ""},
                 Case{"DROP TABLE t", false, ""},
             }) {
            const auto steps = migrationSteps(one.sql);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(one.sql, one.reversible, steps->at(0).reversible);
            CPPUNIT_ASSERT_EQUAL(std::string(one.undo), steps->at(0).undo);
        }
        const auto steps = migrationSteps(
            "CREATE TABLE a (id int); INSERT INTO a (id) VALUES (1); CREATE UNIQUE INDEX u ON a (id);"
            "ALTER TABLE a ADD COLUMN n int");
        for (std::size_t i = 1; i < 4; ++i) {
            CPPUNIT_ASSERT_MESSAGE(steps->at(i).sql, steps->at(i).reversible && steps->at(i).undo.empty());
        }
    }

    void textThatCannotBeReadIsAnError() {
        const auto steps = migrationSteps("CREATE TABLE a (id int);\n\nCREATE TABEL b (id int)");
        CPPUNIT_ASSERT(!steps.has_value());
        CPPUNIT_ASSERT_MESSAGE(steps.error(), steps.error().rfind("line 3: syntax error", 0) == 0);
    }

    void starsAreFound() {
        for (const char* statement : {
                 "SELECT * FROM orders WHERE id = $1",
                 "select o.* from orders o",
                 "SELECT id, lines.* FROM lines",
                 "SELECT (o).* FROM orders o",
                 "INSERT INTO a (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET n = 1 RETURNING *",
                 "UPDATE a SET n = $1 RETURNING a.*",
                 "UPDATE a SET n = $1 RETURNING id, a . *",
                 "select\ndistinct/**/* from a",
                 "DELETE FROM a RETURNING *",
                 "INSERT INTO a SELECT * FROM b",
                 "SELECT id FROM (SELECT * FROM a) x",
                 "WITH x AS (DELETE FROM a RETURNING *) SELECT id FROM x",
                 "SELECT id FROM a UNION SELECT * FROM b",
                 "SELECT id FROM a WHERE EXISTS (SELECT 1 FROM (SELECT * FROM b) x)",
             }) {
            CPPUNIT_ASSERT_MESSAGE(statement, usesStar(statement).value());
        }
    }

    void statementsThatNameTheirColumnsHaveNoStar() {
        for (const char* statement : {
                 "SELECT id, n * 2, '*' AS star FROM orders -- SELECT *",
                 "SELECT count(*), sum(n) FROM orders HAVING count(*) > $1",
                 "SELECT \"*\" FROM odd",
                 "SELECT CASE WHEN a THEN 1 ELSE 2 END * 2, (n) * $1, COUNT( * ) FROM t",
                 "SELECT id FROM a WHERE EXISTS (SELECT * FROM b WHERE b.id = a.id)",
                 "INSERT INTO a (id) VALUES ($1) RETURNING id, n",
                 "CREATE TABLE a (id int CHECK (id * 2 > 0))",
             }) {
            CPPUNIT_ASSERT_MESSAGE(statement, !usesStar(statement).value());
        }
        CPPUNIT_ASSERT(!usesStar("SELECT * FORM a").has_value());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(StepsTest);

}  // namespace stoa::validate
