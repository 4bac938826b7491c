// From a file of the store to a generation that serves: the steps that a start and an upgrade share.

#include <thread>

#include <fmt/format.h>

#include "host/app/plugin_set.h"
#include "host/events/plugin_events.h"
#include "host/observe/log.h"
#include "host/security/secrets.h"
#include "host/timer/timer_service.h"
#include "host/timer/timer_store.h"

namespace stoa::host::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kHealthLook{20};

std::shared_ptr<sql::Database> openDatabase(const config::Plugin& section, const std::string& state) {
    sql::Options options;
    options.max_connections = section.sql_connections;
    options.owner = section.name;
    if (!section.sql_password.empty()) {
        options.password = security::readSecret(section.sql_password);
    }
    const std::string url = section.sql.empty() ? "sqlite:" + section.name + "_db.sqlite" : section.sql;
    return sql::Database::open(url, state, options);
}

}  // namespace

plugin::Environment PluginSet::environmentFor(const plugin::Staged& staged) {
    const std::string& name = staged.manifest->name;
    plugin::Environment environment;
    environment.service = name;
    environment.version = staged.manifest->version;
    environment.sha256 = staged.sha256;
    environment.generation = next_generation_++;
    environment.manifest = staged.manifest;
    environment.config = section(name).section;
    environment.settings = settingsFor(*staged.manifest);
    return environment;
}

Json::Value PluginSet::settingsFor(const validate::Manifest& manifest) {
    const config::Plugin known = section(manifest.name);
    Json::Value settings = known.settings.isObject() ? known.settings : Json::Value(Json::objectValue);
    if (manifest.settings) {
        settings = manifest.settings->withDefaults(settings);
        for (const validate::Violation& violation : manifest.settings->check(settings)) {
            throw Error(STOA_INVALID,
                        fmt::format("plugins.{}.settings{}: {}", manifest.name, violation.pointer, violation.why));
        }
    } else if (!settings.empty()) {
        throw Error(STOA_INVALID, fmt::format("plugins.{}.settings: this plugin has no settings", manifest.name));
    }
    return settings;
}

plugin::Service& PluginSet::serviceFor(const validate::Manifest& manifest) {
    if (plugin::Service* known = find(manifest.name)) {
        return *known;
    }
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = unused_.find(manifest.name); found != unused_.end()) {
            return *services_.insert(unused_.extract(found)).position->second;
        }
    }
    const config::Plugin known = section(manifest.name);
    plugin::ServiceOptions options;
    options.workers = {known.workers, static_cast<std::size_t>(known.queue)};
    options.drain = surroundings_.config.upgrade.drain;
    std::shared_ptr<sql::Database> database;
    if (manifest.needs(STOA_SQL_ID)) {
        database = openDatabase(known, surroundings_.config.state);
    }
    auto service = std::make_unique<plugin::Service>(manifest.name, options, std::move(database), surroundings_.clock,
                                                     surroundings_.tracer);
    const std::lock_guard lock(mutex_);
    return *services_.emplace(manifest.name, std::move(service)).first->second;
}

std::unique_ptr<plugin::Generation> PluginSet::create(const plugin::Staged& staged) {
    const plugin::Environment environment = environmentFor(staged);
    const auto copy = store_.copyFor(staged, environment.generation);
    return std::make_unique<plugin::Generation>(environment, copy.native(), capabilities_);
}

void PluginSet::migrate(plugin::Service& service, const validate::Manifest& manifest) {
    if (!service.database()) {
        return;
    }
    sql::Database& database = *service.database();
    events::migrate(database);
    timer::migrate(database);
    database.migrate("idempotency", dispatch::Idempotency::migrations());
    std::vector<sql::Migration> own;
    for (const validate::MigrationFile& file : manifest.migrations) {
        own.push_back({file.version, file.name, file.sql, file.sha256});
    }
    database.migrate(manifest.name, own);
}

void PluginSet::startAndWait(plugin::Generation& generation, milliseconds limit, const Turns::Turn* change) {
    generation.start();
    const auto until = steady_clock::now() + limit;
    std::string trouble;
    while (!(trouble = generation.health()).empty()) {
        if (steady_clock::now() >= until || (change && !change->givenUp().empty())) {
            const plugin::Environment& environment = generation.environment();
            throw Error(STOA_UNAVAILABLE,
                        fmt::format("{} {} is not healthy: {}", environment.service, environment.version, trouble));
        }
        std::this_thread::sleep_for(kHealthLook);
    }
}

/// The routes of every version that may serve: the active one, a canary, a warm one, and `also`.
void PluginSet::serve(plugin::Service& service, const Manifest& also) {
    dispatch::Dispatcher::Manifests manifests;
    if (also) {
        manifests.push_back(also);
    }
    for (const auto& each : {service.active(), service.canary(), service.warm()}) {
        if (each) {
            manifests.push_back(each->manifest);
        }
    }
    surroundings_.dispatcher.serve(service, manifests);
}

void PluginSet::record(const Candidate& candidate, const std::optional<plugin::Version>& previous) {
    const plugin::Staged& staged = candidate.staged;
    records_.activate(staged.manifest->name, {{staged.manifest->version, staged.sha256},
                                              candidate.source_sha256,
                                              previous,
                                              candidate.why,
                                              toMicros(surroundings_.clock.now())});
}

/// What follows a publish: routes, events, timers, the registration.
void PluginSet::settle(plugin::Service& service, const Candidate& candidate) {
    const Manifest& manifest = candidate.staged.manifest;
    serve(service);
    startParts(service, manifest);
    observe::info("a plugin is active",
                  {{"service", manifest->name}, {"version", manifest->version}, {"why", candidate.why}});
    if (on_change) {
        on_change();
    }
}

void PluginSet::remember(const plugin::Staged& staged, const std::string& what, const std::string& outcome) {
    try {
        records_.remember(
            staged.manifest->name,
            {toMicros(surroundings_.clock.now()), what, {staged.manifest->version, staged.sha256}, outcome});
    } catch (const std::exception& failure) {
        observe::warn("the history could not be written",
                      {{"service", staged.manifest->name}, {"reason", failure.what()}});
    }
}

}  // namespace stoa::host::app
