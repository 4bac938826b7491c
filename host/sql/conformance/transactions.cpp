// The pool, hooks and repetition.

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "host/sql/conformance/conformance.h"

namespace stoa::host::sql {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

void Conformance::aFullPoolTurnsAwayWithinItsTime() {
    Options options;
    options.max_connections = 2;
    options.acquire_timeout = milliseconds{50};
    const auto database = open(options);
    std::vector<std::unique_ptr<Transaction>> held;
    held.reserve(2);
    for (int i = 0; i < roomForTwo(Mode::kRead); ++i) {
        held.push_back(database->begin(Mode::kRead));
    }
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_EXHAUSTED}, statusOfFailure([&] { database->begin(Mode::kRead); }));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_EXHAUSTED}, statusOfFailure([&] {
                             database->begin(Mode::kRead, steady_clock::now() + milliseconds{20});
                         }));
    held.pop_back();
    database->begin(Mode::kRead);
    database->ping();
}

void Conformance::waitersAreServedInOrder() {
    constexpr int kWaiters = 8;
    Options options;
    options.max_connections = 2;
    options.acquire_timeout = std::chrono::seconds{30};
    const auto database = open(options);
    std::vector<std::unique_ptr<Transaction>> held;
    held.reserve(2);
    for (int i = 0; i < roomForTwo(Mode::kWrite); ++i) {
        held.push_back(database->begin(Mode::kWrite));
    }
    std::mutex mutex;
    std::vector<int> order;
    std::vector<std::thread> threads;
    for (int i = 0; i < kWaiters; ++i) {
        threads.emplace_back([&, i] {
            const auto tx = database->begin(Mode::kWrite);
            const std::lock_guard lock{mutex};
            order.push_back(i);
        });
        // The next one lines up only after this one waits: a probe is turned away with one more in front of it.
        const auto waiting = "(" + std::to_string(i + 1) + " more are waiting)";
        while (messageOfFailure([&] {
                   database->begin(Mode::kWrite, steady_clock::now() + milliseconds{1});
               }).find(waiting) == std::string::npos) {
        }
    }
    // One place only from here on, so that the order of service is the order of leaving.
    held.pop_back();
    for (auto& thread : threads) {
        thread.join();
    }
    CPPUNIT_ASSERT((order == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7}));
}

void Conformance::hooksRunAfterACommitOnly() {
    run({"CREATE TABLE t (id bigint PRIMARY KEY)"});
    int ran = 0;
    std::int64_t seen = -1;
    const auto hook = [&] {
        ++ran;
        seen = number("SELECT count(*) FROM t");
    };
    const auto lost = database_->begin(Mode::kWrite);
    lost->onCommit(hook);
    lost->rollback();
    CPPUNIT_ASSERT_EQUAL(0, ran);
    const auto kept = database_->begin(Mode::kWrite);
    kept->execute("INSERT INTO t (id) VALUES (1)", {});
    kept->onCommit(hook);
    kept->commit();
    CPPUNIT_ASSERT_EQUAL(1, ran);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, seen);
}

void Conformance::theLastStatementMayCommit() {
    run({"CREATE TABLE t (id bigint PRIMARY KEY)"});
    // Unknown to the connection at first, kept prepared then; alone and behind another one.
    for (std::int64_t id = 1; id <= 6; id += 2) {
        int ran = 0;
        const auto alone = database_->begin(Mode::kWrite, steady_clock::now() + std::chrono::seconds{20});
        alone->onCommit([&] { ++ran; });
        const std::vector<Value> first{id};
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1},
                             alone->executeAndCommit("INSERT INTO t (id) VALUES ($1)", first).affected);
        CPPUNIT_ASSERT_EQUAL(1, ran);
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOfFailure([&] { alone->execute("SELECT 1", {}); }));
        const auto behind = database_->begin(Mode::kWrite);
        behind->execute("INSERT INTO t (id) VALUES ($1)", {id + 1});
        CPPUNIT_ASSERT_EQUAL(std::size_t{1},
                             behind->executeAndCommit("SELECT count(*) FROM t", std::span<const Value>{}).rows.size());
        CPPUNIT_ASSERT_EQUAL(id + 1, number("SELECT count(*) FROM t"));
    }
}

void Conformance::aFailedLastStatementLeavesNothing() {
    run({"CREATE TABLE t (id bigint PRIMARY KEY)", "INSERT INTO t (id) VALUES (1)"});
    const std::vector<Value> there{std::int64_t{1}};
    for (int i = 0; i < 3; ++i) {
        const auto tx = database_->begin(Mode::kWrite);
        tx->onCommit([] { CPPUNIT_FAIL("nothing was committed"); });
        tx->execute("INSERT INTO t (id) VALUES (2)", {});
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DUPLICATE},
                             statusOfFailure([&] { tx->executeAndCommit("INSERT INTO t (id) VALUES ($1)", there); }));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_INVALID}, statusOfFailure([&] { tx->execute("SELECT 1", {}); }));
        CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_DUPLICATE}, statusOfFailure([&] {
                                 database_->once(Mode::kWrite, {}, "INSERT INTO t (id) VALUES ($1)", there);
                             }));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT count(*) FROM t"));
    }
}

void Conformance::aStatementMayBeATransaction() {
    run({"CREATE TABLE t (id bigint PRIMARY KEY)"});
    for (std::int64_t id = 1; id <= 3; ++id) {
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1},
                             database_->once(Mode::kWrite, {}, "INSERT INTO t (id) VALUES ($1)", {id}).affected);
        CPPUNIT_ASSERT((database_->once(Mode::kRead, {}, "SELECT count(*) FROM t").rows ==
                        std::vector<std::vector<Value>>{{Value{id}}}));
        CPPUNIT_ASSERT(statusOfFailure([&] {
                           database_->once(Mode::kRead, {}, "INSERT INTO t (id) VALUES ($1)", {-id});
                       }) != STOA_OK);
    }
}

void Conformance::transactTriesAgainAfterAConflict() {
    run({"CREATE TABLE t (id bigint)"});
    int tries = 0;
    database_->transact(Mode::kWrite, {}, [&](Transaction& tx) {
        tx.execute("INSERT INTO t (id) VALUES (1)", {});
        if (++tries < 4) {
            throw Error(STOA_CONFLICT, "somebody was faster");
        }
    });
    CPPUNIT_ASSERT_EQUAL(4, tries);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT count(*) FROM t"));
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, statusOfFailure([&] {
                             database_->transact(Mode::kWrite, {},
                                                 [](Transaction&) { throw Error(STOA_CONFLICT, "always"); });
                         }));
}

void Conformance::transactDoesNotRepeatAConstraintViolation() {
    run({"CREATE TABLE t (n bigint CHECK (n > 0))"});
    int tries = 0;
    CPPUNIT_ASSERT_EQUAL(stoa_status{STOA_CONFLICT}, statusOfFailure([&] {
                             database_->transact(Mode::kWrite, {}, [&](Transaction& tx) {
                                 ++tries;
                                 tx.execute("INSERT INTO t (n) VALUES (0)", {});
                             });
                         }));
    CPPUNIT_ASSERT_EQUAL(1, tries);
}

}  // namespace stoa::host::sql
