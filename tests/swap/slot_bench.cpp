// slot_bench [SWAPS]: what the way into a generation costs, and how long it is closed while one takes the place of
// another. Prints a JSON line per figure. tests/swap/README.md says what each means.

#include <pthread.h>
#include <sched.h>
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
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include <stoa/abi/http.h>
#include <stoa/error.h>

#include "host/plugin/slot.h"
#include "host/plugin/testing.h"

namespace stoa::host::plugin {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::size_t kThreads = 2;
constexpr std::int64_t kCalls = 500'000;
constexpr int kRounds = 9;
constexpr std::string_view kUser = "01931b3c-7f00-7000-8000-000000000001";
constexpr std::uint32_t kNoRoute = 99;  ///< plain_c answers STOA_NOT_FOUND and looks at nothing else
constexpr std::chrono::microseconds kBetweenSwaps{200}, kLook{20};
constexpr std::chrono::milliseconds kRest{30};
/// On a machine that does other things a swap may wait for its processor: then there are fewer.
constexpr std::chrono::seconds kLongest{15};
/// Real-time priorities of whoever visits, and of whoever publishes.
constexpr int kVisits = 1, kPublishes = 2;
/// Swaps at these priorities without a rest, in which the machine goes on with the other things it does.
constexpr int kBurst = 100;

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

/// Before everything else that the machine does, when that is allowed.
bool hurry(int priority) {
    sched_param wanted{};
    wanted.sched_priority = priority;
    return pthread_setschedparam(pthread_self(), SCHED_FIFO, &wanted) == 0;
}

void stayOn(std::size_t processor) {
    cpu_set_t mine;
    CPU_ZERO(&mine);
    CPU_SET(processor, &mine);
    pthread_setaffinity_np(pthread_self(), sizeof mine, &mine);
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

    /// On this processor, before everything else.
    void run(std::size_t processor) {
        stayOn(processor);
        hurry(kVisits);
        run();
    }

    void run() {
        const Generation* known = nullptr;
        std::int64_t last = 0, switches_before = 0;
        while (!stop.load(std::memory_order_relaxed)) {
            if (rest.load(std::memory_order_relaxed)) {
                std::this_thread::sleep_for(kBetweenSwaps);
            }
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
    std::atomic<bool> stop{false}, rest{false};

private:
    Slot& slot_;
};

void waitUntilAllSee(const std::array<std::unique_ptr<Visitor>, kThreads>& visitors, const Generation* generation) {
    for (const auto& visitor : visitors) {
        while (visitor->seen.load(std::memory_order_acquire) != generation) {
            std::this_thread::sleep_for(kLook);
        }
    }
}

/// Puts the generation in the place of the former one, whose gate is then used again.
void publish(Slot& slot, Generation& generation, const auto& passed) {
    Gate* former = slot.publish(slot.admit(generation));
    passed();
    if (former) {
        slot.release(former);
    }
}

struct Gaps {
    std::vector<double> all;
    /// Of swaps during which one of the threads at least kept its processor: what is left when the scheduler is taken
    /// away.
    std::vector<double> undisturbed;
};

using Visitors = std::array<std::unique_ptr<Visitor>, kThreads>;

/// For each swap: the first entry of the new generation minus the last one of the old, over all threads, in
/// microseconds. An entry of the new one that was noted before the last of the old is no gap.
Gaps gapsOf(const Visitors& visitors) {
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

void letRest(const Visitors& visitors) {
    for (const bool rest : {true, false}) {
        for (const auto& visitor : visitors) {
            visitor->rest = rest;
        }
        std::this_thread::sleep_for(kRest);
    }
}

/// `first`: each visitor has a processor of its own and goes before everything else on the machine.
Gaps gapsOf(testing::Plugins& plugins, int swaps, bool first) {
    const std::array generations{plugins.generation(), plugins.generation()};
    Slot slot;
    publish(slot, *generations[0], [] {});
    Visitors visitors;
    std::array<std::thread, kThreads> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
        visitors[i] = std::make_unique<Visitor>(slot);
        threads[i] = std::thread([&visitor = *visitors[i], i, first] { first ? visitor.run(i) : visitor.run(); });
    }
    waitUntilAllSee(visitors, generations[0].get());
    const auto until = steady_clock::now() + kLongest;
    for (int swap = 1; swap <= swaps && steady_clock::now() < until; ++swap) {
        std::this_thread::sleep_for(kBetweenSwaps);
        Generation& next = *generations[static_cast<std::size_t>(swap % 2)];
        publish(slot, next, [&] { waitUntilAllSee(visitors, &next); });
        if (first && swap % kBurst == 0) {
            letRest(visitors);
        }
    }
    for (std::size_t i = 0; i < kThreads; ++i) {
        visitors[i]->stop = true;
        threads[i].join();
    }
    return gapsOf(visitors);
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

/// The same with the scheduler taken away, where that is allowed. A thread of its own: the rest keeps its priority.
void measureFirst(testing::Plugins& plugins, int swaps) {
    std::thread([&] {
        if (std::thread::hardware_concurrency() >= kThreads && hurry(kPublishes)) {
            printGaps("first-", gapsOf(plugins, swaps, true).all);
        }
    }).join();
}

/// Nanoseconds for one call: enter as a request does, on_request through the descriptor, leave.
double callNs(Slot& slot) {
    const std::int64_t start = now();
    for (std::int64_t i = 0; i < kCalls; ++i) {
        const Lease lease = slot.enter(Share{kUser});
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
        for (std::size_t i = 0; i < count; ++i) {
            threads.emplace_back([&slot, &result = each[i], i] {
                stayOn(i);
                hurry(kVisits);
                result = callNs(slot);
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        std::this_thread::sleep_for(kRest);
        rounds.push_back(*std::max_element(each.begin(), each.end()));
    }
    std::sort(rounds.begin(), rounds.end());
    return rounds[kRounds / 2];
}

void measureCalls(testing::Plugins& plugins) {
    const auto generation = plugins.generation(), canary = plugins.generation();
    Slot slot;
    slot.publish(slot.admit(*generation, "order", "1.0.0"));
    print("1-thread", "abi_call_ns", callNs(slot, 1), "ns");
    print("2-threads", "abi_call_ns", callNs(slot, kThreads), "ns");
    slot.setCanary(slot.admit(*canary, "order", "1.0.1"), {1'000, false});
    print("canary-1-thread", "abi_call_ns", callNs(slot, 1), "ns");
    print("canary-2-threads", "abi_call_ns", callNs(slot, kThreads), "ns");
}

void measure(int swaps) {
    testing::Plugins plugins(STOA_TEST_PLUGIN, std::make_unique<RoutesOnly>());
    Gaps gaps = gapsOf(plugins, swaps, false);
    printGaps("", std::move(gaps.all));
    printGaps("undisturbed-", std::move(gaps.undisturbed));
    measureFirst(plugins, swaps);
    measureCalls(plugins);
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
