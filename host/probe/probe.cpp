#include "host/probe/probe.h"

#include <csignal>
#include <cstring>
#include <deque>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <stoa/json.h>

#include "host/probe/child_process.h"
#include "host/probe/record.h"

namespace stoa::host::probe {
namespace {

using std::chrono::steady_clock;

/// A hanging health() must leave time for the rest.
std::chrono::milliseconds healthTime(std::chrono::milliseconds timeout) { return timeout / 4; }

std::string inputOf(const ProbeOptions& options) {
    // The name that /proc/self/maps will show.
    std::error_code absent;
    const auto canonical = std::filesystem::canonical(options.file, absent);
    Json::Value input{Json::objectValue};
    input["file"] = absent ? options.file.native() : canonical.native();
    input["settings"] = options.settings.isNull() ? Json::Value{Json::objectValue} : options.settings;
    input["memoryBytes"] = static_cast<Json::UInt64>(options.memory_bytes);
    input["healthMs"] = static_cast<Json::Int64>(healthTime(options.timeout).count());
    return writeJson(input);
}

std::string nameOf(int signal) {
    const char* name = sigabbrev_np(signal);
    return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

/// Why it ended without having come to its end.
std::string describe(const Ending& ending, const ProbeOptions& options) {
    if (ending.timed_out) {
        return fmt::format(
            "it hung and was killed after {} ms (SIGKILL): look at what it waits for, or give the probe more time",
            options.timeout.count());
    }
    switch (ending.signal) {
        case 0:
            return fmt::format("it ended the process with exit({}): a plugin returns a status instead", ending.code);
        case SIGABRT:
            return "it aborted (SIGABRT): the lines before say why, if it printed anything";
        case SIGKILL:
            return "it was killed (SIGKILL), not by the probe: has the machine run out of memory?";
        default:
            return fmt::format("it crashed: {} ({})", nameOf(ending.signal), strsignal(ending.signal));
    }
}

/// Puts together what the child tells.
class Listener {
public:
    void record(std::string_view line) {
        const auto record = readRecord(line);
        if (!record) {
            return;
        }
        switch (record->kind) {
            case Record::Kind::kStage:
                endStage();
                stage_ = record->text;
                break;
            case Record::Kind::kSaid:
                said_ += (said_.empty() ? "" : ", ") + record->text;
                break;
            case Record::Kind::kLog:
                remember(record->text);
                break;
            case Record::Kind::kFailed:
                result.failures.push_back({stage_, record->text});
                break;
            case Record::Kind::kNote:
                result.notes.push_back(record->text);
                break;
            case Record::Kind::kDone:
                done = true;
                break;
        }
    }

    void remember(std::string_view line) {
        if (lines_.size() == kLastLines) {
            lines_.pop_front();
        }
        lines_.emplace_back(line);
    }

    ProbeResult finish() {
        endStage();
        result.last_log_lines.assign(lines_.begin(), lines_.end());
        result.passed = done && result.failures.empty();
        if (!result.passed) {
            result.stage = result.failures.front().stage;
            result.reason = result.failures.front().reason;
        }
        return std::move(result);
    }

    void fail(std::string reason) { result.failures.push_back({stage_, std::move(reason)}); }

    bool done = false;
    ProbeResult result;

private:
    void endStage() {
        const auto now = steady_clock::now();
        result.stages.push_back(
            {stage_, std::chrono::duration_cast<std::chrono::microseconds>(now - since_), std::exchange(said_, {})});
        since_ = now;
    }

    std::string stage_ = "spawned";
    std::string said_;
    steady_clock::time_point since_ = steady_clock::now();
    std::deque<std::string> lines_;
};

}  // namespace

ProbeResult probe(const ProbeOptions& options) {
    const auto begin = steady_clock::now();
    Listener listener;
    try {
        ChildProcess child(options.program, inputOf(options));
        const Ending ending = child.run(
            begin + options.timeout, [&](std::string_view line) { listener.record(line); },
            [&](std::string_view line) { listener.remember(line); });
        // A failure that it told of ends it as well; only an end without a word needs one.
        if (!listener.done) {
            listener.fail(describe(ending, options));
        }
    } catch (const std::system_error& failure) {
        listener.fail(fmt::format("stoa-probe can't be run: {}; it belongs beside the host's program", failure.what()));
    }
    ProbeResult result = listener.finish();
    result.took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin);
    return result;
}

}  // namespace stoa::host::probe
