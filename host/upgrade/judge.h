/// The canary's judge: from what both generations did, whether the new one stays.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "host/upgrade/histogram.h"

namespace stoa::host::upgrade {

/// What one generation did since the canary began.
struct Sample {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;  ///< of the requests
    Latencies latency;
    std::int64_t memory_bytes = 0;  ///< now
};

struct JudgeSettings {
    std::chrono::milliseconds window{60'000};
    int max_windows = 3;               ///< how long too few requests may extend it
    std::uint64_t min_requests = 50;   ///< of each generation, to be promoted
    bool accept_thin = false;          ///< promote with fewer, when the last window has ended
    double false_alarms = 0.01;        ///< of canaries of an equal version, at most: both statistical rules together
    std::uint64_t min_errors = 5;      ///< of the new one
    double p99_ratio = 1.5;            ///< of new to old
    std::uint64_t p99_requests = 200;  ///< of each, before p99 is compared
    std::int64_t memory_growth = 64 << 20;  ///< bytes of the new one over `memory_window`; 0: not looked at
    std::chrono::milliseconds memory_window{5'000};
};

enum class Decision {
    kContinue,  ///< the window runs
    kExtend,    ///< the window is over, and there were too few requests: it goes on
    kWithdraw,  ///< the new one is worse
    kThin,      ///< all windows are over with too few requests: refuse
    kPromote,
};

struct Verdict {
    Decision decision = Decision::kContinue;
    std::string why;  ///< with the numbers
};

/// P(at least `new_errors` of the errors fall to the new one), were both alike: Fisher's exact test, one-sided, from
/// the margins. 1 when its part is not larger, and when the old one has no requests.
double fisherWorse(std::uint64_t new_errors, std::uint64_t new_requests, std::uint64_t old_errors,
                   std::uint64_t old_requests);

/// One canary. Asked as often as one likes, with rising `elapsed`; one thread. It reads no clock and does nothing.
///
/// Whoever looks often enough sees a chance difference: so the statistics are looked at only when the new generation's
/// requests have grown by half since the last look, and look k may alarm with probability A / (k (k + 1)), which adds
/// up to A over any number of looks. That is spending of alpha (Lan, DeMets: Discrete sequential boundaries for
/// clinical trials, Biometrika 70, 1983) with the union bound: valid whatever the traffic will be, which nobody knows
/// beforehand. Half of `false_alarms` is the errors', half the latencies'.
///
/// p99: besides the ratio, the share of requests above the p99 of both together must be significantly larger in the new
/// one. Were they alike, those would fall to either by chance alone, so Fisher's test is exact here, too. In the
/// simulation, looking at the ratio alone every second withdraws 12 of 100 equal versions, looking for p < 0.01 of the
/// errors 5.
class Judge {
public:
    explicit Judge(JudgeSettings settings) : settings_(settings) {}
    Verdict look(std::chrono::milliseconds elapsed, const Sample& old_one, const Sample& new_one);

private:
    std::string memoryTrouble(std::chrono::milliseconds elapsed, std::int64_t bytes);
    std::string errorTrouble(const Sample& old_one, const Sample& new_one);
    std::string latencyTrouble(const Sample& old_one, const Sample& new_one);
    Verdict atTheEnd(std::chrono::milliseconds elapsed, const Sample& old_one, const Sample& new_one) const;

    struct Memory {
        std::chrono::milliseconds at;
        std::int64_t bytes;
    };
    struct Looks {
        std::uint64_t taken = 0;
        std::uint64_t at_last = 0;  ///< requests then

        /// The probability with which this look may alarm; nothing when it is not time for one.
        std::optional<double> next(std::uint64_t requests, double budget);
    };
    JudgeSettings settings_;
    std::deque<Memory> memory_;  ///< the last memory_window
    Looks error_looks_, latency_looks_;
};

}  // namespace stoa::host::upgrade
