/// What timers must do on every database. A test derives from this and says how to open an empty one.
#pragma once

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/sql/sql_capability.h"
#include "host/timer/timer_service.h"

namespace stoa::host::timer {

/// Threads with a bounded queue, like a plugin's worker pool.
class TestExecutor {
public:
    explicit TestExecutor(int threads);
    ~TestExecutor();
    bool submit(std::function<void()> job);
    /// Turns everything away while on.
    void setFull(bool full);
    int refused();

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_;
    bool stopping_ = false;
    bool full_ = false;
    int refused_ = 0;
    std::vector<std::thread> threads_;
};

/// A firing as the handler saw it.
struct Seen {
    std::string name, key, payload;
    std::uint32_t attempt;
    bool within;  ///< had a transaction
    friend bool operator==(const Seen&, const Seen&) = default;
};

class TimerConformance : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(TimerConformance);
    CPPUNIT_TEST(firesOnceAndIsGone);
    CPPUNIT_TEST(firesInDueOrder);
    CPPUNIT_TEST(waitsForItsTime);
    CPPUNIT_TEST(firesWhenItWasSaidToBeDue);
    CPPUNIT_TEST(aTimerThatIsMovedFiresAtItsNewTime);
    CPPUNIT_TEST(survivesARestart);
    CPPUNIT_TEST(aCrashedHostsTimerIsTakenOverAfterItsLease);
    CPPUNIT_TEST(aRestartedHostTakesItsOwnBackAtOnce);
    CPPUNIT_TEST(leasesAreRenewedWhileAHandlerRuns);
    CPPUNIT_TEST(setAnewWhileItRunsFiresAgainAfterwards);
    CPPUNIT_TEST(aTransactionalHandlerMaySetItself);
    CPPUNIT_TEST(cancelledTimersDoNotFire);
    CPPUNIT_TEST(failuresBackOff);
    CPPUNIT_TEST(aFailedHandlersWritesAreGone);
    CPPUNIT_TEST(conflictsAreTriedAgainAtOnce);
    CPPUNIT_TEST(unknownNamesStayAndAreCounted);
    CPPUNIT_TEST(aFullExecutorIsAskedAgain);
    CPPUNIT_TEST(sleepsAgainAfterItWasWokenWhileMuchWaits);
    CPPUNIT_TEST(stopWaitsForWhatRunsAndGivesTheRestBack);
    CPPUNIT_TEST(twoHostsRunEachTransactionalTimerOnce);
    CPPUNIT_TEST(anOldClaimIsWorthNothing);
    CPPUNIT_TEST_SUITE_END_ABSTRACT();

public:
    void setUp() override;
    void tearDown() override;

protected:
    virtual std::unique_ptr<sql::Database> open() = 0;

    void firesOnceAndIsGone();
    void firesInDueOrder();
    void waitsForItsTime();
    void firesWhenItWasSaidToBeDue();
    void aTimerThatIsMovedFiresAtItsNewTime();
    void survivesARestart();
    void aCrashedHostsTimerIsTakenOverAfterItsLease();
    void aRestartedHostTakesItsOwnBackAtOnce();
    void leasesAreRenewedWhileAHandlerRuns();
    void setAnewWhileItRunsFiresAgainAfterwards();
    void aTransactionalHandlerMaySetItself();
    void cancelledTimersDoNotFire();
    void failuresBackOff();
    void aFailedHandlersWritesAreGone();
    void conflictsAreTriedAgainAtOnce();
    void unknownNamesStayAndAreCounted();
    void aFullExecutorIsAskedAgain();
    void sleepsAgainAfterItWasWokenWhileMuchWaits();
    void stopWaitsForWhatRunsAndGivesTheRestBack();
    void twoHostsRunEachTransactionalTimerOnce();
    void anOldClaimIsWorthNothing();

private:
    using Handler = std::function<stoa_status(const Seen& firing, stoa_tx* tx)>;

    /// A host of this id, whose handler notes every firing in `seen_` and then asks `handler_`.
    std::unique_ptr<TimerService> host(const std::string& id, int concurrency = 4,
                                       std::chrono::milliseconds longest_sleep = TimerOptions{}.longest_sleep);
    void set(const std::string& name, const std::string& key, std::chrono::milliseconds from_now,
             const std::string& payload = {});
    std::int64_t number(const std::string& query);
    std::vector<Seen> seen();
    int turns();
    /// Waits until it holds; fails the test after 20 s.
    void eventually(const std::function<bool()>& condition);
    void awaitRows(std::int64_t count);

    std::unique_ptr<sql::Database> database_;
    observe::Metrics metrics_;
    Clock clock_;
    std::vector<validate::TimerSpec> known_{{"job", true}, {"call", false}};
    std::unique_ptr<TestExecutor> executor_;
    std::mutex mutex_;
    std::vector<Seen> seen_;
    int turns_ = 0;  ///< of all hosts' threads: each asks for the known timers once
    Handler handler_;
};

/// Holds handlers up until the test lets them go.
class Gate {
public:
    void open();
    void pass();  ///< waits for open()
    int waiting();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int waiting_ = 0;
};

}  // namespace stoa::host::timer
