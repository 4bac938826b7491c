// `stoactl upgrade FILE --fleet`: this host asks the others.

#include <algorithm>

#include <fmt/format.h>

#include <stoa/json.h>

#include "host/app/fleet_member.h"
#include "host/app/parts.h"
#include "host/observe/log.h"
#include "host/plugin/store.h"

namespace stoa::host::app {
namespace {

using control::CommandError;
using control::Progress;

FleetPlan planIn(const Json::Value& arguments) {
    FleetPlan plan;
    if (arguments["wave"].isInt()) {
        plan.wave = static_cast<std::size_t>(std::clamp(arguments["wave"].asInt(), 1, 100));
    }
    if (arguments["pause"].isInt64()) {
        plan.pause = std::chrono::milliseconds{std::max<std::int64_t>(arguments["pause"].asInt64(), 0)};
    }
    return plan;
}

/// What stands in the file, without running it.
FleetFile fleetFileAt(const std::string& file) {
    const std::string sha256 = plugin::hashOf(file);
    const auto manifest = validate::readManifest(file);
    if (!manifest) {
        throw Error(STOA_INVALID, fmt::format("{}: {}", file, manifest.error()));
    }
    return {manifest->name, sha256};
}

/// What the other hosts are told: how to upgrade, and nothing of the fleet.
Json::Value optionsIn(Json::Value arguments) {
    for (const char* key : {"file", "fleet", "wave", "pause"}) {
        arguments.removeMember(key);
    }
    return arguments;
}

FleetStep reportTo(Progress& progress) {
    return [&progress, began = std::chrono::steady_clock::now()](const FleetMember& member, const std::string& step,
                                                                 const std::string& detail) {
        const auto took = std::chrono::steady_clock::now() - began;
        Json::Value line;
        line["host"] = member.hostId();
        line["address"] = member.address();
        line["step"] = step;
        line["detail"] = detail;
        line["ms"] = static_cast<Json::Int64>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
        progress.report(line);
    };
}

}  // namespace

VersionChanges Host::Parts::versionChanges() {
    return {[this](const std::string& file, const UpgradeOptions& options, const Step& step) {
                return plugins->upgrade(file, options, step);
            },
            [this](const std::string& service, const std::string& sha256, const Step& step) {
                return plugins->rollBack(service, step, sha256);
            }};
}

Json::Value Host::Parts::upgradeFleet(const Json::Value& arguments, Progress& progress) {
    if (arguments.isMember("add")) {
        throw CommandError("invalid", "a fleet upgrade goes to the hosts that run the service",
                           "load a new plugin with --add on the host that shall run it, without --fleet");
    }
    FleetChange change;
    change.file = textOr(arguments, "file");
    change.is = fleetFileAt(change.file);
    change.options = optionsIn(arguments);
    change.wanted = [&progress] { return progress.wanted(); };
    const VersionChanges here = versionChanges();
    const FleetTools tools{identity, *client, *registry, here};
    const FleetMembers members = membersFor(tools, change);
    FleetReport report = app::upgradeFleet(members, planIn(arguments), reportTo(progress), change.wanted);
    report.result["service"] = change.is.service;
    report.result["sha256"] = change.is.sha256;
    observe::info("an upgrade of the fleet has ended", {{"service", change.is.service},
                                                        {"hosts", std::to_string(members.size())},
                                                        {"outcome", textOr(report.result, "outcome")},
                                                        {"reason", report.reason}});
    if (!report.done) {
        const bool clean = textOr(report.result, "outcome") == "rolled back";
        throw CommandError("refused", fmt::format("the fleet was not upgraded: {}", report.reason),
                           clean ? "every host runs what it ran before; mend what was refused and try again, with "
                                   "--force when this very file has been rolled back"
                                 : "not every host could be brought back: see `stoactl plugins` on those named above",
                           report.result);
    }
    report.result["summary"] =
        fmt::format("{} {}: {} on {} hosts", change.is.service, textOr(report.result["hosts"][0], "version"),
                    textOr(report.result, "outcome"), members.size());
    return report.result;
}

}  // namespace stoa::host::app
