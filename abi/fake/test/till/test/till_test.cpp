// The SDK and the fake host, proven by a plugin that does a little of everything.

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <memory>

#include <stoa/fake/host.h>
#include <stoa/json.h>
#include <stoa/plugin.h>

namespace {

using namespace stoa;
using std::chrono::minutes;
using std::chrono::seconds;

Json::Value priced(int price) {
    Json::Value product;
    product["price"] = price;
    return product;
}

class TillTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TillTest);
    CPPUNIT_TEST(aCommittedRequestLeavesRowEventTimerAndAnswer);
    CPPUNIT_TEST(theSameKeyReplaysTheSameAnswer);
    CPPUNIT_TEST(theSameKeyWithAnotherBodyIsRefused);
    CPPUNIT_TEST(aFailedAttemptKeepsItsResourceId);
    CPPUNIT_TEST(aProblemOfTheHandlerIsKeptForTheKey);
    CPPUNIT_TEST(aLostSerialisationRaceIsTriedAgain);
    CPPUNIT_TEST(aCommitThatKeepsFailingAnswers409AndKeepsNothing);
    CPPUNIT_TEST(aViolatedUniqueKeyRollsBackEverything);
    CPPUNIT_TEST(badBodiesNeverReachTheHandler);
    CPPUNIT_TEST(badParametersNeverReachTheHandler);
    CPPUNIT_TEST(unknownPathsAndMethodsAreRefused);
    CPPUNIT_TEST(authMarksAreEnforced);
    CPPUNIT_TEST(ifMatchDecides);
    CPPUNIT_TEST(anEventTakesEffectOnce);
    CPPUNIT_TEST(anEventThatFailsLeavesNothing);
    CPPUNIT_TEST(timersFireInOrderAndJobsAreRepeated);
    CPPUNIT_TEST(exceptionsBecomeAnswersWithoutDetails);
    CPPUNIT_TEST(mistakesOfThePluginAreLoud);
    CPPUNIT_TEST(aStreamComesInPiecesAndIsBounded);
    CPPUNIT_TEST(aRestartFindsTheData);
    CPPUNIT_TEST(settingsAreChecked);
    CPPUNIT_TEST_SUITE_END();

public:
    void setUp() override {
        host_ = std::make_unique<fake::Host>(STOA_TEST_MANIFEST, fake::Options{.secrets = {{"hook", "Jefe"}}});
        host_->neighbour("product").on("GET", "/api/v1/products/{name}", [](const fake::Incoming& call) {
            return call.param.at("name") == "unknown" ? fake::Outgoing{404} : fake::Outgoing{200, priced(5)};
        });
    }

    fake::Ask create(const std::string& key, const std::string& name = "front") {
        Json::Value body;
        body["name"] = name;
        return host_->post("/api/v1/tills").as("user-1").key(key).json(body);
    }

    std::string created(const std::string& name = "front") { return create(name, name).send().json()["id"].asString(); }

    void aCommittedRequestLeavesRowEventTimerAndAnswer() {
        const fake::Answer answer = create("k1", "front desk").send();
        CPPUNIT_ASSERT_EQUAL(201, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("\"1\""), answer.header("ETag"));
        const std::string id = answer.json()["id"].asString();
        CPPUNIT_ASSERT(isUuid(id));
        CPPUNIT_ASSERT_EQUAL("/api/v1/tills/" + id, answer.header("location"));
        CPPUNIT_ASSERT(answer.json()["open"].asBool());

        const auto& calls = host_->neighbour("product").calls();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, calls.size());
        CPPUNIT_ASSERT_EQUAL(std::string("/api/v1/products/front%20desk"), calls[0].path);
        CPPUNIT_ASSERT_EQUAL(std::string("front desk"), calls[0].param.at("name"));
        CPPUNIT_ASSERT(calls[0].as_user);

        const auto events = host_->takePublished("till.opened");
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, events.size());
        CPPUNIT_ASSERT_EQUAL(id, events[0].key);
        CPPUNIT_ASSERT_EQUAL(1, events[0].data["aggregateVersion"].asInt());
        CPPUNIT_ASSERT_EQUAL(std::string("2026-01-05T09:00:00Z"), events[0].data["timestamp"].asString());
        CPPUNIT_ASSERT(host_->published().empty());

        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->timers().size());
        CPPUNIT_ASSERT(host_->timers()[0].due == host_->now() + minutes{10});
        CPPUNIT_ASSERT_EQUAL(std::string("user-1"), host_->query("SELECT owner FROM tills")[0]["owner"].asString());
        CPPUNIT_ASSERT_EQUAL(1.0, host_->metric("till_opened_total"));
    }

    void theSameKeyReplaysTheSameAnswer() {
        const fake::Answer first = create("k1").send();
        const fake::Answer second = create("k1").send();
        CPPUNIT_ASSERT(!first.replayed());
        CPPUNIT_ASSERT(second.replayed());
        CPPUNIT_ASSERT_EQUAL(first.status, second.status);
        CPPUNIT_ASSERT_EQUAL(first.body, second.body);
        CPPUNIT_ASSERT_EQUAL(first.header("ETag"), second.header("ETag"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->neighbour("product").calls().size());
    }

    void theSameKeyWithAnotherBodyIsRefused() {
        create("k1").send();
        const fake::Answer other = create("k1", "back").send();
        CPPUNIT_ASSERT_EQUAL(422, other.status);
        CPPUNIT_ASSERT_EQUAL(std::string("idempotency-key-reused"), other.problem());
        CPPUNIT_ASSERT_EQUAL(201, create("k2", "back").as("user-2").send().status);
        const fake::Answer none = host_->post("/api/v1/tills").as("user-1").json(R"({"name":"x"})").send();
        CPPUNIT_ASSERT_EQUAL(std::string("idempotency-key-missing"), none.problem());
    }

    void aFailedAttemptKeepsItsResourceId() {
        host_->neighbour("product").down();
        const fake::Answer failed = create("k1").send();
        CPPUNIT_ASSERT_EQUAL(503, failed.status);
        CPPUNIT_ASSERT_EQUAL(std::string("1"), failed.header("Retry-After"));
        const std::string claimed =
            host_->query("SELECT resource_id FROM stoa_idempotency")[0]["resource_id"].asString();
        host_->neighbour("product").up();
        const fake::Answer done = create("k1").send();
        CPPUNIT_ASSERT_EQUAL(201, done.status);
        CPPUNIT_ASSERT(!done.replayed());
        CPPUNIT_ASSERT_EQUAL(claimed, done.json()["id"].asString());
    }

    void aProblemOfTheHandlerIsKeptForTheKey() {
        const fake::Answer first = create("k1", "unknown").send();
        CPPUNIT_ASSERT_EQUAL(422, first.status);
        CPPUNIT_ASSERT_EQUAL(std::string("unknown-product"), first.problem());
        CPPUNIT_ASSERT_EQUAL(std::string("/name"), first.json()["errors"][0]["field"].asString());
        CPPUNIT_ASSERT(create("k1", "unknown").send().replayed());
    }

    void aLostSerialisationRaceIsTriedAgain() {
        host_->failCommits(3);
        const fake::Answer answer = create("k1").send();
        CPPUNIT_ASSERT_EQUAL(201, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published().size());
        CPPUNIT_ASSERT_EQUAL(1u, host_->query("SELECT id FROM tills").size());
        CPPUNIT_ASSERT(create("k1").send().replayed());
    }

    void aCommitThatKeepsFailingAnswers409AndKeepsNothing() {
        host_->failCommits(4);
        const fake::Answer answer = create("k1").send();
        CPPUNIT_ASSERT_EQUAL(409, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("conflict"), answer.problem());
        CPPUNIT_ASSERT(answer.header("ETag").empty());
        CPPUNIT_ASSERT(host_->published().empty());
        CPPUNIT_ASSERT_EQUAL(201, create("k1").send().status);
    }

    void aViolatedUniqueKeyRollsBackEverything() {
        created();
        const fake::Answer answer = create("k2").send();
        CPPUNIT_ASSERT_EQUAL(409, answer.status);
        CPPUNIT_ASSERT_EQUAL(std::string("duplicate"), answer.problem());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->published().size());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->timers().size());
    }

    void badBodiesNeverReachTheHandler() {
        for (const char* body :
             {"{", "[]", "{}", R"({"name":5})", R"({"name":""})", R"({"name":"x","more":1})",
              R"({"name":"x","name":"y"})", "{\"name\":\"\xff\"}", R"({"name":"123456789012345678901"})"}) {
            const fake::Answer answer = host_->post("/api/v1/tills").as("user-1").key("k").json(body).send();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(body, 400, answer.status);
        }
        const fake::Answer wrong = host_->post("/api/v1/tills").as("u").key("k").json(R"({"name":5})").send();
        CPPUNIT_ASSERT_EQUAL(std::string("invalid-body"), wrong.problem());
        CPPUNIT_ASSERT_EQUAL(std::string("/name"), wrong.json()["errors"][0]["field"].asString());
        CPPUNIT_ASSERT_EQUAL(400, host_->post("/api/v1/tills").as("u").key("k").send().status);
        CPPUNIT_ASSERT_EQUAL(415, host_->post("/api/v1/tills").as("u").key("k").body("text/plain", "x").send().status);
        CPPUNIT_ASSERT(host_->neighbour("product").calls().empty());
    }

    void badParametersNeverReachTheHandler() {
        CPPUNIT_ASSERT_EQUAL(std::string("invalid-parameter"), host_->get("/api/v1/tills/7").send().problem());
        const std::string id = created();
        CPPUNIT_ASSERT_EQUAL(200, host_->get("/api/v1/tills/" + id + "?limit=5").send().status);
        for (const char* limit : {"0", "101", "x", "1.0", "", "99999999999999999999"}) {
            const fake::Answer answer = host_->get("/api/v1/tills/" + id + "?limit=" + limit).send();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(limit, 400, answer.status);
            CPPUNIT_ASSERT_EQUAL(std::string("query:limit"), answer.json()["errors"][0]["field"].asString());
        }
    }

    void unknownPathsAndMethodsAreRefused() {
        CPPUNIT_ASSERT_EQUAL(404, host_->get("/api/v1/nothing").send().status);
        CPPUNIT_ASSERT_EQUAL(404, host_->get("/api/v1/tills/").send().status);
        CPPUNIT_ASSERT_EQUAL(405, host_->del("/api/v1/tills").send().status);
        const fake::Answer missing = host_->get("/api/v1/tills/0190a5b0-0000-7000-8000-000000000009").send();
        CPPUNIT_ASSERT_EQUAL(std::string("not-found"), missing.problem());
    }

    void authMarksAreEnforced() {
        CPPUNIT_ASSERT_EQUAL(401, host_->post("/api/v1/tills").key("k").json(R"({"name":"x"})").send().status);
        CPPUNIT_ASSERT_EQUAL(403, host_->post("/api/v1/tills").service("order").key("k").json("{}").send().status);
        const std::string target = "/api/v1/tills/" + created();
        CPPUNIT_ASSERT_EQUAL(403, host_->patch(target).as("u", "customer").ifMatch(1).send().status);
        CPPUNIT_ASSERT_EQUAL(200, host_->patch(target).as("u", "customer staff").ifMatch(1).send().status);
        CPPUNIT_ASSERT_EQUAL(403, host_->post("/api/v1/tills/misbehave/x").service("order").send().status);
        CPPUNIT_ASSERT_EQUAL(403, host_->post("/api/v1/tills/misbehave/x").as("u", "admin").send().status);
    }

    void ifMatchDecides() {
        const std::string target = "/api/v1/tills/" + created();
        CPPUNIT_ASSERT_EQUAL(std::string("\"2\""),
                             host_->patch(target).as("u", "staff").ifMatch(1).send().header("ETag"));
        CPPUNIT_ASSERT_EQUAL(std::string("precondition-failed"),
                             host_->patch(target).as("u", "staff").ifMatch(1).send().problem());
        for (const char* etag : {"2", "W/\"2\"", "\"\"", "\"x\"", "\"2", "\"2\", \"3\"", "\"99999999999999999999\""}) {
            const fake::Answer answer = host_->patch(target).as("u", "staff").header("If-Match", etag).send();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(etag, std::string("bad-etag"), answer.problem());
        }
    }

    void anEventTakesEffectOnce() {
        const std::string id = created();
        Json::Value sale;
        sale["tillId"] = id;
        sale["amount"] = 7;
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("sale.made", id, sale, 1));
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliverAgain());
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("sale.made", id, sale, 2, "event-2"));
        CPPUNIT_ASSERT_EQUAL(STOA_OK + 0, host_->deliver("sale.made", id, sale, 2, "event-2"));
        CPPUNIT_ASSERT_EQUAL(14, host_->query("SELECT taken FROM tills")[0]["taken"].asInt());
    }

    void anEventThatFailsLeavesNothing() {
        Json::Value sale;
        sale["tillId"] = "0190a5b0-0000-7000-8000-000000000009";
        CPPUNIT_ASSERT_EQUAL(STOA_INVALID + 0, host_->deliver("sale.made", "x", sale));
        sale["amount"] = 7;
        CPPUNIT_ASSERT_EQUAL(STOA_NOT_FOUND + 0, host_->deliver("sale.made", "x", sale));
        CPPUNIT_ASSERT_EQUAL(std::string("no till 0190a5b0-0000-7000-8000-000000000009"), host_->lastError());
        CPPUNIT_ASSERT_EQUAL(STOA_NOT_FOUND + 0, host_->deliverAgain());
        sale["tillId"] = created();
        sale["amount"] = -1;  // against the table's CHECK
        CPPUNIT_ASSERT_EQUAL(STOA_CONFLICT + 0, host_->deliver("sale.made", "x", sale));
        CPPUNIT_ASSERT_THROW((void)host_->deliver("unknown.topic", "x", sale), fake::Violation);
    }

    void timersFireInOrderAndJobsAreRepeated() {
        const std::string id = created();
        auto& bank = host_->external("bank").timeout();
        CPPUNIT_ASSERT_EQUAL(0, host_->advance(minutes{9}));
        CPPUNIT_ASSERT(host_->query("SELECT open FROM tills")[0]["open"].asBool());
        // The timer at 10 min closes the till and makes the job due, which fails then and after 1, 2, 4, 8 and 16 s.
        CPPUNIT_ASSERT_EQUAL(7, host_->advance(minutes{1} + seconds{31}));
        CPPUNIT_ASSERT(!host_->query("SELECT open FROM tills")[0]["open"].asBool());
        CPPUNIT_ASSERT_EQUAL(std::size_t{6}, bank.calls().size());
        CPPUNIT_ASSERT_EQUAL(7u, host_->timers().at(0).attempt);
        CPPUNIT_ASSERT_EQUAL(std::string("nobody knows"), host_->lastError());

        bank.up().on("POST", "/reports", fake::Outgoing{.status = 201, .body = "done"});
        host_->moveClock(minutes{1});
        CPPUNIT_ASSERT_EQUAL(1, host_->runDue());
        CPPUNIT_ASSERT(host_->timers().empty());
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, host_->mails().size());
        CPPUNIT_ASSERT_EQUAL(id, host_->mails()[0].message_id);
        CPPUNIT_ASSERT_EQUAL(std::string("done"), host_->mails()[0].text);
    }

    void exceptionsBecomeAnswersWithoutDetails() {
        const auto misbehave = [&](const std::string& how) {
            return host_->post("/api/v1/tills/misbehave/" + how).service("admin").send();
        };
        const fake::Answer thrown = misbehave("throw");
        CPPUNIT_ASSERT_EQUAL(500, thrown.status);
        CPPUNIT_ASSERT(thrown.body.find("secret") == std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("secret detail"), host_->log().back().fields.at("error"));
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{STOA_LOG_ERROR}, host_->log().back().level);
        CPPUNIT_ASSERT_EQUAL(500, misbehave("throw-int").status);
        CPPUNIT_ASSERT_EQUAL(503, misbehave("unavailable").status);
        CPPUNIT_ASSERT_EQUAL(400, misbehave("call-in-transaction").status);
        CPPUNIT_ASSERT_EQUAL(400, misbehave("bad-event").status);
        CPPUNIT_ASSERT(host_->lastError().find("till.opened") != std::string::npos);
        CPPUNIT_ASSERT(host_->published().empty());
    }

    void mistakesOfThePluginAreLoud() {
        for (const char* how : {"leave-open", "undocumented", "wrong-shape"}) {
            auto ask = host_->post(std::string("/api/v1/tills/misbehave/") + how).service("admin");
            CPPUNIT_ASSERT_THROW_MESSAGE(how, ask.send(), fake::Violation);
        }
        CPPUNIT_ASSERT_EQUAL(201, create("k1").send().status);
    }

    void aStreamComesInPiecesAndIsBounded() {
        const auto send = [&](std::size_t size) {
            return host_->post("/api/v1/tills/import").body("text/csv", std::string(size, 'x')).send();
        };
        CPPUNIT_ASSERT_EQUAL(std::string("1000"), send(1000).body);
        CPPUNIT_ASSERT_EQUAL(std::string("body-too-large"), send(1001).problem());
    }

    void aRestartFindsTheData() {
        const std::string id = created();
        host_->restart();
        CPPUNIT_ASSERT_EQUAL(std::string(), host_->health());
        CPPUNIT_ASSERT_EQUAL(200, host_->get("/api/v1/tills/" + id).send().status);
        CPPUNIT_ASSERT(create("front").send().replayed());
    }

    void settingsAreChecked() {
        fake::Options options;
        options.settings["openMinutes"] = 0;
        CPPUNIT_ASSERT_THROW(fake::Host(STOA_TEST_MANIFEST, options), fake::Violation);
        options.settings["openMinutes"] = 3;
        fake::Host host{STOA_TEST_MANIFEST, options};
        host.neighbour("product").on("GET", "/api/v1/products/{name}", fake::Outgoing{200, priced(1)});
        host.post("/api/v1/tills").as("u").key("k").json(R"({"name":"x"})").send();
        CPPUNIT_ASSERT(host.timers().at(0).due == host.now() + minutes{3});
    }

private:
    std::unique_ptr<fake::Host> host_;
};

CPPUNIT_TEST_SUITE_REGISTRATION(TillTest);

}  // namespace
