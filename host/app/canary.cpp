// A share of the work goes to the new version beside the old one, until the judge has decided.

#include <thread>

#include <fmt/format.h>

#include "host/app/attempt.h"
#include "host/observe/log.h"

namespace stoa::host::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLook{100};
constexpr milliseconds kReport{5000};

/// What came since `earlier`.
upgrade::Sample since(const upgrade::Sample& now, const upgrade::Sample& earlier) {
    return {now.requests - earlier.requests, now.errors - earlier.errors, now.latency - earlier.latency,
            now.memory_bytes};
}

std::string numbers(const upgrade::Sample& sample) {
    return fmt::format("{} requests, {} failed, p99 {:.1f} ms", sample.requests, sample.errors,
                       sample.latency.percentile(0.99) / 1000);
}

std::string percent(std::uint32_t permyriad) { return fmt::format("{:.4g} %", permyriad / 100.0); }

}  // namespace

void PluginSet::watchCanary(Attempt& attempt) {
    if (attempt.options.canary.permyriad == 0 || !attempt.former) {
        return;
    }
    plugin::Service& service = *attempt.service;
    service.beginCanary(std::move(attempt.generation), attempt.options.canary);
    attempt.tell("canary", fmt::format("{} of the requests for {} s", percent(attempt.options.canary.permyriad),
                                       attempt.options.canary_window.count() / 1000));
    upgrade::JudgeSettings settings;
    settings.window = attempt.options.canary_window;
    settings.accept_thin = attempt.options.accept_thin;
    settings.memory_growth = surroundings_.config.upgrade.memory_growth;
    const upgrade::Verdict verdict = judged(attempt, upgrade::Judge(settings));
    attempt.verdict = verdict.why;
    observe::info("a canary is decided", {{"service", service.name()},
                                          {"version", attempt.candidate.staged.manifest->version},
                                          {"promoted", verdict.decision == upgrade::Decision::kPromote ? "yes" : "no"},
                                          {"why", verdict.why}});
    if (verdict.decision == upgrade::Decision::kPromote) {
        attempt.tell("judged", verdict.why);
        return;
    }
    service.withdrawCanary();
    service.retireOld(surroundings_.config.upgrade.drain);
    attempt.withdrawn = verdict.decision == upgrade::Decision::kWithdraw;
    if (attempt.withdrawn) {
        const plugin::Staged& staged = attempt.candidate.staged;
        quarantine(service.name(), {staged.manifest->version, staged.sha256}, verdict.why);
    }
    throw Error(STOA_CONFLICT, verdict.why);
}

/// Looks again and again until the judge has decided, or somebody has ended the canary.
upgrade::Verdict PluginSet::judged(Attempt& attempt, upgrade::Judge judge) {
    const auto began = steady_clock::now();
    const auto start = *attempt.service->compare();
    auto next_report = began + kReport;
    for (;;) {
        std::this_thread::sleep_for(kLook);
        if (const std::string why = attempt.turn.givenUp(); !why.empty()) {
            return {upgrade::Decision::kThin, why};
        }
        const auto seen = attempt.service->compare();
        if (!seen) {
            return {upgrade::Decision::kThin, "the host stops"};
        }
        const auto& now = *seen;
        const auto elapsed = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
        const upgrade::Sample old_one = since(now.first, start.first);
        const upgrade::Sample new_one = since(now.second, start.second);
        upgrade::Verdict verdict = judge.look(elapsed, old_one, new_one);
        if (verdict.decision != upgrade::Decision::kContinue && verdict.decision != upgrade::Decision::kExtend) {
            attempt.result["canary"]["old"] = numbers(old_one);
            attempt.result["canary"]["new"] = numbers(new_one);
            attempt.result["canary"]["why"] = verdict.why;
            return verdict;
        }
        if (steady_clock::now() >= next_report) {
            next_report += kReport;
            attempt.step("canary", fmt::format("{} s: old {}; new {}", elapsed.count() / 1000, numbers(old_one),
                                               numbers(new_one)));
        }
    }
}

}  // namespace stoa::host::app
