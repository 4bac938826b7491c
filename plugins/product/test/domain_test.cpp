// The rules that need no database, with what people send.

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/json.h>

#include "domain.h"
#include "rows.h"

namespace {

using namespace product;

std::string why(const char* row) {
    const auto draft = draftOf(*stoa::parseJson(row), "EUR");
    return draft ? "" : draft.error();
}

std::vector<std::string> texts(std::string_view bytes, std::size_t pieces, bool quotes) {
    Splitter splitter{quotes};
    for (std::size_t at = 0; at < bytes.size(); at += pieces) {
        splitter.feed(bytes.substr(at, pieces));
    }
    splitter.finish();
    std::vector<std::string> all;
    while (const auto record = splitter.next()) {
        all.push_back(std::to_string(record->line) + ":" + record->text + (record->too_long ? "!" : ""));
    }
    return all;
}

class DomainTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DomainTest);
    CPPUNIT_TEST(rowsBecomeDrafts);
    CPPUNIT_TEST(badRowsSayWhatIsWrong);
    CPPUNIT_TEST(availabilityFollowsTheStock);
    CPPUNIT_TEST(onlyActiveProductsAreForCustomers);
    CPPUNIT_TEST(recordsDoNotDependOnThePieces);
    CPPUNIT_TEST(quotedFieldsAreReadAsRfc4180Says);
    CPPUNIT_TEST(badCsvSaysWhatIsWrong);
    CPPUNIT_TEST(longRecordsAreCutAndSaidToBe);
    CPPUNIT_TEST_SUITE_END();

public:
    void rowsBecomeDrafts() {
        const auto draft = draftOf(
            *stoa::parseJson(R"({"sku":"a-1","name":"Bröt","category":null,"price":{"amount":1,"currency":"EUR"}})"),
            "EUR");
        CPPUNIT_ASSERT(draft.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("active"), draft->status);
        CPPUNIT_ASSERT(!draft->category);
        CPPUNIT_ASSERT_EQUAL(std::string("Fresh bread"), nameOfSlug("fresh-bread"));
        CPPUNIT_ASSERT_EQUAL(std::string("brÖt ab"), nameKey("BrÖt AB"));
    }

    void badRowsSayWhatIsWrong() {
        const std::pair<const char*, const char*> rows[] = {
            {"[]", "object"},
            {R"({"sku":"a","name":"b","price":{"amount":1,"currency":"EUR"},"colour":"red"})", "colour"},
            {R"({"sku":7,"name":"b","price":{"amount":1,"currency":"EUR"}})", "sku"},
            {R"({"name":"b","price":{"amount":1,"currency":"EUR"}})", "sku"},
            {R"({"sku":"a b","name":"b","price":{"amount":1,"currency":"EUR"}})", "sku"},
            {R"({"sku":"a","price":{"amount":1,"currency":"EUR"}})", "name"},
            {R"({"sku":"a","name":"b","category":"Fresh Bread","price":{"amount":1,"currency":"EUR"}})", "category"},
            {R"({"sku":"a","name":"b","category":"a--b","price":{"amount":1,"currency":"EUR"}})", "category"},
            {R"({"sku":"a","name":"b","status":"deleted","price":{"amount":1,"currency":"EUR"}})", "status"},
            {R"({"sku":"a","name":"b"})", "price"},
            {R"({"sku":"a","name":"b","price":490})", "price"},
            {R"({"sku":"a","name":"b","price":{"amount":4.9,"currency":"EUR"}})", "price"},
            {R"({"sku":"a","name":"b","price":{"amount":0,"currency":"EUR"}})", "amount"},
            {R"({"sku":"a","name":"b","price":{"amount":100000001,"currency":"EUR"}})", "amount"},
            {R"({"sku":"a","name":"b","price":{"amount":1,"currency":"USD"}})", "currency"}};
        for (const auto& [row, word] : rows) {
            CPPUNIT_ASSERT_MESSAGE(std::string(row) + " → " + why(row), why(row).find(word) != std::string::npos);
        }
    }

    void availabilityFollowsTheStock() {
        CPPUNIT_ASSERT_EQUAL(std::string("out"), availabilityOf(0, 5));
        CPPUNIT_ASSERT_EQUAL(std::string("out"), availabilityOf(-1, 5));
        CPPUNIT_ASSERT_EQUAL(std::string("low"), availabilityOf(5, 5));
        CPPUNIT_ASSERT_EQUAL(std::string("in_stock"), availabilityOf(6, 5));
    }

    void onlyActiveProductsAreForCustomers() {
        Product product;
        for (const auto& [status, customer, insider] : {std::tuple{"draft", false, true},
                                                        {"active", true, true},
                                                        {"archived", false, true},
                                                        {"deleted", false, false}}) {
            product.is.status = status;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(status, customer, product.visibleTo(false));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(status, insider, product.visibleTo(true));
        }
    }

    void recordsDoNotDependOnThePieces() {
        const std::string_view bytes = "a,\"x\ny\"\r\n\n  \nb,\"\"\"\"\nc";
        const std::vector<std::string> csv = {"1:a,\"x\ny\"", "5:b,\"\"\"\"", "6:c"};
        const std::vector<std::string> lines = {"1:a,\"x", "2:y\"", "5:b,\"\"\"\"", "6:c"};
        for (std::size_t pieces = 1; pieces <= bytes.size(); ++pieces) {
            CPPUNIT_ASSERT(texts(bytes, pieces, true) == csv);
            CPPUNIT_ASSERT(texts(bytes, pieces, false) == lines);
        }
        CPPUNIT_ASSERT(texts("", 1, true).empty());
        CPPUNIT_ASSERT(texts("\n\n", 1, true).empty());
    }

    void quotedFieldsAreReadAsRfc4180Says() {
        CPPUNIT_ASSERT((csvFields(R"(a,"b,c","say ""hi""",,"")").value() ==
                        std::vector<std::string>{"a", "b,c", "say \"hi\"", "", ""}));
    }

    void badCsvSaysWhatIsWrong() {
        for (const char* record : {"a\"b", "\"a", "\"a\"b", "\"a\"\"", "\""}) {
            CPPUNIT_ASSERT_MESSAGE(record, !csvFields(record).has_value());
        }
        const std::vector<std::string> header{"sku", "amount"};
        CPPUNIT_ASSERT(csvRow(header, "a").error().find("1 fields") != std::string::npos);
        CPPUNIT_ASSERT(csvRow(header, "a,4.90").error().find("amount") != std::string::npos);
        CPPUNIT_ASSERT(csvRow(header, "a,").error().find("amount") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("not UTF-8"), csvRow(header, "\xff,1").error());
        CPPUNIT_ASSERT_EQUAL(std::string(), wrongHeader({"sku", "name", "amount", "currency"}));
        CPPUNIT_ASSERT(!wrongHeader({"sku", "name", "amount"}).empty());
        CPPUNIT_ASSERT(!wrongHeader({"sku", "name", "amount", "currency", "sku"}).empty());
        CPPUNIT_ASSERT(!wrongHeader({"sku", "name", "amount", "currency", "colour"}).empty());
    }

    void longRecordsAreCutAndSaidToBe() {
        const auto all = texts(std::string(1'000'000, 'x') + "\ny", 4096, true);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, all.size());
        CPPUNIT_ASSERT_EQUAL(Splitter::kMaxRecord + 3, all[0].size());
        CPPUNIT_ASSERT_EQUAL('!', all[0].back());
        CPPUNIT_ASSERT_EQUAL(std::string("2:y"), all[1]);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(DomainTest);

}  // namespace
