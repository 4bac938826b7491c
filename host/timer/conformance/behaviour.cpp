#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "host/timer/conformance/conformance.h"

namespace stoa::host::timer {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

void TimerConformance::firesOnceAndIsGone() {
    const auto service = host("a");
    set("job", "k1", milliseconds{0}, "päyload");
    set("call", "k2", milliseconds{-500});
    service->wake();
    awaitRows(0);
    service->stop();
    auto all = seen();
    std::sort(all.begin(), all.end(), [](const Seen& a, const Seen& b) { return a.key < b.key; });
    CPPUNIT_ASSERT((all == std::vector<Seen>{{"job", "k1", "päyload", 1, true}, {"call", "k2", "", 1, false}}));
}

void TimerConformance::firesInDueOrder() {
    for (const int i : {3, 0, 4, 1, 2}) {
        set("job", std::to_string(i), seconds{i - 100});
    }
    const auto service = host("a", 1);
    awaitRows(0);
    std::string order;
    for (const auto& one : seen()) {
        order += one.key;
    }
    CPPUNIT_ASSERT_EQUAL(std::string{"01234"}, order);
}

void TimerConformance::waitsForItsTime() {
    set("job", "later", hours{1});
    set("job", "now", milliseconds{0});
    const auto service = host("a");
    awaitRows(1);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, seen().size());
    clock_.shift(hours{1});
    service->wake();
    awaitRows(0);
}

void TimerConformance::firesWhenItWasSaidToBeDue() {
    const auto service = host("a", 4, hours{1});  // by itself it looks once
    eventually([&] { return turns() >= 1; });
    for (const int ms : {200, 100, 300}) {
        set("job", std::to_string(ms), milliseconds{ms});
        service->wakeFor(toMicros(clock_.now()) + std::int64_t{ms} * 1000);
    }
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, seen().size());
}

void TimerConformance::aTimerThatIsMovedFiresAtItsNewTime() {
    set("job", "k", milliseconds{0}, "old");
    set("job", "k", hours{1}, "new");
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, number("SELECT count(*) FROM stoa_timers"));
    set("job", "other", milliseconds{0});
    const auto service = host("a");
    awaitRows(1);
    clock_.shift(hours{1});
    service->wake();
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(std::string{"new"}, seen().back().payload);
}

void TimerConformance::survivesARestart() {
    host("a");
    set("job", "k", seconds{30});
    host("a")->stop();
    clock_.shift(seconds{31});
    const auto next = host("a");
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, seen().at(0).attempt);
}

void TimerConformance::aCrashedHostsTimerIsTakenOverAfterItsLease() {
    set("call", "k", milliseconds{0});
    TimerStore crashed{*database_, "crashed"};
    CPPUNIT_ASSERT_EQUAL(std::size_t{1},
                         crashed.claim(clock_.now(), seconds{30}, std::vector<std::string>{"call"}, 10).size());
    set("call", "other", milliseconds{0});
    const auto service = host("b");
    awaitRows(1);
    CPPUNIT_ASSERT_EQUAL(std::string{"other"}, seen().at(0).key);
    clock_.shift(seconds{31});
    service->wake();
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{2}, seen().back().attempt);
}

void TimerConformance::aRestartedHostTakesItsOwnBackAtOnce() {
    set("call", "k", milliseconds{0});
    TimerStore former{*database_, "a"};
    former.claim(clock_.now(), hours{1}, std::vector<std::string>{"call"}, 10);
    const auto service = host("a");
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{2}, seen().at(0).attempt);
}

void TimerConformance::leasesAreRenewedWhileAHandlerRuns() {
    set("call", "k", milliseconds{0});
    TimerStore one{*database_, "one"};
    TimerStore two{*database_, "two"};
    const std::vector<std::string> names{"call"};
    const auto claims = one.claim(clock_.now(), seconds{30}, names, 10);
    one.renew(claims, clock_.now() + seconds{90});
    clock_.shift(seconds{60});
    CPPUNIT_ASSERT(two.claim(clock_.now(), seconds{30}, names, 10).empty());
    set("call", "k", milliseconds{0}, "anew");
    one.renew(claims, clock_.now() + seconds{90});
    clock_.shift(seconds{60});
    CPPUNIT_ASSERT(two.claim(clock_.now(), seconds{30}, names, 10).empty());
    one.finish(claims.at(0));
    CPPUNIT_ASSERT_EQUAL(std::string{"anew"}, two.claim(clock_.now(), seconds{30}, names, 10).at(0).payload);
}

void TimerConformance::setAnewWhileItRunsFiresAgainAfterwards() {
    Gate gate;
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    handler_ = [&](const Seen& firing, stoa_tx*) {
        most = std::max(most.load(), ++inside);
        if (firing.payload == "first") {
            gate.pass();
        }
        --inside;
        return STOA_OK;
    };
    const auto service = host("a");
    set("call", "k", milliseconds{0}, "first");
    service->wake();
    eventually([&] { return gate.waiting() == 1; });
    set("call", "k", milliseconds{0}, "second");
    set("call", "marker", milliseconds{0});
    service->wake();
    awaitRows(1);  // the marker has run, the second has not
    gate.open();
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(1, seen().back().payload == "second" ? 1 : 0);
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, seen().back().attempt);
    CPPUNIT_ASSERT(most <= 2);  // first and marker
}

void TimerConformance::aTransactionalHandlerMaySetItself() {
    handler_ = [&](const Seen& firing, stoa_tx* tx) {
        if (firing.payload != "last") {
            setTimer(tx->transaction, clock_.now(), firing.name, firing.key, toMicros(clock_.now()),
                     firing.payload.empty() ? "middle" : "last");
        }
        return STOA_OK;
    };
    set("job", "k", milliseconds{0});
    const auto service = host("a");
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(std::size_t{3}, seen().size());
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, seen().back().attempt);
}

void TimerConformance::cancelledTimersDoNotFire() {
    set("job", "k", milliseconds{0});
    set("job", "other", milliseconds{0});
    database_->transact(sql::Mode::kWrite, {}, [](sql::Transaction& tx) {
        cancelTimer(tx, "job", "k");
        cancelTimer(tx, "job", "was never there");
    });
    const auto service = host("a");
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, seen().size());
    CPPUNIT_ASSERT_EQUAL(std::string{"other"}, seen()[0].key);
}

void TimerConformance::failuresBackOff() {
    handler_ = [](const Seen& firing, stoa_tx*) -> stoa_status {
        if (firing.attempt == 2) {
            throw std::runtime_error("a handler's barrier is broken");
        }
        return STOA_INTERNAL;
    };
    set("job", "k", milliseconds{0});
    const auto service = host("a");
    std::int64_t pause = 1;
    for (std::size_t attempt = 1; attempt <= 8; ++attempt, pause = std::min<std::int64_t>(pause * 2, 60)) {
        const auto before = toMicros(clock_.now());
        service->wake();
        eventually([&] {
            return seen().size() == attempt && number("SELECT count(*) FROM stoa_timers WHERE holder = ''") == 1;
        });
        const auto next = number("SELECT next_us FROM stoa_timers");
        CPPUNIT_ASSERT(next >= before + pause * 1'000'000);
        CPPUNIT_ASSERT(next <= toMicros(clock_.now()) + pause * 1'000'000);
        clock_.shift(seconds{pause});
    }
}

void TimerConformance::aFailedHandlersWritesAreGone() {
    database_->transact(sql::Mode::kWrite, {},
                        [](sql::Transaction& tx) { tx.execute("CREATE TABLE done (attempt bigint)", {}); });
    handler_ = [](const Seen& firing, stoa_tx* tx) -> stoa_status {
        tx->transaction.execute("INSERT INTO done (attempt) VALUES ($1)", {std::int64_t{firing.attempt}});
        return firing.attempt == 1 ? STOA_UNAVAILABLE : STOA_OK;
    };
    set("job", "k", milliseconds{0});
    const auto service = host("a");
    eventually([&] { return seen().size() == 1 && number("SELECT count(*) FROM stoa_timers WHERE holder = ''") == 1; });
    CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, number("SELECT count(*) FROM done"));
    clock_.shift(seconds{1});
    service->wake();
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{2}, number("SELECT sum(attempt) FROM done"));
}

void TimerConformance::conflictsAreTriedAgainAtOnce() {
    std::atomic<int> tries{0};
    handler_ = [&](const Seen&, stoa_tx*) -> stoa_status { return ++tries < 3 ? STOA_CONFLICT : STOA_OK; };
    set("job", "k", milliseconds{0});
    const auto service = host("a");
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(std::uint32_t{1}, seen().back().attempt);
}

void TimerConformance::unknownNamesStayAndAreCounted() {
    set("of another version", "k1", milliseconds{-1000});
    set("of another version", "k2", hours{1});
    set("job", "k", milliseconds{0});
    const auto service = host("a");
    awaitRows(2);
    const auto report = service->report();
    CPPUNIT_ASSERT_EQUAL(std::size_t{1}, report.unknown.size());
    CPPUNIT_ASSERT_EQUAL(std::string{"of another version"}, report.unknown[0].name);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, report.unknown[0].count);
    {
        const std::lock_guard lock{mutex_};
        known_.push_back({"of another version", false});
    }
    service->wake();
    awaitRows(1);
    known_.pop_back();
}

void TimerConformance::aFullExecutorIsAskedAgain() {
    executor_->setFull(true);
    for (int i = 0; i < 10; ++i) {
        set("job", std::to_string(i), milliseconds{0});
    }
    const auto service = host("a");
    eventually([&] { return executor_->refused() >= 2; });
    CPPUNIT_ASSERT(seen().empty());
    executor_->setFull(false);
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(std::size_t{10}, seen().size());
}

void TimerConformance::sleepsAgainAfterItWasWokenWhileMuchWaits() {
    constexpr int kWakes = 5;
    Gate gate;
    handler_ = [&](const Seen&, stoa_tx*) {
        gate.pass();
        return STOA_OK;
    };
    const auto batch = static_cast<int>(TimerOptions{}.batch);
    for (int i = 0; i < batch; ++i) {
        set("call", std::to_string(i), milliseconds{-1000});
    }
    const auto service = host("a", 1, hours{1});
    eventually([&] { return gate.waiting() == 1; });
    const int before = turns();
    for (int wake = 1; wake <= kWakes; ++wake) {
        service->wake();
        eventually([&] { return turns() >= before + wake; });
    }
    const int after = turns();
    gate.open();
    awaitRows(0);
    CPPUNIT_ASSERT_LESSEQUAL(before + kWakes + 1, after);  // and the turn that had begun before
}

void TimerConformance::stopWaitsForWhatRunsAndGivesTheRestBack() {
    Gate gate;
    handler_ = [&](const Seen&, stoa_tx*) {
        gate.pass();
        return STOA_OK;
    };
    for (int i = 0; i < 5; ++i) {
        set("call", std::to_string(i), milliseconds{i - 100});
    }
    const auto service = host("a", 2);
    eventually([&] { return gate.waiting() == 2; });
    std::atomic<bool> stopped{false};
    std::thread stopper{[&] {
        service->stop();
        stopped = true;
    }};
    eventually([&] { return number("SELECT count(*) FROM stoa_timers WHERE holder = '' AND attempt = 0") == 3; });
    CPPUNIT_ASSERT(!stopped);
    gate.open();
    stopper.join();
    CPPUNIT_ASSERT_EQUAL(std::int64_t{3}, number("SELECT count(*) FROM stoa_timers"));
    CPPUNIT_ASSERT_EQUAL(std::size_t{2}, seen().size());
}

void TimerConformance::twoHostsRunEachTransactionalTimerOnce() {
    constexpr int kTimers = 300;
    database_->transact(sql::Mode::kWrite, {}, [&](sql::Transaction& tx) {
        tx.execute("CREATE TABLE done (id text NOT NULL, n bigint NOT NULL)", {});
        for (int i = 0; i < kTimers; ++i) {
            setTimer(tx, clock_.now(), "job", std::to_string(i), toMicros(clock_.now()), "");
        }
    });
    handler_ = [](const Seen& firing, stoa_tx* tx) {
        tx->transaction.execute("INSERT INTO done (id, n) VALUES ($1, 1)", {firing.key});
        return STOA_OK;
    };
    const auto one = host("one");
    const auto two = host("two");
    awaitRows(0);
    CPPUNIT_ASSERT_EQUAL(std::int64_t{kTimers}, number("SELECT count(*) FROM done"));
    CPPUNIT_ASSERT_EQUAL(std::int64_t{kTimers}, number("SELECT count(DISTINCT id) FROM done"));
}

void TimerConformance::anOldClaimIsWorthNothing() {
    set("job", "k", milliseconds{0});
    TimerStore slow{*database_, "slow"};
    TimerStore quick{*database_, "quick"};
    const std::vector<std::string> names{"job"};
    const auto old = slow.claim(clock_.now(), seconds{30}, names, 1).at(0);
    clock_.shift(seconds{31});
    const auto current = quick.claim(clock_.now(), seconds{30}, names, 1).at(0);
    slow.finish(old);
    slow.retry(old, clock_.now(), true);
    slow.release(old);
    const auto tx = database_->begin(sql::Mode::kWrite);
    CPPUNIT_ASSERT(!slow.take(*tx, old));
    CPPUNIT_ASSERT(quick.take(*tx, current));
    tx->commit();
}

}  // namespace stoa::host::timer
