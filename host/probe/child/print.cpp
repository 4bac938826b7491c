#include "host/probe/child/print.h"

#include <algorithm>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <stoa/json.h>

namespace stoa::host::probe {
namespace {

double inMs(std::chrono::microseconds time) { return static_cast<double>(time.count()) / 1000; }

bool failed(const ProbeResult& result, const std::string& stage) {
    return std::any_of(result.failures.begin(), result.failures.end(),
                       [&](const ProbeFailure& failure) { return failure.stage == stage; });
}

}  // namespace

std::string asText(const ProbeOptions& options, const ProbeResult& result) {
    std::string text;
    for (const ProbeStage& stage : result.stages) {
        text += fmt::format("{:<6} {:<44} {:>8.1f} ms  {}\n", failed(result, stage.name) ? "FAILED" : "ok", stage.name,
                            inMs(stage.took), stage.said);
    }
    for (const ProbeFailure& failure : result.failures) {
        text += fmt::format("\n{}: {}", failure.stage, failure.reason);
    }
    for (const std::string& note : result.notes) {
        text += "\nnote: " + note;
    }
    if (!result.passed && !result.last_log_lines.empty()) {
        text += fmt::format("\n\nThe last lines of its log:\n  {}", fmt::join(result.last_log_lines, "\n  "));
    }
    return fmt::format("{}\n{}: {} in {} ms", text, options.file.filename().native(),
                       result.passed ? "passed" : "did not pass", result.took.count());
}

std::string asJson(const ProbeOptions& options, const ProbeResult& result) {
    Json::Value json{Json::objectValue};
    json["file"] = options.file.native();
    json["passed"] = result.passed;
    json["stage"] = result.stage;
    json["reason"] = result.reason;
    json["tookMs"] = static_cast<Json::Int64>(result.took.count());
    json["failures"] = Json::Value{Json::arrayValue};
    for (const ProbeFailure& failure : result.failures) {
        Json::Value& each = json["failures"].append(Json::Value{Json::objectValue});
        each["stage"] = failure.stage;
        each["reason"] = failure.reason;
    }
    json["notes"] = Json::Value{Json::arrayValue};
    for (const std::string& note : result.notes) {
        json["notes"].append(note);
    }
    json["log"] = Json::Value{Json::arrayValue};
    for (const std::string& line : result.last_log_lines) {
        json["log"].append(line);
    }
    json["stages"] = Json::Value{Json::arrayValue};
    for (const ProbeStage& stage : result.stages) {
        Json::Value& each = json["stages"].append(Json::Value{Json::objectValue});
        each["name"] = stage.name;
        each["said"] = stage.said;
        each["us"] = static_cast<Json::Int64>(stage.took.count());
    }
    return writeJson(json);
}

}  // namespace stoa::host::probe
