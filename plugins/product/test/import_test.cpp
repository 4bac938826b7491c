// The bulk import, with good rows between bad ones.

#include <cppunit/extensions/HelperMacros.h>

#include <memory>

#include <stoa/fake/host.h>

namespace {

using namespace stoa;

class ImportTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ImportTest);
    CPPUNIT_TEST(badRowsAreReportedAndTheOthersTaken);
    CPPUNIT_TEST(csvAndJsonLinesMakeTheSame);
    CPPUNIT_TEST(repeatingAnImportChangesNothing);
    CPPUNIT_TEST(aSecondImportChangesWhatDiffers);
    CPPUNIT_TEST(aBadHeaderIsRefused);
    CPPUNIT_TEST(anAmountBeyond64BitsIsNotTakenForAnother);
    CPPUNIT_TEST(aLostRaceRepeatsTheBatch);
    CPPUNIT_TEST(manyRowsComeInSeveralTransactions);
    CPPUNIT_TEST(anEmptyBodyIsRefused);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST); }

    fake::Answer send(const std::string& type, std::string body) {
        return host_->post("/api/v1/products/import").as("staff-1", "staff").body(type, std::move(body)).send();
    }
    fake::Answer csv(std::string body) { return send("text/csv", std::move(body)); }
    fake::Answer lines(std::string body) { return send("application/x-ndjson", std::move(body)); }

    void badRowsAreReportedAndTheOthersTaken() {
        const Json::Value report = lines(
                                       "{\"sku\":\"a\",\"name\":\"A\",\"price\":{\"amount\":1,\"currency\":\"EUR\"}}\n"
                                       "not json\n"
                                       "\n"
                                       "{\"sku\":\"b\",\"name\":\"B\",\"price\":{\"amount\":0,\"currency\":\"EUR\"}}\n"
                                       "{\"sku\":\"c\",\"sku\":\"d\"}\n"
                                       "{\"sku\":\"e\",\"name\":\"\xff\"}\n"
                                       "{\"sku\":\"f\",\"name\":\"F\",\"price\":{\"amount\":2,\"currency\":\"EUR\"}}")
                                       .json();
        CPPUNIT_ASSERT_EQUAL(2, report["created"].asInt());
        CPPUNIT_ASSERT_EQUAL(4, report["rejected"].asInt());
        CPPUNIT_ASSERT_EQUAL(2, report["rows"][0]["line"].asInt());
        CPPUNIT_ASSERT_EQUAL(4, report["rows"][1]["line"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("b"), report["rows"][1]["sku"].asString());
        CPPUNIT_ASSERT(report["rows"][1]["why"].asString().find("amount") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, host_->published("product.created").size());
    }

    void csvAndJsonLinesMakeTheSame() {
        csv("sku,name,description,category,amount,currency\r\n"
            "a,\"Loaf, dark\",\"two\nlines\",fresh-bread,490,EUR\r\n");
        const Json::Value row = host_->query("SELECT name, description, category, amount, status FROM products")[0];
        CPPUNIT_ASSERT_EQUAL(std::string("Loaf, dark"), row["name"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("two\nlines"), row["description"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("Fresh bread"),
                             host_->query("SELECT name FROM categories")[0]["name"].asString());
        const Json::Value again =
            lines(R"({"sku":"a","name":"Loaf, dark","description":"two\nlines","category":"fresh-bread",)"
                  R"("price":{"amount":490,"currency":"EUR"}})")
                .json();
        CPPUNIT_ASSERT_EQUAL(1, again["unchanged"].asInt());
    }

    void repeatingAnImportChangesNothing() {
        const std::string body = "sku,name,amount,currency\na,A,1,EUR\nb,B,2,EUR\n";
        CPPUNIT_ASSERT_EQUAL(2, csv(body).json()["created"].asInt());
        host_->takePublished();
        CPPUNIT_ASSERT_EQUAL(2, csv(body).json()["unchanged"].asInt());
        CPPUNIT_ASSERT(host_->published().empty());
    }

    void aSecondImportChangesWhatDiffers() {
        csv("sku,name,amount,currency\na,A,1,EUR\nb,B,2,EUR\nc,C,3,EUR\n");
        host_->takePublished();
        const Json::Value report = csv("sku,name,amount,currency\na,A2,1,EUR\nb,B,22,EUR\nc,C3,33,EUR\n").json();
        CPPUNIT_ASSERT_EQUAL(3, report["updated"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, host_->published("product.price_changed").size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, host_->published("product.updated").size());
        CPPUNIT_ASSERT_EQUAL(3, host_->query("SELECT version FROM products WHERE sku = 'c'")[0]["version"].asInt());
        CPPUNIT_ASSERT_EQUAL(5, host_->query("SELECT count(*) AS n FROM prices")[0]["n"].asInt());
    }

    void aBadHeaderIsRefused() {
        const fake::Answer answer = csv("a,A,1,EUR\n");
        CPPUNIT_ASSERT_EQUAL(422, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("bad-header"), answer.problem());
    }

    void anAmountBeyond64BitsIsNotTakenForAnother() {
        const Json::Value report = csv("sku,name,amount,currency\na,A,99999999999999999999,EUR\n").json();
        CPPUNIT_ASSERT_EQUAL(std::string("amount must be an integer in minor units"),
                             report["rows"][0]["why"].asString());
    }

    void aLostRaceRepeatsTheBatch() {
        host_->failCommits(2);
        CPPUNIT_ASSERT_EQUAL(1, csv("sku,name,amount,currency\na,A,1,EUR\n").json()["created"].asInt());
        CPPUNIT_ASSERT_EQUAL(1, host_->query("SELECT count(*) AS n FROM products")[0]["n"].asInt());
    }

    void manyRowsComeInSeveralTransactions() {
        std::string body = "sku,name,amount,currency\n";
        for (int i = 0; i < 1250; ++i) {
            body +=
                "sku-" + std::to_string(i) + ",Product " + std::to_string(i) + (i % 5 == 0 ? ",x" : ",1") + ",EUR\n";
        }
        const Json::Value report = csv(body).json();
        CPPUNIT_ASSERT_EQUAL(1000, report["created"].asInt());
        CPPUNIT_ASSERT_EQUAL(250, report["rejected"].asInt());
        CPPUNIT_ASSERT_EQUAL(1000, host_->query("SELECT count(*) AS n FROM products")[0]["n"].asInt());
    }

    void anEmptyBodyIsRefused() { CPPUNIT_ASSERT_EQUAL(400, csv("").status); }

private:
    std::unique_ptr<fake::Host> host_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ImportTest);

}  // namespace
