// Back to the version before, and a new configuration for the version that runs.

#include <fmt/format.h>

#include "host/app/attempt.h"
#include "host/observe/log.h"

namespace stoa::host::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

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
    if (service->warm()) {
        return backToWarm(*service, step);
    }
    const auto record = records_.active(name);
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
    withdraw(*active, *service->active());
    return result;
}

Json::Value PluginSet::backToWarm(plugin::Service& service, const Step& step) {
    const auto began = steady_clock::now();
    const plugin::Environment from = *service.active();
    const plugin::Environment to = *service.warm();
    std::chrono::microseconds took{};
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
        auto record = records_.active(service.name()).value_or(plugin::ActiveRecord{});
        record.previous = versionOf(from);
        record.active = versionOf(to);
        record.why = "rollback";
        record.at_us = toMicros(surroundings_.clock.now());
        records_.activate(service.name(), record);
        withdraw(from, to);
        settle(service, {{{}, to.sha256, to.manifest}, record.source_sha256, "rollback"});
    }
    remember({{}, to.sha256, to.manifest}, "rollback", "from " + from.version);
    const plugin::Retirement done = service.retireOld(surroundings_.config.upgrade.drain);
    step(done.draining + done.parked == 0 ? "unloaded" : "parked", from.version);
    serve(service);
    Json::Value result;
    result["name"] = service.name();
    result["version"] = to.version;
    result["previous"] = from.version;
    result["outcome"] = "active";
    result["from"] = "warm";
    result["took_us"] = static_cast<Json::Int64>(took.count());
    result["summary"] = fmt::format(
        "{} {} serves again, {:.1f} ms after it was asked for; {} is in quarantine until "
        "--force",
        service.name(), to.version, static_cast<double>(took.count()) / 1000, from.version);
    return result;
}

/// What is rolled back is not loaded again by itself.
void PluginSet::withdraw(const plugin::Environment& from, const plugin::Environment& to) {
    if (from.sha256 != to.sha256) {
        records_.quarantine(from.service, {versionOf(from), "it was rolled back", toMicros(surroundings_.clock.now())});
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
