#include "host/sql/lexer.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <stoa/error.h>

#include "host/sql/postgresql_url.h"

namespace stoa::host::sql {
namespace {

class LexerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(LexerTest);
    CPPUNIT_TEST(scriptsSplitAtSemicolonsOutsideOfQuotes);
    CPPUNIT_TEST(unfinishedTextEnds);
    CPPUNIT_TEST(postgresqlUrlsAreReadStrictly);
    CPPUNIT_TEST(badPostgresqlUrlsAreRefusedWithoutTheirPassword);
    CPPUNIT_TEST_SUITE_END();

    void scriptsSplitAtSemicolonsOutsideOfQuotes() {
        const auto statements = splitStatements(
            "-- ; a comment\n;; INSERT INTO t VALUES ('a;''b', \";\") /* ; /* nested ; */ */ ;\n"
            "SELECT $tag$ ; $$ ; $tag$, $1, E'\\';' ; \n  ; DELETE FROM t");
        CPPUNIT_ASSERT(
            (statements == std::vector<std::string_view>{"INSERT INTO t VALUES ('a;''b', \";\")",
                                                         "SELECT $tag$ ; $$ ; $tag$, $1, E'\\';'", "DELETE FROM t"}));
        CPPUNIT_ASSERT(splitStatements(" ; -- nothing").empty());
    }

    void unfinishedTextEnds() {
        for (const auto* text : {"'abc", "\"abc", "/* abc", "$x$ abc", "E'abc\\", "--", "/*/* */", "$"}) {
            CPPUNIT_ASSERT(splitStatements(text).size() <= 1);
        }
    }

    void postgresqlUrlsAreReadStrictly() {
        const auto url = parsePostgresqlUrl("postgresql://o%27rder@db1,[::1]:6543/order_db?sslmode=verify-full");
        CPPUNIT_ASSERT_EQUAL(std::string{"dbname='order_db' user='o\\'rder' sslmode='verify-full' "
                                         "host='db1,::1' port='5432,6543' "},
                             url.conninfo);
        CPPUNIT_ASSERT_EQUAL(std::string{"postgresql://o'rder@db1,[::1]:6543/order_db"}, url.describe);
        CPPUNIT_ASSERT_EQUAL(std::string{"dbname='x' host='/run/postgresql' "},
                             parsePostgresqlUrl("postgresql:///x?host=/run/postgresql").conninfo);
    }

    void badPostgresqlUrlsAreRefusedWithoutTheirPassword() {
        for (const auto* url :
             {"postgresql://u:geheim@h/x", "postgresql://h", "postgresql://h/", "postgresql://h:0/x",
              "postgresql://h:99999/x", "postgresql://h:5x/x", "postgresql://@h/x", "postgres://h/x",
              "postgresql://h/x?sslmod=require", "postgresql:///x", "postgresql://h/a/b", "postgresql://[::1/x",
              "postgresql://h/%zz", "postgresql://h,/x?host=y", "postgresql://h/x%00"}) {
            try {
                parsePostgresqlUrl(url);
                CPPUNIT_FAIL(url);
            } catch (const Error& error) {
                CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, error.status());
                CPPUNIT_ASSERT(std::string{error.what()}.find("geheim") == std::string::npos);
            }
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(LexerTest);

}  // namespace
}  // namespace stoa::host::sql
