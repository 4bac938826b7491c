#include "host/upgrade/judge.h"

#include <math.h>  // lgamma_r: std::lgamma writes a global

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace stoa::host::upgrade {
namespace {

using std::chrono::milliseconds;

double logFactorial(std::uint64_t n) {
    int sign = 0;
    return ::lgamma_r(static_cast<double>(n) + 1, &sign);
}

double logChoose(std::uint64_t n, std::uint64_t k) { return logFactorial(n) - logFactorial(k) - logFactorial(n - k); }

struct Tails {
    std::uint64_t of_old = 0, of_new = 0;
};

/// The slowest hundredth of both together, chosen without regard to which is which. Its last bucket belongs to it,
/// unless that is most of all requests.
Tails slowest(const Latencies& old_one, const Latencies& new_one) {
    const std::uint64_t all = old_one.total() + new_one.total();
    Tails tails;
    for (std::size_t i = kLatencyBuckets; i-- > 0 && (tails.of_old + tails.of_new) * 100 < all;) {
        const std::uint64_t with_it = tails.of_old + tails.of_new + old_one.counts[i] + new_one.counts[i];
        if (with_it * 2 > all && tails.of_old + tails.of_new > 0) {
            break;
        }
        tails.of_old += old_one.counts[i];
        tails.of_new += new_one.counts[i];
    }
    return tails;
}

double percent(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string comparison(const Sample& old_one, const Sample& new_one) {
    return fmt::format(
        "errors {} of {} requests ({:.2f} %) against {} of {} ({:.2f} %), p99 {:.1f} ms against {:.1f} ms",
        new_one.errors, new_one.requests, percent(new_one.errors, new_one.requests), old_one.errors, old_one.requests,
        percent(old_one.errors, old_one.requests), new_one.latency.percentile(0.99) / 1000,
        old_one.latency.percentile(0.99) / 1000);
}

double mebibytes(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

double seconds(milliseconds time) { return static_cast<double>(time.count()) / 1000; }

}  // namespace

double fisherWorse(std::uint64_t new_errors, std::uint64_t new_requests, std::uint64_t old_errors,
                   std::uint64_t old_requests) {
    const std::uint64_t errors = new_errors + old_errors;
    const std::uint64_t all = new_requests + old_requests;
    // Also false without any request of the old one.
    const bool worse = static_cast<double>(new_errors) * static_cast<double>(old_requests) >
                       static_cast<double>(old_errors) * static_cast<double>(new_requests);
    if (!worse) {
        return 1;
    }
    // Hypergeometric: from the observed table on, each term from the one before.
    double term = std::exp(logChoose(errors, new_errors) + logChoose(all - errors, new_requests - new_errors) -
                           logChoose(all, new_requests));
    double sum = 0;
    for (std::uint64_t x = new_errors; x <= std::min(errors, new_requests); ++x) {
        sum += term;
        const double next = static_cast<double>(errors - x) * static_cast<double>(new_requests - x) /
                            (static_cast<double>(x + 1) * static_cast<double>(old_requests - (errors - x) + 1));
        term *= next;
        if (next < 1 && term < sum * 1e-15) {
            break;
        }
    }
    return std::min(sum, 1.0);
}

std::string Judge::memoryTrouble(milliseconds elapsed, std::int64_t bytes) {
    memory_.push_back({elapsed, bytes});
    // One sample as old as the window stays: growth is measured against it.
    while (memory_.size() > 1 && memory_[1].at <= elapsed - settings_.memory_window) {
        memory_.pop_front();
    }
    const std::int64_t growth = bytes - memory_.front().bytes;
    if (settings_.memory_growth == 0 || growth <= settings_.memory_growth) {
        return {};
    }
    return fmt::format("its memory grew by {:.1f} MiB in {:.1f} s to {:.1f} MiB; {:.1f} MiB in {:.0f} s are allowed",
                       mebibytes(growth), seconds(elapsed - memory_.front().at), mebibytes(bytes),
                       mebibytes(settings_.memory_growth), seconds(settings_.memory_window));
}

std::optional<double> Judge::Looks::next(std::uint64_t requests, double budget) {
    if (requests * 2 < at_last * 3) {
        return std::nullopt;
    }
    at_last = requests;
    const auto look = static_cast<double>(++taken);
    return budget / (look * (look + 1));
}

std::string Judge::errorTrouble(const Sample& old_one, const Sample& new_one) {
    if (new_one.requests < settings_.min_errors) {
        return {};
    }
    const auto limit = error_looks_.next(new_one.requests, settings_.false_alarms / 2);
    if (!limit || new_one.errors < settings_.min_errors) {
        return {};
    }
    const double p = fisherWorse(new_one.errors, new_one.requests, old_one.errors, old_one.requests);
    if (p >= *limit) {
        return {};
    }
    return fmt::format("it fails more often: {}; by chance p = {:.1e}, below {:.1e} of look {}",
                       comparison(old_one, new_one), p, *limit, error_looks_.taken);
}

std::string Judge::latencyTrouble(const Sample& old_one, const Sample& new_one) {
    const std::uint64_t of_old = old_one.latency.total();
    const std::uint64_t of_new = new_one.latency.total();
    if (std::min(of_old, of_new) < settings_.p99_requests) {
        return {};
    }
    const auto limit = latency_looks_.next(of_new, settings_.false_alarms / 2);
    const double old_p99 = old_one.latency.percentile(0.99);
    const double new_p99 = new_one.latency.percentile(0.99);
    if (!limit || new_p99 <= settings_.p99_ratio * old_p99) {
        return {};
    }
    const Tails slow = slowest(old_one.latency, new_one.latency);
    const double p = fisherWorse(slow.of_new, of_new, slow.of_old, of_old);
    if (p >= *limit) {
        return {};
    }
    return fmt::format(
        "it is slower: {}, {:.2f} times, allowed are {:.2f}; of the {} slowest {} are its own, by chance p = {:.1e}, "
        "below {:.1e} of look {}",
        comparison(old_one, new_one), new_p99 / old_p99, settings_.p99_ratio, slow.of_new + slow.of_old, slow.of_new, p,
        *limit, latency_looks_.taken);
}

Verdict Judge::atTheEnd(milliseconds elapsed, const Sample& old_one, const Sample& new_one) const {
    const std::string numbers = comparison(old_one, new_one);
    if (std::min(old_one.requests, new_one.requests) >= settings_.min_requests) {
        return {Decision::kPromote, "it is not worse: " + numbers};
    }
    const std::string few =
        fmt::format("too few requests to tell, {} of each are needed: {}", settings_.min_requests, numbers);
    if (elapsed < settings_.window * settings_.max_windows) {
        return {Decision::kExtend,
                fmt::format("{}; it goes on until {:.0f} s", few, seconds(settings_.window * settings_.max_windows))};
    }
    if (settings_.accept_thin) {
        return {Decision::kPromote, few + "; promoted because thin evidence is accepted"};
    }
    return {Decision::kThin, few + "; try again with more traffic, a larger share or a longer window, or accept it"};
}

Verdict Judge::look(milliseconds elapsed, const Sample& old_one, const Sample& new_one) {
    if (std::string why = memoryTrouble(elapsed, new_one.memory_bytes); !why.empty()) {
        return {Decision::kWithdraw, std::move(why)};
    }
    if (std::string why = errorTrouble(old_one, new_one); !why.empty()) {
        return {Decision::kWithdraw, std::move(why)};
    }
    if (std::string why = latencyTrouble(old_one, new_one); !why.empty()) {
        return {Decision::kWithdraw, std::move(why)};
    }
    if (elapsed < settings_.window) {
        return {Decision::kContinue, comparison(old_one, new_one)};
    }
    return atTheEnd(elapsed, old_one, new_one);
}

}  // namespace stoa::host::upgrade
