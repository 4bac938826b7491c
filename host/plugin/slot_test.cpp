#include "host/plugin/slot.h"

#include <cppunit/extensions/HelperMacros.h>

#include <atomic>
#include <thread>
#include <vector>

#include "host/plugin/generation.h"

namespace stoa::host::plugin {
namespace {

/// A slot never looks into its generations: any address at which one may stand will do.
struct alignas(Generation) Place {};

Generation& generation(Place& place) { return reinterpret_cast<Generation&>(place); }

class SlotTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(SlotTest);
    CPPUNIT_TEST(nobodyEntersAnEmptySlot);
    CPPUNIT_TEST(aLeaseCountsUntilItLeaves);
    CPPUNIT_TEST(aLeaseTakenBeforeASwapStaysInItsGeneration);
    CPPUNIT_TEST(aGenerationThatIsEmptyAfterASwapStaysEmpty);
    CPPUNIT_TEST(aCanaryGetsItsShareAndAlwaysTheSameKeys);
    CPPUNIT_TEST(eventsGoToACanaryOnlyWhenAsked);
    CPPUNIT_TEST_SUITE_END();

public:
    void nobodyEntersAnEmptySlot() {
        Slot slot;
        CPPUNIT_ASSERT(!slot.enter());
    }

    void aLeaseCountsUntilItLeaves() {
        Slot slot;
        Place place;
        slot.publish(slot.admit(generation(place)));
        Lease lease = slot.enter();
        CPPUNIT_ASSERT(lease);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, slot.gate()->inside());
        Lease moved = std::move(lease);
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, slot.gate()->inside());
        // Entered here, left there: a request goes from an I/O thread to a worker.
        std::thread([held = std::move(moved)]() mutable { held.leave(); }).join();
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, slot.gate()->inside());
    }

    void aLeaseTakenBeforeASwapStaysInItsGeneration() {
        Slot slot;
        Place places[2];
        slot.publish(slot.admit(generation(places[0])));
        const Lease old = slot.enter();
        Gate* former = slot.publish(slot.admit(generation(places[1])));
        const Lease fresh = slot.enter();
        CPPUNIT_ASSERT(&*old == &generation(places[0]));
        CPPUNIT_ASSERT(&*fresh == &generation(places[1]));
        CPPUNIT_ASSERT_EQUAL(std::int64_t{1}, former->inside());
    }

    void aGenerationThatIsEmptyAfterASwapStaysEmpty() {
        Slot slot;
        std::vector<Place> places(200);
        slot.publish(slot.admit(generation(places[0])));
        std::atomic<bool> stop{false};
        std::atomic<int> wrong{0};
        std::vector<std::atomic<bool>> retired(places.size());
        std::vector<std::thread> threads;
        threads.reserve(4);
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                while (!stop) {
                    const Lease lease = slot.enter();
                    const auto index = static_cast<std::size_t>(reinterpret_cast<Place*>(&*lease) - places.data());
                    wrong += retired[index] ? 1 : 0;
                }
            });
        }
        for (std::size_t next = 1; next < places.size(); ++next) {
            Gate* former = slot.publish(slot.admit(generation(places[next])));
            while (former->inside() > 0) {
                std::this_thread::yield();
            }
            retired[next - 1] = true;
            slot.release(former);  // so that gates are used again while others still hold their addresses
        }
        stop = true;
        for (auto& thread : threads) {
            thread.join();
        }
        CPPUNIT_ASSERT_EQUAL(0, wrong.load());
    }

    void aCanaryGetsItsShareAndAlwaysTheSameKeys() {
        Slot slot;
        Place places[2];
        slot.publish(slot.admit(generation(places[0]), "order", "1.0.0"));
        Gate* canary = slot.admit(generation(places[1]), "order", "1.1.0");
        slot.setCanary(canary, {1000, false});
        const auto to_canary = [&](int user) {
            const std::string key = "user-" + std::to_string(user);
            return &*slot.enter(Share{key}) == &generation(places[1]);
        };
        int share = 0;
        for (int user = 0; user < 10'000; ++user) {
            const bool first = to_canary(user);
            share += first ? 1 : 0;
            CPPUNIT_ASSERT_EQUAL(first, to_canary(user));
        }
        CPPUNIT_ASSERT(share > 850 && share < 1150);
        CPPUNIT_ASSERT(&*slot.enter() == &generation(places[0]));
        slot.setCanary(nullptr, {});
        for (int user = 0; user < 1000; ++user) {
            CPPUNIT_ASSERT(!to_canary(user));
        }
        CPPUNIT_ASSERT_EQUAL(std::int64_t{0}, canary->inside());
    }

    void eventsGoToACanaryOnlyWhenAsked() {
        Slot slot;
        Place places[2];
        slot.publish(slot.admit(generation(places[0])));
        Gate* canary = slot.admit(generation(places[1]));
        slot.setCanary(canary, {10'000, false});
        CPPUNIT_ASSERT(&*slot.enter(Share{"orders/0"}) == &generation(places[1]));
        CPPUNIT_ASSERT(&*slot.enter(Share{"orders/0", true}) == &generation(places[0]));
        slot.setCanary(canary, {10'000, true});
        CPPUNIT_ASSERT(&*slot.enter(Share{"orders/0", true}) == &generation(places[1]));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(SlotTest);

}  // namespace
}  // namespace stoa::host::plugin
