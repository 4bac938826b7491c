#include "host/plugin/worker_pool.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>

#include <cppunit/extensions/HelperMacros.h>

namespace stoa::host::plugin {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 4;
constexpr int kBackground = 3;  // of them at most

class WorkerPoolTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(WorkerPoolTest);
    CPPUNIT_TEST(refusesBeyondItsQueueAndLeavesRoomForRequests);
    CPPUNIT_TEST(answersRequestsWhileBackgroundWorkWaits);
    CPPUNIT_TEST(runsBackgroundWorkThatWaitedForAThreadOfItsShare);
    CPPUNIT_TEST(runsWhatIsQueuedBeforeItEnds);
    CPPUNIT_TEST_SUITE_END();

public:
    void refusesBeyondItsQueueAndLeavesRoomForRequests() {
        std::mutex gate;
        gate.lock();
        std::condition_variable entered;
        std::mutex mutex;
        bool inside = false;
        {
            WorkerPool pool("test", {1, 4});
            CPPUNIT_ASSERT(pool.submit([&] {
                {
                    const std::lock_guard lock(mutex);
                    inside = true;
                }
                entered.notify_one();
                const std::lock_guard lock(gate);
            }));
            {
                std::unique_lock lock(mutex);
                entered.wait(lock, [&] { return inside; });
            }
            for (int i = 0; i < 3; ++i) {
                CPPUNIT_ASSERT(pool.submitBackground([] {}));
            }
            CPPUNIT_ASSERT(!pool.submitBackground([] {}));
            CPPUNIT_ASSERT(pool.submit([] {}));
            CPPUNIT_ASSERT(!pool.submit([] {}));
            CPPUNIT_ASSERT(pool.full());
            gate.unlock();
        }
    }

    /// Two services whose timers call each other's routes: without a share for requests both pools fill with callers,
    /// and nobody is left to answer them.
    void answersRequestsWhileBackgroundWorkWaits() {
        std::latch all_inside{kBackground};
        std::promise<void> answered;
        const std::shared_future<void> answer = answered.get_future().share();
        std::atomic<int> without_answer{0};
        {
            WorkerPool pool("test", {kThreads, 100});
            for (int i = 0; i < 2 * kThreads; ++i) {
                CPPUNIT_ASSERT(pool.submitBackground([&, i] {
                    if (i < kBackground) {
                        all_inside.count_down();
                    }
                    without_answer += answer.wait_for(30s) == std::future_status::ready ? 0 : 1;
                }));
            }
            all_inside.wait();
            CPPUNIT_ASSERT(pool.submit([&] { answered.set_value(); }));
        }
        CPPUNIT_ASSERT_EQUAL(0, without_answer.load());
    }

    void runsBackgroundWorkThatWaitedForAThreadOfItsShare() {
        std::atomic<int> running{0};
        std::atomic<int> most{0};
        std::latch all_ran{50};
        WorkerPool pool("test", {kThreads, 100});
        for (int i = 0; i < 50; ++i) {
            CPPUNIT_ASSERT(pool.submitBackground([&] {
                const int now = ++running;
                for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
                }
                --running;
                all_ran.count_down();
            }));
        }
        all_ran.wait();
        CPPUNIT_ASSERT(most.load() <= kBackground);
    }

    void runsWhatIsQueuedBeforeItEnds() {
        std::atomic<int> ran{0};
        {
            WorkerPool pool("test", {2, 100});
            for (int i = 0; i < 25; ++i) {
                CPPUNIT_ASSERT(pool.submit([&] { ++ran; }));
                CPPUNIT_ASSERT(pool.submitBackground([&] { ++ran; }));
            }
        }
        CPPUNIT_ASSERT_EQUAL(50, ran.load());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(WorkerPoolTest);

}  // namespace
}  // namespace stoa::host::plugin
