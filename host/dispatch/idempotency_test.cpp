#include "host/dispatch/idempotency.h"

#include <cppunit/extensions/HelperMacros.h>

#include <stoa/error.h>

namespace stoa::host::dispatch {
namespace {

using std::chrono::seconds;

class IdempotencyTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(IdempotencyTest);
    CPPUNIT_TEST(theFirstOneIsClaimedAndTheSecondWaits);
    CPPUNIT_TEST(aStoredAnswerIsReplayed);
    CPPUNIT_TEST(anotherBodyWithTheSameKeyIsRefused);
    CPPUNIT_TEST(anExpiredLeaseIsTakenOverWithTheSameResource);
    CPPUNIT_TEST(whoLostTheLeaseCanNotStore);
    CPPUNIT_TEST(callersAndRoutesHaveKeysOfTheirOwn);
    CPPUNIT_TEST(passingFailuresAreNotKept);
    CPPUNIT_TEST(oldKeysArePruned);
    CPPUNIT_TEST(keysAreChecked);
    CPPUNIT_TEST_SUITE_END();

    Clock clock_;
    Idempotency idempotency_{clock_};
    std::unique_ptr<sql::Database> database_;
    const IdempotencyKey id_{"user-1", "POST /api/v1/orders", "key-1", "print-1"};

    Idempotency::Outcome claim(const IdempotencyKey& id) {
        return idempotency_.claim(*database_, id, std::chrono::steady_clock::now() + seconds{10});
    }
    Claim claimed(const IdempotencyKey& id) { return std::get<Claim>(claim(id)); }
    int refused(const IdempotencyKey& id) { return std::get<http::Response>(claim(id)).status; }
    static http::Response answer(int status) {
        http::Response response;
        response.status = status;
        response.headers.set("ETag", "\"1\"");
        response.body = R"({"orderId":"7"})";
        return response;
    }
    void store(const Claim& claim) {
        auto transaction = database_->begin(sql::Mode::kWrite);
        idempotency_.store(*transaction, claim, answer(202));
        transaction->commit();
    }

public:
    void setUp() override {
        database_ = sql::Database::open("sqlite::memory:", ".", {});
        database_->migrate("idempotency", Idempotency::migrations());
    }

    void theFirstOneIsClaimedAndTheSecondWaits() {
        const Claim first = claimed(id_);
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, first.attempt);
        CPPUNIT_ASSERT_EQUAL(std::size_t{36}, first.resource_id.size());
        CPPUNIT_ASSERT_EQUAL(409, refused(id_));
    }

    void aStoredAnswerIsReplayed() {
        store(claimed(id_));
        const auto again = std::get<http::Response>(claim(id_));
        CPPUNIT_ASSERT_EQUAL(202, again.status);
        CPPUNIT_ASSERT_EQUAL(std::string(R"({"orderId":"7"})"), again.body);
        CPPUNIT_ASSERT(again.headers.find("ETag") == "\"1\"");
        CPPUNIT_ASSERT(again.headers.find("Idempotent-Replayed") == "true");
    }

    void anotherBodyWithTheSameKeyIsRefused() {
        claimed(id_);
        IdempotencyKey other = id_;
        other.fingerprint = "print-2";
        CPPUNIT_ASSERT_EQUAL(422, refused(other));
    }

    void anExpiredLeaseIsTakenOverWithTheSameResource() {
        const Claim first = claimed(id_);
        clock_.shift(seconds{16});
        const Claim second = claimed(id_);
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{2}, second.attempt);
        CPPUNIT_ASSERT_EQUAL(first.resource_id, second.resource_id);
    }

    void whoLostTheLeaseCanNotStore() {
        const Claim first = claimed(id_);
        clock_.shift(seconds{16});
        const Claim second = claimed(id_);
        CPPUNIT_ASSERT_THROW(store(first), Error);
        store(second);
        CPPUNIT_ASSERT_THROW(store(second), Error);
    }

    void callersAndRoutesHaveKeysOfTheirOwn() {
        claimed(id_);
        IdempotencyKey other = id_;
        other.caller = "user-2";
        claimed(other);
        other = id_;
        other.route = "POST /api/v1/orders/{orderId}/pay";
        claimed(other);
    }

    void passingFailuresAreNotKept() {
        idempotency_.settle(*database_, claimed(id_), answer(503));
        const Claim second = claimed(id_);
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{2}, second.attempt);
        idempotency_.settle(*database_, second, answer(409));
        CPPUNIT_ASSERT_EQUAL(409, refused(id_));
        for (const int status : {401, 403, 408, 413, 415, 429, 500, 503, 504}) {
            CPPUNIT_ASSERT(!Idempotency::storable(status));
        }
    }

    void oldKeysArePruned() {
        store(claimed(id_));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, idempotency_.prune(*database_));
        clock_.shift(std::chrono::hours{25});
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, idempotency_.prune(*database_));
        CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, claimed(id_).attempt);
    }

    void keysAreChecked() {
        CPPUNIT_ASSERT(Idempotency::wellFormed("8e03978e-40d5-43e8-bc93-6894a57f9324"));
        for (const std::string& key :
             {std::string(), std::string(256, 'a'), std::string("a b"), std::string("\xc3\xa4")}) {
            CPPUNIT_ASSERT(!Idempotency::wellFormed(key));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(IdempotencyTest);

}  // namespace
}  // namespace stoa::host::dispatch
