// slot_bench [SWAPS]: what the way into a generation costs, and how long it is closed while one takes the place of
// another. Prints a JSON line per figure. tests/swap/README.md says what each means.

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <stoa/abi/draft/http.h>
#include <stoa/error.h>

#include "host/plugin/slot.h"
#include "host/plugin/testing.h"

namespace stoa::host::plugin {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::size_t kThreads = 2;
constexpr std::int64_t kCalls = 2'000'000;
constexpr int kRounds = 5;
constexpr std::uint32_t kNoRoute = 99;  ///< plain_c answers STOA_NOT_FOUND and looks at nothing else
constexpr std::chrono::microseconds kBetweenSwaps{200};
/// On a machine that does other things a swap may wait for its processor: then there are fewer.
constexpr std::chrono::seconds kLongest{15};

/// stoa.http/1 as far as `create` of plain_c needs it.
class RoutesOnly final : public Capability {
public:
    std::string_view id() const override { return STOA_HTTP_ID; }
    std::unique_ptr<Binding> bind(const Environment&) override {
        struct Table final : Binding {
            Table() {
                http.struct_size = sizeof http;
                http.route = [](const stoa_http*, stoa_str operation, uint32_t* index) -> stoa_status {
                    *index = text(operation) == "echo" ? 0 : 1;
                    return STOA_OK;
                };
            }
            const void* table() const override { return &http; }
            stoa_http http{};
        };
        return std::make_unique<Table>();
    }
};

std::int64_t now() { return std::chrono::duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count(); }

void print(const std::string& name, const char* metric, double value, const char* unit) {
    std::cout << fmt::format(R"({{"bench":"swap","case":"{}","metric":"{}","value":{:.3f},"unit":"{}"}})", name, metric,
                             value, unit)
              << '\n';
}

/// How often this thread has had to leave its processor.
std::int64_t switches() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw + usage.ru_nvcsw;
}

/// Of one thread and one swap: when it entered the old generation last, and the new one first.
struct Passage {
    std::int64_t last_old = 0, first_new = 0;
    bool disturbed = false;  ///< it did not run all the time since the swap before
};

/// Enters and leaves without pause and notes each change of the generation.
class Visitor {
public:
    explicit Visitor(Slot& slot) : slot_(slot) {}

    void run() {
        const Generation* known = nullptr;
        std::int64_t last = 0, switches_before = 0;
        while (!stop.load(std::memory_order_relaxed)) {
            const Lease lease = slot_.enter();
            const std::int64_t entered = now();
            if (&*lease != known) {
                const std::int64_t count = switches();
                if (known) {
                    passages.push_back({last, entered, count != switches_before});
                }
                switches_before = count;
                known = &*lease;
                seen.store(known, std::memory_order_release);
            }
            last = entered;
        }
    }

    std::vector<Passage> passages;  ///< read once the thread has ended
    std::atomic<const Generation*> seen{nullptr};
    std::atomic<bool> stop{false};

private:
    Slot& slot_;
};

void waitUntilAllSee(const std::array<std::unique_ptr<Visitor>, kThreads>& visitors, const Generation* generation) {
    for (const auto& visitor : visitors) {
        while (visitor->seen.load(std::memory_order_acquire) != generation) {
            std::this_thread::yield();
        }
    }
}

/// Puts the generation in the place of the former one, whose gate is then used again.
template <class AnySlot>
void publish(AnySlot& slot, Generation& generation, const auto& passed) {
    if constexpr (requires { slot.admit(generation); }) {
        Gate* former = slot.publish(slot.admit(generation));
        passed();
        if (former) {
            slot.release(former);
        }
    } else {
        slot.publish(&generation);
        passed();
    }
}

struct Gaps {
    std::vector<double> all;
    /// Of swaps during which one of the threads at least kept its processor: what is left when the scheduler is taken
    /// away.
    std::vector<double> undisturbed;
};

/// For each swap: the first entry of the new generation minus the last one of the old, over all threads, in
/// microseconds. An entry of the new one that was noted before the last of the old is no gap.
Gaps gapsOf(testing::Plugins& plugins, int swaps) {
    const std::array generations{plugins.generation(), plugins.generation()};
    Slot slot;
    publish(slot, *generations[0], [] {});
    std::array<std::unique_ptr<Visitor>, kThreads> visitors;
    std::array<std::thread, kThreads> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
        visitors[i] = std::make_unique<Visitor>(slot);
        threads[i] = std::thread([&visitor = *visitors[i]] { visitor.run(); });
    }
    waitUntilAllSee(visitors, generations[0].get());
    const auto until = steady_clock::now() + kLongest;
    for (int swap = 1; swap <= swaps && steady_clock::now() < until; ++swap) {
        std::this_thread::sleep_for(kBetweenSwaps);
        Generation& next = *generations[static_cast<std::size_t>(swap % 2)];
        publish(slot, next, [&] { waitUntilAllSee(visitors, &next); });
    }
    for (std::size_t i = 0; i < kThreads; ++i) {
        visitors[i]->stop = true;
        threads[i].join();
    }
    Gaps gaps;
    for (std::size_t swap = 0; swap < visitors[0]->passages.size(); ++swap) {
        const Passage& one = visitors[0]->passages[swap];
        const Passage& other = visitors[1]->passages.at(swap);
        const std::int64_t gap = std::min(one.first_new, other.first_new) - std::max(one.last_old, other.last_old);
        gaps.all.push_back(static_cast<double>(std::max<std::int64_t>(gap, 0)) / 1000);
        if (!one.disturbed || !other.disturbed) {
            gaps.undisturbed.push_back(gaps.all.back());
        }
    }
    return gaps;
}

/// Nanoseconds for one call: enter, on_request through the descriptor, leave.
double callNs(Slot& slot) {
    const std::int64_t start = now();
    for (std::int64_t i = 0; i < kCalls; ++i) {
        const Lease lease = slot.enter();
        if (lease->onRequest(kNoRoute, nullptr, nullptr) != STOA_NOT_FOUND) {
            std::abort();
        }
    }
    return static_cast<double>(now() - start) / static_cast<double>(kCalls);
}

double callNs(Slot& slot, std::size_t count) {
    std::vector<double> rounds;
    for (int round = 0; round < kRounds; ++round) {
        std::vector<double> each(count);
        std::vector<std::thread> threads;
        for (double& result : each) {
            threads.emplace_back([&slot, &result] { result = callNs(slot); });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        rounds.push_back(*std::max_element(each.begin(), each.end()));
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[kRounds / 2];
}

void printGaps(const std::string& which, std::vector<double> gaps) {
    if (gaps.empty()) {
        return;
    }
    std::sort(gaps.begin(), gaps.end());
    print(which + "swaps", "count", static_cast<double>(gaps.size()), "");
    print(which + "median", "publish_gap_us", gaps[gaps.size() / 2], "us");
    print(which + "p99", "publish_gap_us", gaps[gaps.size() * 99 / 100], "us");
    print(which + "max", "publish_gap_us", gaps.back(), "us");
}

void measure(int swaps) {
    testing::Plugins plugins(STOA_TEST_PLUGIN, std::make_unique<RoutesOnly>());
    Gaps gaps = gapsOf(plugins, swaps);
    printGaps("", std::move(gaps.all));
    printGaps("undisturbed-", std::move(gaps.undisturbed));
    const auto generation = plugins.generation();
    Slot slot;
    publish(slot, *generation, [] {});
    print("1-thread", "abi_call_ns", callNs(slot, 1), "ns");
    print("2-threads", "abi_call_ns", callNs(slot, kThreads), "ns");
}

}  // namespace
}  // namespace stoa::host::plugin

int main(int count, char** words) {
    try {
        const int swaps = count > 1 ? std::max(100, std::atoi(words[1])) : 10'000;
        stoa::host::plugin::measure(swaps);
        return 0;
    } catch (const std::exception& failure) {
        std::cerr << "slot_bench: " << failure.what() << '\n';
        return 1;
    }
}
