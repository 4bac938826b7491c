// Life of an upgrade, from a file to the old version's end. ARCHITECTURE.md tells it in words.

#include "host/app/attempt.h"

#include <algorithm>

#include <fmt/format.h>

#include <stoa/json.h>

#include "host/observe/log.h"
#include "host/plugin/handover.h"

namespace stoa::host::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kSaveLimit{1000};

bool sameFile(const std::filesystem::path& a, const std::filesystem::path& b) {
    std::error_code missing;
    return std::filesystem::equivalent(a, b, missing);
}

/// The topics that `manifest` subscribes to and `other` does not.
std::vector<std::string> beyond(const validate::Manifest& manifest, const validate::Manifest& other) {
    std::vector<std::string> topics;
    for (const validate::Subscription& one : manifest.subscribes) {
        const auto same = [&](const validate::Subscription& each) { return each.topic == one.topic; };
        if (std::none_of(other.subscribes.begin(), other.subscribes.end(), same)) {
            topics.push_back(one.topic);
        }
    }
    return topics;
}

/// What another list of topics costs; empty when it stays the same, as the group then does.
std::string topicChange(const validate::Manifest& running, const validate::Manifest& next) {
    const auto more = beyond(next, running);
    const auto fewer = beyond(running, next);
    std::string what = more.empty() ? "" : fmt::format("also reads {}", fmt::join(more, ", "));
    if (!fewer.empty()) {
        what += fmt::format("{}no longer reads {}", more.empty() ? "" : " and ", fmt::join(fewer, ", "));
    }
    return what.empty() ? "" : fmt::format("it {}: its consumer group is rebalanced once", what);
}

}  // namespace

void PluginSet::Attempt::tell(const std::string& name, const std::string& detail) {
    stage = name;
    const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
    result["steps"][name] = static_cast<Json::Int64>(took.count());
    step(name, detail);
}

/// A refused file goes into the history of the plugin that it says it is, if it says so and this host runs that one.
plugin::Staged PluginSet::stage(const std::string& file) try { return store_.stage(file); } catch (const Error& why) {
    if (auto manifest = validate::readManifest(file); manifest && find(manifest->name)) {
        const auto known = std::make_shared<const validate::Manifest>(std::move(*manifest));
        remember({{}, plugin::hashOf(file), known}, "refused", why.what());
        observe::warn("a plugin file was refused",
                      {{"service", known->name}, {"version", known->version}, {"reason", why.what()}});
    }
    throw;
}

Json::Value PluginSet::upgrade(const std::string& file, const UpgradeOptions& options, const Step& step) {
    const auto began = steady_clock::now();
    // The turn before the store: another change of this service may be collecting what is not wanted there.
    const auto named = plugin::Store::look(file);
    const auto turn = turns_.take(named->name, "an upgrade to " + named->version);
    const plugin::Staged staged = stage(file);
    const std::string& name = turn->service();
    if (staged.manifest->name != name) {
        throw Error(STOA_CONFLICT, fmt::format("{} has just become another plugin: try again", file));
    }
    if (options.fleet && (options.fleet->service != name || options.fleet->sha256 != staged.sha256)) {
        throw Error(STOA_FORBIDDEN, fmt::format("an upgrade of {} was asked for, but the file is another one: it holds "
                                                "{} {}, or changed meanwhile; ask again",
                                                options.fleet->service, name, staged.manifest->version));
    }
    Candidate candidate{staged, staged.sha256, "upgrade"};
    if (const auto record = records_.active(name)) {
        // What stands where --plugin points is what a restart compares with: only a new file there counts as seen.
        const std::lock_guard lock(mutex_);
        const auto known = files_.find(name);
        if (known != files_.end() && !sameFile(known->second, file)) {
            candidate.source_sha256 = record->source_sha256;
        }
    }
    Attempt attempt{std::move(candidate), options, step, *turn, began};
    attempt.tell("staged", staged.sha256.substr(0, 12) + (staged.signer.empty() ? "" : ", signed by " + staged.signer));
    if (options.fleet) {
        const plugin::Service* service = find(name);
        attempt.former = service ? service->active() : std::nullopt;
        if (attempt.former && attempt.former->sha256 == staged.sha256) {
            attempt.result["outcome"] = "unchanged";
            return attempt.report();
        }
    }
    return replace(attempt);
}

Json::Value PluginSet::replace(Attempt& attempt) {
    try {
        check(attempt);
        probe(attempt);
        prepare(attempt);
        if (attempt.options.dry_run) {
            attempt.generation.reset();
            attempt.result["outcome"] = "dry run";
            return attempt.report();
        }
        watchCanary(attempt);
        publish(attempt);
    } catch (const Error& why) {
        refuse(attempt, why);
    } catch (const std::exception& why) {
        refuse(attempt, Error(STOA_INTERNAL, why.what()));  // a directory that can't be made, no memory left
    }
    retire(attempt);
    return attempt.report();
}

Json::Value PluginSet::Attempt::report() {
    const validate::Manifest& manifest = *candidate.staged.manifest;
    result["name"] = manifest.name;
    result["version"] = manifest.version;
    result["sha256"] = candidate.staged.sha256;
    result["previous"] = former ? former->version : "";
    const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
    if (options.dry_run) {
        result["summary"] = fmt::format("{} {} would be taken: {} serves on, nothing was changed", manifest.name,
                                        manifest.version, former ? former->version : "nothing");
    } else {
        const std::string old =
            former ? fmt::format(", the version before, {}, is {}", former->version, result["former"].asString()) : "";
        result["summary"] =
            fmt::format("{} {} serves{}; {} ms in all", manifest.name, manifest.version, old, took.count());
    }
    return result;
}

/// What can be known without running the new code.
void PluginSet::check(Attempt& attempt) {
    const plugin::Staged& staged = attempt.candidate.staged;
    const std::string& name = staged.manifest->name;
    attempt.service = find(name);
    if (attempt.service) {
        attempt.former = attempt.service->active();
    } else if (!attempt.options.add) {
        throw Error(STOA_NOT_FOUND,
                    fmt::format("this host runs no {}: ask the host that does, or load it here with --add", name));
    }
    if (const auto quarantined = records_.quarantined(name, staged.sha256)) {
        if (!attempt.options.force) {
            throw Error(STOA_FORBIDDEN,
                        fmt::format("this file was withdrawn before ({}): build a better one, or insist "
                                    "with --force",
                                    quarantined->why));
        }
        records_.release(name, staged.sha256);
    }
    const int most = surroundings_.config.upgrade.max_parked;
    if (attempt.service && attempt.service->parked() >= most) {
        throw Error(STOA_EXHAUSTED,
                    fmt::format("{} old generations of {} are parked, which is the most this host keeps: see what they "
                                "wait for with `stoactl plugins`, or restart the host",
                                most, name));
    }
    if (attempt.former && attempt.former->sha256 != staged.sha256) {
        const auto warnings = checkAgainst(*attempt.former->manifest, *staged.manifest, attempt.options.allow_breaking);
        for (const std::string& warning : warnings) {
            attempt.result["warnings"].append(warning);
        }
        if (const std::string note = topicChange(*attempt.former->manifest, *staged.manifest); !note.empty()) {
            attempt.result["notes"].append(note);
        }
    }
    surroundings_.dispatcher.checkClaims(*staged.manifest);
    settingsFor(*staged.manifest);
    attempt.tell("validated", "");
}

/// Runs the new version in a process of its own first.
void PluginSet::probe(Attempt& attempt) {
    if (!attempt.options.probe) {
        return;
    }
    const probe::ProbeResult result = probed(attempt.candidate.staged);
    for (const std::string& note : result.notes) {
        attempt.result["notes"].append(note);
    }
    attempt.tell("probed", fmt::format("{} ms", result.took.count()));
}

/// The new version in this process, ready to serve beside the old one.
void PluginSet::prepare(Attempt& attempt) {
    const std::shared_lock turn(lifecycle_);
    const plugin::Staged& staged = attempt.candidate.staged;
    if (!attempt.service) {
        attempt.service = &serviceFor(*staged.manifest);
    } else if (!attempt.options.dry_run) {
        attempt.service->endWarm();
        attempt.service->retireOld(milliseconds{0});
    }
    attempt.generation = create(staged);
    attempt.tell("loaded", fmt::format("generation {}", attempt.generation->environment().generation));
    if (attempt.options.dry_run) {
        return;
    }
    migrate(*attempt.service, *staged.manifest);
    attempt.tell("migrated", fmt::format("{} migrations known", staged.manifest->migrations.size()));
    handOver(attempt);
    startAndWait(*attempt.generation, surroundings_.config.upgrade.health, &attempt.turn);
    attempt.tell("healthy", "");
    serve(*attempt.service, staged.manifest);
}

/// The old version's state for the new one. Whatever goes wrong is a warning: the new one then begins without.
void PluginSet::handOver(Attempt& attempt) {
    if (!attempt.former) {
        return;
    }
    try {
        const std::string blob = plugin::saveState(attempt.service->slot(), attempt.service->pool(), kSaveLimit);
        if (!blob.empty()) {
            attempt.generation->restore(blob);
            attempt.tell("handed over", fmt::format("{} bytes of state", blob.size()));
        }
    } catch (const Error& failure) {
        observe::warn("the new version begins without the old one's state",
                      {{"service", attempt.service->name()}, {"reason", failure.what()}});
        attempt.result["warnings"].append(fmt::format("begins without the state before: {}", failure.what()));
    }
}

void PluginSet::publish(Attempt& attempt) {
    const std::shared_lock turn(lifecycle_);
    if (const std::string why = attempt.turn.givenUp(); !why.empty()) {
        throw Error(STOA_CONFLICT, why);
    }
    const Candidate& candidate = attempt.candidate;
    std::optional<plugin::Version> previous;
    if (attempt.former && attempt.former->sha256 != candidate.staged.sha256) {
        previous = plugin::Version{attempt.former->version, attempt.former->sha256};
    } else if (const auto record = records_.active(candidate.staged.manifest->name)) {
        previous = record->previous;  // the same file again: what was before it is still what was before it
    }
    attempt.window = attempt.options.warm.value_or(surroundings_.config.upgrade.window);
    // Killed before the record, the old version runs after a restart; killed after it, the new one.
    record(candidate, previous);
    if (attempt.generation) {
        attempt.service->publish(std::move(attempt.generation), attempt.window);
    } else {
        attempt.service->promoteCanary(attempt.window);
    }
    {
        const std::lock_guard lock(mutex_);  // what waited for its database is not to come after this one
        std::erase_if(pending_, [&](const Pending& each) { return each.name == candidate.staged.manifest->name; });
    }
    remember(candidate.staged, candidate.why, attempt.verdict);
    attempt.tell("published", candidate.staged.manifest->version);
    settle(*attempt.service, candidate);
    attempt.result["outcome"] = "active";
}

/// Says what becomes of the old version, and waits for it as long as was asked for.
void PluginSet::retire(Attempt& attempt) {
    plugin::Service& service = *attempt.service;
    if (!attempt.former) {
        return;
    }
    const bool drained = service.awaitDrained(surroundings_.config.upgrade.drain);
    if (drained) {
        attempt.tell("drained", attempt.former->version);
    }
    if (drained && attempt.window.count() > 0 && !attempt.options.wait) {
        attempt.tell("warm", fmt::format("{} stays for {} s: `stoactl rollback {}` brings it back at once",
                                         attempt.former->version, attempt.window.count() / 1000, service.name()));
        attempt.result["former"] = "warm";
        return;
    }
    // Whoever housekeeps may have been quicker: what counts is what is left.
    const plugin::Retirement done = service.retireOld(attempt.window + surroundings_.config.upgrade.drain);
    if (done.parked + done.draining > 0) {
        attempt.tell("parked",
                     "work is still inside of the old version; it goes when it is free, see `stoactl plugins`");
    } else {
        attempt.tell(done.pinned > 0 ? "pinned" : "unloaded",
                     done.pinned > 0 ? "the old version was destroyed, but its library stays mapped" : "");
    }
    attempt.result["former"] = attempt.stage;
    serve(service);
    collectStore(service.name());
}

void PluginSet::collectStore(const std::string& name) {
    std::set<std::string> wanted;
    if (const auto record = records_.active(name)) {
        wanted.insert(record->active.sha256);
        if (record->previous) {
            wanted.insert(record->previous->sha256);
        }
    }
    store_.collect(name, wanted, 2);
}

void PluginSet::refuse(Attempt& attempt, const Error& why) {
    const plugin::Staged& staged = attempt.candidate.staged;
    const validate::Manifest& manifest = *staged.manifest;
    {
        const std::shared_lock turn(lifecycle_);
        attempt.generation.reset();
        if (attempt.service) {
            attempt.service->withdrawCanary();  // one that did well, and could then not be recorded
        }
        if (attempt.service && attempt.former) {
            serve(*attempt.service);
        } else if (attempt.service) {
            forget(manifest.name);
        }
    }
    remember(staged, attempt.withdrawn ? "withdrawn" : "refused", why.what());
    const std::string old = attempt.former ? fmt::format("; {} goes on serving", attempt.former->version) : "";
    observe::warn(
        "an upgrade was refused",
        {{"service", manifest.name}, {"version", manifest.version}, {"after", attempt.stage}, {"reason", why.what()}});
    throw Error(why.status(), fmt::format("{} {} was {} after \"{}\": {}{}", manifest.name, manifest.version,
                                          attempt.withdrawn ? "withdrawn" : "refused", attempt.stage, why.what(), old));
}

}  // namespace stoa::host::app
