#include "host/app/plugin_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "host/events/plugin_events.h"
#include "host/observe/log.h"
#include "host/security/plugin_signature.h"
#include "host/timer/timer_service.h"

namespace stoa::host::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstRetry{250};
constexpr milliseconds kMaxRetry{5000};

security::PluginTrust trustOf(const config::Security& wanted) {
    const bool allow = wanted.unsigned_plugins == "allow";
    if (wanted.plugin_keys.empty()) {
        observe::warn("plugin files are not checked: no security.plugin_keys says who may sign them");
    } else if (allow) {
        observe::warn("unsigned plugins are taken: security.unsigned_plugins is allow");
    }
    return {wanted.plugin_keys, allow};
}

}  // namespace

PluginSet::PluginSet(Surroundings surroundings, std::vector<std::unique_ptr<plugin::Capability>> capabilities)
    : surroundings_(std::move(surroundings)),
      capabilities_(std::move(capabilities)),
      store_(surroundings_.config.state, trustOf(surroundings_.config.security)),
      records_(surroundings_.config.state) {}

PluginSet::~PluginSet() = default;

/// What a start runs: a version, and the recorded one when that is another and there is something to fall back to.
struct PluginSet::Choice {
    Candidate candidate;
    std::optional<Candidate> recorded;
};

PluginSet::Choice PluginSet::chosenFor(const std::string& file, bool exact) {
    const plugin::Staged staged = store_.stage(file);
    const std::string name = staged.manifest->name;
    {
        const std::lock_guard lock(mutex_);
        files_[name] = std::filesystem::weakly_canonical(file);
    }
    const auto record = records_.active(name);
    if (exact || !record || record->active.sha256 == staged.sha256) {
        return {{staged, staged.sha256, "start"}, std::nullopt};
    }
    Candidate recorded{{}, staged.sha256, record->why};
    try {
        recorded.staged = store_.find(name, record->active.version, record->active.sha256);
    } catch (const Error& gone) {
        observe::warn("the recorded version is gone from the store; the file given runs instead",
                      {{"service", name}, {"version", record->active.version}, {"reason", gone.what()}});
        return {{staged, staged.sha256, "start"}, std::nullopt};
    }
    const auto quarantined = records_.quarantined(name, staged.sha256);
    if (record->source_sha256 != staged.sha256 && !quarantined) {
        return {{staged, staged.sha256, "upgrade"}, recorded};  // another file stands there: an ordinary upgrade
    }
    observe::info("the recorded version runs instead of the file given",
                  {{"service", name},
                   {"version", record->active.version},
                   {"reason", quarantined ? "the file was withdrawn: " + quarantined->why
                                          : "the file has not changed since another version replaced it"}});
    return {recorded, std::nullopt};
}

/// An upgrade by a new file at the start is held to what any upgrade is held to; refused, the recorded version runs.
void PluginSet::startChosen(const Choice& choice) {
    if (!choice.recorded) {
        bringUp(choice.candidate);
        return;
    }
    try {
        checkAgainst(*choice.recorded->staged.manifest, *choice.candidate.staged.manifest, false);
        probed(choice.candidate.staged);
        bringUp(choice.candidate);
    } catch (const Error& refusal) {
        if (refusal.status() == STOA_UNAVAILABLE) {
            throw;  // a database that is down says nothing about the version
        }
        remember(choice.candidate.staged, "refused", refusal.what());
        observe::error("the new file was refused; the version before runs",
                       {{"service", choice.candidate.staged.manifest->name},
                        {"version", choice.candidate.staged.manifest->version},
                        {"reason", refusal.what()}});
        bringUp(*choice.recorded);
    }
}

void PluginSet::load(const std::string& file, bool exact) {
    const std::lock_guard turn(lifecycle_);
    const Choice choice = chosenFor(file, exact);
    const std::string& name = choice.candidate.staged.manifest->name;
    try {
        startChosen(choice);
    } catch (const Error& failure) {
        if (failure.status() != STOA_UNAVAILABLE) {
            forget(name);
            throw;
        }
        const std::lock_guard lock(mutex_);
        observe::warn("a plugin waits for what it needs; it is tried again",
                      {{"service", name}, {"reason", failure.what()}});
        pending_.push_back({name, failure.what(), 1, steady_clock::now() + kFirstRetry, choice.candidate});
    }
}

bool PluginSet::retryPending() {
    const std::unique_lock turn(lifecycle_, std::try_to_lock);
    if (!turn) {
        // An upgrade is at work: whoever asks must not be kept from seeing that the host shall stop.
        const std::lock_guard lock(mutex_);
        return pending_.empty();
    }
    std::vector<Pending> waiting;
    {
        const std::lock_guard lock(mutex_);
        waiting = pending_;
    }
    for (Pending& each : waiting) {
        if (steady_clock::now() < each.next_try) {
            continue;
        }
        std::string why;
        try {
            bringUp(each.candidate);
            observe::info("a plugin that waited has started", {{"service", each.name}});
        } catch (const Error& failure) {
            why = failure.what();
        }
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(pending_.begin(), pending_.end(),
                                        [&](const Pending& other) { return other.name == each.name; });
        if (why.empty()) {
            pending_.erase(found);
        } else {
            found->why = why;
            const auto wait = std::min(kMaxRetry, kFirstRetry * (1 << std::min(found->tries++, 6)));
            found->next_try = steady_clock::now() + wait;
        }
    }
    const std::lock_guard lock(mutex_);
    return pending_.empty();
}

void PluginSet::bringUp(const Candidate& candidate) {
    const auto& manifest = candidate.staged.manifest;
    plugin::Service& service = serviceFor(*manifest);
    auto generation = create(candidate.staged);
    migrate(service, *manifest);
    startAndWait(*generation, milliseconds{0}, nullptr);
    serve(service, manifest);
    const auto former = records_.active(manifest->name);
    const plugin::Version next{manifest->version, candidate.staged.sha256};
    record(candidate, !former || former->active == next ? (former ? former->previous : std::nullopt)
                                                        : std::optional(former->active));
    if (!former || former->active != next) {
        remember(candidate.staged, "start", "");
    }
    service.publish(std::move(generation));
    settle(service, candidate);
}

void PluginSet::forget(const std::string& name) {
    surroundings_.dispatcher.withdraw(name);
    const std::lock_guard lock(mutex_);
    if (const auto found = services_.find(name); found != services_.end() && !found->second->manifest()) {
        unused_.insert(services_.extract(found));
    }
}

void PluginSet::retireFormer() {
    const std::unique_lock turn(lifecycle_, std::try_to_lock);
    if (!turn) {
        return;
    }
    for (plugin::Service* service : services()) {
        if (service->hasFormer() && service->retireOld(milliseconds{0}).unloaded > 0) {
            serve(*service);  // its routes and series go with it
        }
    }
}

void PluginSet::tidy() {
    for (plugin::Service* service : services()) {
        if (!service->database()) {
            continue;
        }
        try {
            surroundings_.idempotency.prune(*service->database());
        } catch (const Error& failure) {
            observe::warn("old idempotency keys could not be removed; it is tried again",
                          {{"service", service->name()}, {"reason", failure.what()}});
        }
    }
}

plugin::Service* PluginSet::find(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = services_.find(name);
    return found == services_.end() ? nullptr : found->second.get();
}

std::vector<plugin::Service*> PluginSet::services() {
    const std::lock_guard lock(mutex_);
    std::vector<plugin::Service*> all;
    for (const auto& [name, service] : services_) {
        all.push_back(service.get());
    }
    return all;
}

std::vector<std::string> PluginSet::names() {
    std::vector<std::string> all;
    for (const plugin::Service* service : services()) {
        if (service->manifest()) {
            all.push_back(service->name());
        }
    }
    return all;
}

config::Plugin PluginSet::section(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = sections_.find(name);
    return found == sections_.end() ? surroundings_.config.plugin(name) : found->second;
}

std::map<std::string, std::string> PluginSet::problems() {
    std::map<std::string, std::string> found;
    for (plugin::Service* service : services()) {
        if (!service->manifest()) {
            continue;  // it waits, see below, or is just being added, which is no problem of those that serve
        }
        std::string& problem = found[service->name()];
        problem = service->health();
        if (problem.empty() && service->database()) {
            try {
                service->database()->ping();
            } catch (const std::exception& failure) {
                problem = failure.what();
            }
        }
        if (problem.empty() && service->events()) {
            problem = service->events()->problem();
        }
    }
    const std::lock_guard lock(mutex_);
    for (const Pending& each : pending_) {
        found[each.name] = each.why;
    }
    return found;
}

}  // namespace stoa::host::app
