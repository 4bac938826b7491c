// Back to the version before, and a new configuration for the version that runs.

#include <fmt/format.h>

#include "host/app/attempt.h"
#include "host/observe/log.h"

namespace stoa::host::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kWhy = "it was rolled back";

plugin::Version versionOf(const plugin::Environment& environment) { return {environment.version, environment.sha256}; }

}  // namespace

Json::Value PluginSet::rollBack(const std::string& name, const Step& step, const std::string& only) {
    plugin::Service* service = find(name);
    auto active = service ? service->active() : std::nullopt;
    if (!active) {
        throw Error(STOA_NOT_FOUND, fmt::format("this host runs no {}: `stoactl plugins` lists what it runs", name));
    }
    const auto canary = service->canary();
    const bool left = only.empty() || (canary ? canary->sha256 : active->sha256) == only;
    if (canary && left && turns_.giveUp(name, "an operator ended the canary")) {
        Json::Value result;
        result["name"] = name;
        result["version"] = active->version;
        result["outcome"] = "canary ended";
        return result;
    }
    const auto turn = turns_.take(name, "a rollback");
    active = service->active();  // what was active before the turn may be history
    if (!only.empty() && active->sha256 != only) {
        throw Error(STOA_CONFLICT, fmt::format("{} {} runs here, and not the file that was to be left: nothing to do",
                                               name, active->version));
    }
    const auto record = records_.active(name);
    if (record && record->active != versionOf(*active)) {
        return recordedNow(*active, *record);
    }
    if (service->warm()) {
        return backToWarm(*service, step);
    }
    if (!record || !record->previous) {
        throw Error(STOA_NOT_FOUND, fmt::format("there is no version of {} before {}: upgrade to a file instead", name,
                                                active->version));
    }
    const plugin::Staged staged = store_.find(name, record->previous->version, record->previous->sha256);
    UpgradeOptions options;
    options.force = true;
    // It has served before, on a schema that has only grown since: neither its contract nor the probe decides here.
    options.allow_breaking = true;
    options.probe = false;
    options.warm = milliseconds{0};
    Attempt attempt{{staged, record->source_sha256, "rollback"}, options, step, *turn, steady_clock::now()};
    attempt.tell("found", staged.sha256.substr(0, 12));
    Json::Value result = replace(attempt);
    if (active->sha256 != staged.sha256) {
        quarantine(name, versionOf(*active), kWhy);
    }
    return result;
}

Json::Value PluginSet::backToWarm(plugin::Service& service, const Step& step) {
    const auto began = steady_clock::now();
    const plugin::Environment from = *service.active();
    const plugin::Environment to = *service.warm();
    std::chrono::microseconds took{};
    std::string unrecorded;
    {
        const std::shared_lock lock(lifecycle_);
        // The pointer first, the disk afterwards: whoever rolls back wants the old version to answer now. Killed in
        // between, nobody has been told yet that it is done.
        if (!service.rollBack()) {
            throw Error(STOA_CONFLICT,
                        fmt::format("{} {} has just been unloaded: call rollback again, it then comes from the store",
                                    service.name(), to.version));
        }
        took = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - began);
        step("published", to.version);
        try {
            recordBack(service.name(), versionOf(from), versionOf(to));
        } catch (const std::exception& failure) {
            // It serves, which is what was wanted most; a restart would undo it.
            unrecorded = failure.what();
        }
        settle(service, {{{}, to.sha256, to.manifest}, {}, "rollback"});
    }
    remember({{}, to.sha256, to.manifest}, "rollback", "from " + from.version);
    const plugin::Retirement done = service.retireOld(surroundings_.config.upgrade.drain);
    step(done.draining + done.parked == 0 ? "unloaded" : "parked", from.version);
    serve(service);
    Json::Value result;
    result["name"] = service.name();
    result["version"] = to.version;
    result["previous"] = from.version;
    result["outcome"] = unrecorded.empty() ? "active" : "not recorded";
    result["from"] = "warm";
    result["took_us"] = static_cast<Json::Int64>(took.count());
    result["summary"] = fmt::format(
        "{} {} serves again, {:.1f} ms after it was asked for; {}", service.name(), to.version,
        static_cast<double>(took.count()) / 1000,
        unrecorded.empty() ? from.version + " is in quarantine until --force"
                           : fmt::format("but this could not be written down, so {} would run after a restart: mend "
                                         "what is said below, then call `stoactl rollback {}` once more",
                                         from.version, service.name()));
    if (!unrecorded.empty()) {
        observe::error("a rollback could not be written down: a restart would undo it",
                       {{"service", service.name()}, {"version", to.version}, {"reason", unrecorded}});
        result["warnings"].append(unrecorded);
    }
    return result;
}

/// What runs after a restart, and what is not loaded again by itself. Throws what the disk refuses.
void PluginSet::recordBack(const std::string& name, const plugin::Version& from, const plugin::Version& to) {
    auto record = records_.active(name).value_or(plugin::ActiveRecord{});
    record.previous = from;
    record.active = to;
    record.why = "rollback";
    record.at_us = toMicros(surroundings_.clock.now());
    records_.activate(name, record);
    if (from.sha256 != to.sha256) {
        quarantine(name, from, kWhy);
    }
}

/// What backToWarm could not write down. The version serves already.
Json::Value PluginSet::recordedNow(const plugin::Environment& active, const plugin::ActiveRecord& record) {
    recordBack(active.service, record.active, versionOf(active));
    Json::Value result;
    result["name"] = active.service;
    result["version"] = active.version;
    result["previous"] = record.active.version;
    result["outcome"] = "active";
    result["from"] = "record";
    result["summary"] = fmt::format("{} {} serves, and now this is written down; {} is in quarantine until --force",
                                    active.service, active.version, record.active.version);
    return result;
}

/// The version serves no more, whether or not that can be written down.
void PluginSet::quarantine(const std::string& name, const plugin::Version& version, const std::string& why) {
    try {
        records_.quarantine(name, {version, why, toMicros(surroundings_.clock.now())});
    } catch (const std::exception& failure) {
        observe::error("a version could not be put in quarantine: it may be loaded again",
                       {{"service", name}, {"version", version.version}, {"reason", failure.what()}});
    }
}

Json::Value PluginSet::reconfigure(const Turns::Turn& turn, const config::Plugin& changed, const Step& step) {
    const std::string& name = turn.service();
    plugin::Service* service = find(name);
    const auto active = service ? service->active() : std::nullopt;
    if (!active) {
        throw Error(STOA_NOT_FOUND, fmt::format("this host runs no {}: `stoactl plugins` lists what it runs", name));
    }
    const config::Plugin former = section(name);
    if (former.sql != changed.sql || former.workers != changed.workers || former.queue != changed.queue ||
        former.sql_connections != changed.sql_connections) {
        throw Error(
            STOA_UNSUPPORTED,
            fmt::format("plugins.{}: sql, sql_connections, workers and queue belong to the host's start; restart "
                        "it to change them",
                        name));
    }
    const auto put = [&](const config::Plugin& section) {
        const std::lock_guard lock(mutex_);
        sections_[name] = section;
    };
    put(changed);
    try {
        const auto record = records_.active(name);
        const plugin::Staged staged = store_.find(name, active->version, active->sha256);
        UpgradeOptions options;
        options.force = true;
        // Nothing stays warm: the way back from a setting is to set it again.
        options.warm = milliseconds{0};
        Attempt attempt{{staged, record ? record->source_sha256 : active->sha256, "config"},
                        options,
                        step,
                        turn,
                        steady_clock::now()};
        attempt.tell("found", active->sha256.substr(0, 12));
        return replace(attempt);
    } catch (...) {
        put(former);
        throw;
    }
}

}  // namespace stoa::host::app
