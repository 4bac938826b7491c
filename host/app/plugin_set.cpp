#include "host/app/plugin_set.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include <stoa/json.h>

#include "host/events/plugin_events.h"
#include "host/observe/log.h"
#include "host/security/secrets.h"
#include "host/timer/timer_service.h"
#include "host/timer/timer_store.h"

namespace stoa::host::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstRetry{250};
constexpr milliseconds kMaxRetry{5000};
constexpr milliseconds kRetire{10'000};

std::shared_ptr<sql::Database> openDatabase(const config::Plugin& section, const std::string& state) {
    sql::Options options;
    options.max_connections = section.sql_connections;
    if (!section.sql_password.empty()) {
        options.password = security::readSecret(section.sql_password);
    }
    const std::string url = section.sql.empty() ? "sqlite:" + section.name + "_db.sqlite" : section.sql;
    return sql::Database::open(url, state, options);
}

void silent(const std::string&, const std::string&) {}

}  // namespace

PluginSet::PluginSet(Surroundings surroundings, std::vector<std::unique_ptr<plugin::Capability>> capabilities)
    : surroundings_(std::move(surroundings)),
      capabilities_(std::move(capabilities)),
      store_(surroundings_.config.state),
      records_(surroundings_.config.state) {}

PluginSet::~PluginSet() = default;

plugin::Staged PluginSet::chosenFor(const std::string& file, bool exact, std::string& source_sha256) {
    plugin::Staged staged = store_.stage(file);
    source_sha256 = staged.sha256;
    const auto record = records_.read(staged.manifest->name);
    if (exact || !record || record->source_sha256 != staged.sha256 || record->sha256 == staged.sha256) {
        return staged;
    }
    // The file has not changed since an upgrade replaced it: the record decides.
    observe::info("the recorded version runs instead of the file given",
                  {{"service", staged.manifest->name}, {"version", record->version}});
    return store_.find(staged.manifest->name, record->version, record->sha256);
}

void PluginSet::load(const std::string& file, bool exact) {
    const std::lock_guard turn(lifecycle_);
    std::string source_sha256;
    const plugin::Staged staged = chosenFor(file, exact, source_sha256);
    try {
        bringUp(staged, source_sha256, "start", silent);
    } catch (const Error& failure) {
        if (failure.status() != STOA_UNAVAILABLE) {
            forget(staged.manifest->name);
            throw;
        }
        const std::lock_guard lock(mutex_);
        observe::warn("a plugin waits for what it needs; it is tried again",
                      {{"service", staged.manifest->name}, {"reason", failure.what()}});
        pending_.push_back(
            {staged.manifest->name, failure.what(), 1, steady_clock::now() + kFirstRetry, staged, source_sha256});
    }
}

bool PluginSet::retryPending() {
    const std::lock_guard turn(lifecycle_);
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
            bringUp(each.staged, each.source_sha256, "start", silent);
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

plugin::Environment PluginSet::environmentFor(const plugin::Staged& staged) {
    const config::Plugin section = surroundings_.config.plugin(staged.manifest->name);
    plugin::Environment environment;
    environment.service = staged.manifest->name;
    environment.version = staged.manifest->version;
    environment.generation = next_generation_++;
    environment.manifest = staged.manifest;
    environment.config = section.section;
    environment.settings = section.settings.isObject() ? section.settings : Json::Value(Json::objectValue);
    if (const auto& schema = staged.manifest->settings) {
        environment.settings = schema->withDefaults(environment.settings);
        for (const validate::Violation& violation : schema->check(environment.settings)) {
            throw Error(STOA_INVALID, fmt::format("plugins.{}.settings{}: {}", staged.manifest->name, violation.pointer,
                                                  violation.why));
        }
    } else if (!environment.settings.empty()) {
        throw Error(STOA_INVALID,
                    fmt::format("plugins.{}.settings: this plugin has no settings", staged.manifest->name));
    }
    return environment;
}

plugin::Service& PluginSet::serviceFor(const validate::Manifest& manifest) {
    const std::lock_guard lock(mutex_);
    if (const auto found = services_.find(manifest.name); found != services_.end()) {
        return *found->second;
    }
    const config::Plugin section = surroundings_.config.plugin(manifest.name);
    plugin::ServiceOptions options;
    options.workers = {section.workers, static_cast<std::size_t>(section.queue)};
    std::shared_ptr<sql::Database> database;
    if (manifest.needs(STOA_SQL_ID)) {
        database = openDatabase(section, surroundings_.config.state);
    }
    auto service = std::make_unique<plugin::Service>(manifest.name, options, std::move(database), surroundings_.clock,
                                                     surroundings_.tracer);
    return *services_.emplace(manifest.name, std::move(service)).first->second;
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

void PluginSet::bringUp(const plugin::Staged& staged, const std::string& source_sha256, const std::string& why,
                        const Step& step) {
    const auto& manifest = staged.manifest;
    plugin::Service& service = serviceFor(*manifest);
    // Before the code: create may read what the migrations made.
    migrate(service, *manifest);
    step("migrated", fmt::format("{} migrations known", manifest->migrations.size()));
    const plugin::Environment environment = environmentFor(staged);
    const auto copy = store_.copyFor(staged, environment.generation);
    auto generation = std::make_unique<plugin::Generation>(environment, copy.native(), capabilities_);
    step("loaded", fmt::format("generation {}", environment.generation));
    generation->start();
    if (const std::string trouble = generation->health(); !trouble.empty()) {
        throw Error(STOA_UNAVAILABLE,
                    fmt::format("{} {} is not healthy: {}", manifest->name, manifest->version, trouble));
    }
    step("healthy", "");
    surroundings_.dispatcher.serve(service, *manifest);
    const auto former = records_.read(manifest->name);
    plugin::ActiveRecord record{
        manifest->version, staged.sha256, source_sha256, "", why, toMicros(surroundings_.clock.now())};
    if (former) {
        record.previous = former->version + "+" + former->sha256.substr(0, 12);
    }
    records_.write(manifest->name, record);
    service.publish(std::move(generation));
    step("published", manifest->version);
    startParts(service, manifest);
    observe::info("a plugin is active", {{"service", manifest->name}, {"version", manifest->version}, {"why", why}});
    if (on_change) {
        on_change();
    }
}

void PluginSet::startParts(plugin::Service& service, const std::shared_ptr<const validate::Manifest>& manifest) {
    if (!service.database()) {
        return;
    }
    if (service.events) {
        service.events->update(asConfigured(manifest));
        return;
    }
    attachEvents(service, manifest);
    attachTimers(service);
}

Json::Value PluginSet::upgrade(const std::string& file, const Step& step) {
    const std::lock_guard turn(lifecycle_);
    const plugin::Staged staged = store_.stage(file);
    step("staged", staged.sha256.substr(0, 12));
    const std::string name = staged.manifest->name;
    const bool known = find(name) != nullptr;
    try {
        bringUp(staged, staged.sha256, "upgrade", step);
    } catch (...) {
        if (!known) {
            forget(name);
        } else if (const auto manifest = find(name)->manifest()) {
            surroundings_.dispatcher.serve(*find(name), *manifest);
        }
        throw;
    }
    const bool gone = find(name)->retireOld(kRetire);
    step(gone ? "unloaded" : "parked", gone ? "" : "work is still inside of the old version; it goes when it is free");
    Json::Value result;
    result["name"] = name;
    result["version"] = staged.manifest->version;
    result["unloaded"] = gone;
    return result;
}

void PluginSet::forget(const std::string& name) {
    surroundings_.dispatcher.withdraw(name);
    std::unique_ptr<plugin::Service> gone;
    const std::lock_guard lock(mutex_);
    if (const auto found = services_.find(name); found != services_.end() && !found->second->manifest()) {
        gone = std::move(found->second);
        services_.erase(found);
    }
}

void PluginSet::tidy() {
    const std::lock_guard turn(lifecycle_);
    for (plugin::Service* service : services()) {
        service->retireOld(milliseconds{0});
        if (service->database()) {
            try {
                surroundings_.idempotency.prune(*service->database());
            } catch (const Error& failure) {
                observe::warn("old idempotency keys could not be removed; it is tried again",
                              {{"service", service->name()}, {"reason", failure.what()}});
            }
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

std::map<std::string, std::string> PluginSet::problems() {
    std::map<std::string, std::string> found;
    for (plugin::Service* service : services()) {
        std::string& problem = found[service->name()];
        problem = service->manifest() ? service->health() : "it has not started yet";
        if (problem.empty() && service->database()) {
            try {
                service->database()->ping();
            } catch (const std::exception& failure) {
                problem = failure.what();
            }
        }
        if (problem.empty() && service->events) {
            problem = service->events->problem();
        }
    }
    const std::lock_guard lock(mutex_);
    for (const Pending& each : pending_) {
        found[each.name] = each.why;
    }
    return found;
}

}  // namespace stoa::host::app
