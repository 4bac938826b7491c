// The service as its callers see it, on a fake host.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <memory>
#include <set>

#include <stoa/fake/host.h>
#include <stoa/money.h>

namespace {

using namespace stoa;

Json::Value draft(const std::string& sku, const std::string& name, int amount) {
    Json::Value product;
    product["sku"] = sku;
    product["name"] = name;
    product["price"] = Money{amount, "EUR"}.json();
    return product;
}

class ApiTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ApiTest);
    CPPUNIT_TEST(aNewProductIsThereAndAnnounced);
    CPPUNIT_TEST(aRepeatedCreateMakesOneProduct);
    CPPUNIT_TEST(aTakenSkuIsRefused);
    CPPUNIT_TEST(anotherCurrencyAndUnknownCategoriesAreRefused);
    CPPUNIT_TEST(onlyStaffMayChange);
    CPPUNIT_TEST(aChangeNeedsTheVersionThatWasSeen);
    CPPUNIT_TEST(aChangeToTheSameIsNone);
    CPPUNIT_TEST(aPriceChangeLeavesHistory);
    CPPUNIT_TEST(aDeletedProductIsGone);
    CPPUNIT_TEST(draftsAreHiddenFromCustomers);
    CPPUNIT_TEST(pagesHoldEveryProductOnceInEachOrder);
    CPPUNIT_TEST(aCursorOfAnotherOrderIsRefused);
    CPPUNIT_TEST(filtersNarrowTheList);
    CPPUNIT_TEST(aCategoryHoldsWhatIsBelowIt);
    CPPUNIT_TEST(categoriesInUseStay);
    CPPUNIT_TEST(aBatchSaysWhatIsMissing);
    CPPUNIT_TEST(versionsOfEventsAreGapless);
    CPPUNIT_TEST(lowStockShowsForAWhile);
    CPPUNIT_TEST(olderStockReportsAreIgnored);
    CPPUNIT_TEST(stockOfUnknownProductsIsIgnored);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override { host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST); }

    fake::Answer create(const std::string& sku, const std::string& name = "Loaf", int amount = 490) {
        return createFrom(draft(sku, name, amount));
    }
    fake::Answer createFrom(const Json::Value& product) {
        return host_->post("/api/v1/products")
            .as("staff-1", "staff")
            .key(product["sku"].asString())
            .json(product)
            .send();
    }
    std::string created(const std::string& sku) { return "/api/v1/products/" + create(sku).json()["id"].asString(); }
    fake::Answer update(const std::string& path, int version, const char* body) {
        return host_->patch(path).as("staff-1", "staff").ifMatch(version).json(body).send();
    }
    fake::Answer setPrice(const std::string& path, int version, int amount) {
        return host_->put(path + "/price")
            .as("staff-1", "staff")
            .ifMatch(version)
            .json(Money{amount, "EUR"}.json())
            .send();
    }
    fake::Answer category(const std::string& slug, const std::string& parent = "") {
        Json::Value body;
        body["slug"] = slug;
        body["name"] = slug;
        if (!parent.empty()) {
            body["parent"] = parent;
        }
        return host_->post("/api/v1/categories").as("staff-1", "staff").key(slug).json(body).send();
    }
    std::vector<std::string> skus(const std::string& query) {
        const fake::Answer answer = host_->get("/api/v1/products?" + query).send();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(answer.body, 200, answer.status);
        std::vector<std::string> all;
        const Json::Value page = answer.json();
        for (const Json::Value& item : page["items"]) {
            all.push_back(item["sku"].asString());
        }
        return all;
    }

    void aNewProductIsThereAndAnnounced() {
        const fake::Answer answer = create("a");
        CPPUNIT_ASSERT_EQUAL(201, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("\"1\""), answer.header("ETag"));
        const fake::Answer read = host_->get(answer.header("Location")).send();
        CPPUNIT_ASSERT_EQUAL(answer.body, read.body);
        CPPUNIT_ASSERT_EQUAL(std::string("in_stock"), read.json()["availability"].asString());
        const auto events = host_->published("product.created");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, events.size());
        CPPUNIT_ASSERT_EQUAL(read.json()["id"].asString(), events[0].data["productId"].asString());
        CPPUNIT_ASSERT_EQUAL(490, events[0].data["price"]["amount"].asInt());
    }

    void aRepeatedCreateMakesOneProduct() {
        const fake::Answer first = create("a");
        const fake::Answer second = create("a");
        CPPUNIT_ASSERT(second.replayed());
        CPPUNIT_ASSERT_EQUAL(first.body, second.body);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published().size());
    }

    void aTakenSkuIsRefused() {
        create("a");
        const fake::Answer other =
            host_->post("/api/v1/products").as("staff-1", "staff").key("k2").json(draft("a", "Other", 1)).send();
        CPPUNIT_ASSERT_EQUAL(409, other.status);
        CPPUNIT_ASSERT_EQUAL(std::string("sku-taken"), other.problem());
    }

    void anotherCurrencyAndUnknownCategoriesAreRefused() {
        Json::Value product = draft("a", "Loaf", 1);
        product["price"]["currency"] = "USD";
        CPPUNIT_ASSERT_EQUAL(std::string("other-currency"), createFrom(product).problem());
        product = draft("b", "Loaf", 1);
        product["category"] = "nowhere";
        CPPUNIT_ASSERT_EQUAL(std::string("unknown-category"), createFrom(product).problem());
        CPPUNIT_ASSERT(host_->published().empty());
    }

    void onlyStaffMayChange() {
        const Json::Value product = draft("a", "Loaf", 1);
        CPPUNIT_ASSERT_EQUAL(401, host_->post("/api/v1/products").key("k").json(product).send().status);
        CPPUNIT_ASSERT_EQUAL(403, host_->post("/api/v1/products").as("u").key("k").json(product).send().status);
        const std::string path = created("a");
        CPPUNIT_ASSERT_EQUAL(403, host_->del(path).as("u").ifMatch(1).send().status);
        CPPUNIT_ASSERT_EQUAL(403, host_->get(path + "/prices").as("u").send().status);
    }

    void aChangeNeedsTheVersionThatWasSeen() {
        const std::string path = created("a");
        const fake::Answer changed = update(path, 1, R"({"name":"Rye"})");
        CPPUNIT_ASSERT_EQUAL(200, changed.status);
        CPPUNIT_ASSERT_EQUAL(std::string("\"2\""), changed.header("ETag"));
        CPPUNIT_ASSERT_EQUAL(412, update(path, 1, R"({"name":"Spelt"})").status);
        CPPUNIT_ASSERT_EQUAL(428, host_->patch(path).as("s", "staff").json(R"({"name":"x"})").send().status);
        const fake::Answer any =
            host_->patch(path).as("s", "staff").header("If-Match", "*").json(R"({"name":"x"})").send();
        CPPUNIT_ASSERT_EQUAL(std::string("header:If-Match"), any.json()["errors"][0]["field"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("Rye"), host_->get(path).send().json()["name"].asString());
    }

    void aChangeToTheSameIsNone() {
        const std::string path = created("a");
        CPPUNIT_ASSERT_EQUAL(std::string("\"1\""), update(path, 1, R"({"name":"Loaf"})").header("ETag"));
        CPPUNIT_ASSERT_EQUAL(std::string("\"1\""), setPrice(path, 1, 490).header("ETag"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published().size());
    }

    void aPriceChangeLeavesHistory() {
        const std::string path = created("a");
        host_->moveClock(std::chrono::hours{1});
        CPPUNIT_ASSERT_EQUAL(520, setPrice(path, 1, 520).json()["price"]["amount"].asInt());
        CPPUNIT_ASSERT_EQUAL(412, setPrice(path, 1, 530).status);
        const Json::Value items = host_->get(path + "/prices").as("s", "staff").send().json()["items"];
        CPPUNIT_ASSERT_EQUAL(2u, items.size());
        CPPUNIT_ASSERT_EQUAL(520, items[0]["price"]["amount"].asInt());
        CPPUNIT_ASSERT(!items[0].isMember("validTo"));
        CPPUNIT_ASSERT_EQUAL(items[0]["validFrom"].asString(), items[1]["validTo"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("staff-1"), items[1]["changedBy"].asString());
        const auto event = host_->published("product.price_changed").at(0);
        CPPUNIT_ASSERT_EQUAL(490, event.data["oldPrice"]["amount"].asInt());
        CPPUNIT_ASSERT_EQUAL(520, event.data["newPrice"]["amount"].asInt());
    }

    void aDeletedProductIsGone() {
        const std::string path = created("a");
        CPPUNIT_ASSERT_EQUAL(204, host_->del(path).as("s", "staff").ifMatch(1).send().status);
        CPPUNIT_ASSERT_EQUAL(404, host_->get(path).send().status);
        CPPUNIT_ASSERT_EQUAL(404, host_->get(path).as("s", "staff").send().status);
        CPPUNIT_ASSERT_EQUAL(404, host_->del(path).as("s", "staff").ifMatch(2).send().status);
        CPPUNIT_ASSERT(skus("").empty());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published("product.deleted").size());
    }

    void draftsAreHiddenFromCustomers() {
        Json::Value product = draft("a", "Loaf", 1);
        product["status"] = "draft";
        const std::string path = createFrom(product).header("Location");
        CPPUNIT_ASSERT_EQUAL(404, host_->get(path).as("u").send().status);
        CPPUNIT_ASSERT_EQUAL(200, host_->get(path).as("s", "staff").send().status);
        CPPUNIT_ASSERT_EQUAL(200, host_->get(path).service("order").send().status);
        CPPUNIT_ASSERT_EQUAL(403, host_->get("/api/v1/products?status=draft").as("u").send().status);
        CPPUNIT_ASSERT_EQUAL(200, host_->get("/api/v1/products?status=draft").as("s", "staff").send().status);
        CPPUNIT_ASSERT(skus("").empty());
    }

    void pagesHoldEveryProductOnceInEachOrder() {
        for (int i = 0; i < 25; ++i) {
            create("sku-" + std::to_string(i), i % 2 == 0 ? "Same" : "Name " + std::to_string(i % 7), 100 + i % 4);
        }
        for (const std::string sort : {"name", "-name", "price", "-price", "created", "-created"}) {
            std::multiset<std::string> seen;
            std::vector<std::int64_t> amounts;
            std::string cursor;
            do {
                const std::string query = "sort=" + sort + "&limit=4" + (cursor.empty() ? "" : "&cursor=" + cursor);
                const Json::Value page = host_->get("/api/v1/products?" + query).send().json();
                for (const Json::Value& item : page["items"]) {
                    seen.insert(item["sku"].asString());
                    amounts.push_back(item["price"]["amount"].asInt64());
                }
                cursor = page.get("nextCursor", "").asString();
            } while (!cursor.empty());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(sort, std::size_t{25}, seen.size());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(sort, std::size_t{25}, std::set<std::string>(seen.begin(), seen.end()).size());
            if (sort == "price") {
                CPPUNIT_ASSERT(std::is_sorted(amounts.begin(), amounts.end()));
            } else if (sort == "-price") {
                CPPUNIT_ASSERT(std::is_sorted(amounts.rbegin(), amounts.rend()));
            }
        }
    }

    void aCursorOfAnotherOrderIsRefused() {
        create("a");
        create("b");
        const Json::Value page = host_->get("/api/v1/products?sort=price&limit=1").send().json();
        const std::string cursor = page["nextCursor"].asString();
        CPPUNIT_ASSERT_EQUAL(200, host_->get("/api/v1/products?sort=price&cursor=" + cursor).send().status);
        CPPUNIT_ASSERT_EQUAL(std::string("bad-cursor"),
                             host_->get("/api/v1/products?cursor=" + cursor).send().problem());
        CPPUNIT_ASSERT_EQUAL(std::string("bad-cursor"),
                             host_->get("/api/v1/products?cursor=nonsense").send().problem());
    }

    void filtersNarrowTheList() {
        create("a", "Dark bread", 300);
        create("b", "White BREAD 100%", 400);
        create("c", "Butter", 500);
        CPPUNIT_ASSERT((skus("text=Bread") == std::vector<std::string>{"a", "b"}));
        CPPUNIT_ASSERT((skus("text=0%25") == std::vector<std::string>{"b"}));
        CPPUNIT_ASSERT(skus("text=d_r").empty());
        CPPUNIT_ASSERT((skus("minPrice=400&sort=price") == std::vector<std::string>{"b", "c"}));
        CPPUNIT_ASSERT((skus("minPrice=301&maxPrice=499") == std::vector<std::string>{"b"}));
        CPPUNIT_ASSERT_EQUAL(400, host_->get("/api/v1/products?minPrice=abc").send().status);
        CPPUNIT_ASSERT_EQUAL(400, host_->get("/api/v1/products?sort=colour").send().status);
    }

    void aCategoryHoldsWhatIsBelowIt() {
        CPPUNIT_ASSERT_EQUAL(201, category("food").status);
        CPPUNIT_ASSERT_EQUAL(201, category("bread", "food").status);
        CPPUNIT_ASSERT_EQUAL(201, category("foodstuff").status);
        CPPUNIT_ASSERT_EQUAL(std::string("unknown-category"), category("x", "nowhere").problem());
        for (const char* slug : {"food", "bread", "foodstuff"}) {
            Json::Value product = draft(slug, slug, 1);
            product["category"] = slug;
            createFrom(product);
        }
        CPPUNIT_ASSERT((skus("category=food") == std::vector<std::string>{"bread", "food"}));
        CPPUNIT_ASSERT((skus("category=bread") == std::vector<std::string>{"bread"}));
        CPPUNIT_ASSERT(skus("category=nowhere").empty());
        const Json::Value tree = host_->get("/api/v1/categories").send().json()["items"];
        CPPUNIT_ASSERT_EQUAL(3u, tree.size());
        CPPUNIT_ASSERT_EQUAL(std::string("food"), tree[1]["parent"].asString());
    }

    void categoriesInUseStay() {
        category("food");
        category("bread", "food");
        const auto remove = [&](const std::string& slug) {
            return host_->del("/api/v1/categories/" + slug).as("s", "staff").send();
        };
        CPPUNIT_ASSERT_EQUAL(std::string("category-in-use"), remove("food").problem());
        CPPUNIT_ASSERT_EQUAL(204, remove("bread").status);
        CPPUNIT_ASSERT_EQUAL(404, remove("bread").status);
        auto rename = host_->patch("/api/v1/categories/food").as("s", "staff").ifMatch(1).json(R"({"name":"Food"})");
        CPPUNIT_ASSERT_EQUAL(std::string("\"2\""), rename.send().header("ETag"));
        CPPUNIT_ASSERT_EQUAL(412, rename.send().status);
    }

    void aBatchSaysWhatIsMissing() {
        const std::string first = create("a").json()["id"].asString();
        const std::string second = create("b").json()["id"].asString();
        const std::string unknown = "0190a5b0-0000-7000-8000-00000000ffff";
        Json::Value body;
        for (const std::string& id : {second, unknown, first}) {
            body["ids"].append(id);
        }
        const Json::Value reply = host_->post("/api/v1/products/batch-get").service("order").json(body).send().json();
        CPPUNIT_ASSERT_EQUAL(std::string("b"), reply["items"][0]["sku"].asString());
        CPPUNIT_ASSERT_EQUAL(std::string("a"), reply["items"][1]["sku"].asString());
        CPPUNIT_ASSERT_EQUAL(unknown, reply["missing"][0].asString());
        for (int i = 0; i < 201; ++i) {
            body["ids"].append(unknown.substr(0, 33) + std::to_string(100 + i));
        }
        CPPUNIT_ASSERT_EQUAL(400, host_->post("/api/v1/products/batch-get").json(body).send().status);
    }

    void versionsOfEventsAreGapless() {
        const std::string path = created("a");
        update(path, 1, R"({"status":"archived"})");
        setPrice(path, 2, 520);
        host_->del(path).as("s", "staff").ifMatch(3).send();
        std::int64_t expected = 0;
        for (const fake::Published& event : host_->published()) {
            CPPUNIT_ASSERT_EQUAL(++expected, event.version);
        }
        CPPUNIT_ASSERT_EQUAL(std::int64_t{4}, expected);
    }

    Json::Value stock(const std::string& id, int left) {
        Json::Value data;
        data["productId"] = id;
        data["currentStock"] = left;
        data["threshold"] = 5;
        return data;
    }
    std::string availability(const std::string& id) {
        return host_->get("/api/v1/products/" + id).send().json()["availability"].asString();
    }

    void lowStockShowsForAWhile() {
        const std::string id = create("a").json()["id"].asString();
        CPPUNIT_ASSERT_EQUAL(0, host_->deliver("inventory.low_stock", id, stock(id, 3), 4));
        CPPUNIT_ASSERT_EQUAL(std::string("low"), availability(id));
        CPPUNIT_ASSERT_EQUAL(std::string("\"1\""), host_->get("/api/v1/products/" + id).send().header("ETag"));
        host_->advance(std::chrono::hours{71});
        CPPUNIT_ASSERT_EQUAL(0, host_->deliver("inventory.low_stock", id, stock(id, 0), 5));
        host_->advance(std::chrono::hours{71});
        CPPUNIT_ASSERT_EQUAL(std::string("out"), availability(id));
        CPPUNIT_ASSERT_EQUAL(1, host_->advance(std::chrono::hours{1}));
        CPPUNIT_ASSERT_EQUAL(std::string("in_stock"), availability(id));
    }

    void olderStockReportsAreIgnored() {
        const std::string id = create("a").json()["id"].asString();
        CPPUNIT_ASSERT_EQUAL(0, host_->deliver("inventory.low_stock", id, stock(id, 0), 5));
        CPPUNIT_ASSERT_EQUAL(0, host_->deliver("inventory.low_stock", id, stock(id, 9), 4));
        CPPUNIT_ASSERT_EQUAL(std::string("out"), availability(id));
        CPPUNIT_ASSERT_EQUAL(0, host_->deliver("inventory.low_stock", id, stock(id, 9), 6));
        CPPUNIT_ASSERT_EQUAL(std::string("in_stock"), availability(id));
        CPPUNIT_ASSERT(host_->timers().empty());
    }

    void stockOfUnknownProductsIsIgnored() {
        const std::string id = "0190a5b0-0000-7000-8000-00000000ffff";
        CPPUNIT_ASSERT_EQUAL(0, host_->deliver("inventory.low_stock", id, stock(id, 0), 1));
        CPPUNIT_ASSERT(host_->timers().empty());
        CPPUNIT_ASSERT_EQUAL(STOA_INVALID + 0,
                             host_->deliver("inventory.low_stock", id, Json::Value{Json::objectValue}));
    }

private:
    std::unique_ptr<fake::Host> host_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(ApiTest);

}  // namespace
