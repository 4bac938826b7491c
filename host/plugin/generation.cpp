#include "host/plugin/generation.h"

#include <fmt/format.h>

#include <stoa/error.h>

#include "host/base/version.h"
#include "host/base/work.h"
#include "host/observe/log.h"

namespace stoa::host::plugin {
namespace {

/// Work of the life-cycle calls: the plugin's log lines then carry its name.
Work controlWork(const Environment& environment, std::string_view what) {
    Work work;
    work.service = environment.service;
    work.version = environment.version;
    work.generation = environment.generation;
    work.route = what;
    return work;
}

Environment withAccount(Environment environment) {
    if (!environment.account) {
        environment.account = memory::open({environment.service, environment.version, environment.generation});
    }
    return environment;
}

[[noreturn]] void fail(stoa_status status, const Environment& environment, std::string_view what, std::string why) {
    if (why.empty()) {
        why = lastError().empty() ? std::string(statusName(status)) : lastError();
    }
    throw Error(status, fmt::format("{} {}: {} failed: {}", environment.service, environment.version, what, why));
}

}  // namespace

std::string_view name(GenerationState state) {
    switch (state) {
        case GenerationState::kLoading:
            return "loading";
        case GenerationState::kCanary:
            return "canary";
        case GenerationState::kActive:
            return "active";
        case GenerationState::kDraining:
            return "draining";
        case GenerationState::kParked:
            return "parked";
        case GenerationState::kUnloaded:
            return "unloaded";
    }
    return "unknown";
}

Generation::Generation(Environment environment, const std::string& file,
                       std::span<const std::unique_ptr<Capability>> capabilities)
    : environment_(withAccount(std::move(environment))), routes_(environment_.manifest->routes) {
    for (const auto& offered : capabilities) {
        if (manifest().needs(offered->id())) {
            bindings_.emplace(offered->id(), offered->bind(environment_));
        }
    }
    for (const std::string& needed : manifest().capabilities) {
        if (!bindings_.contains(needed)) {
            throw Error(STOA_UNSUPPORTED, fmt::format("{} {} needs the capability {}, which this host does not have",
                                                      environment_.service, environment_.version, needed));
        }
    }
    host_ = {sizeof host_,
             STOA_ABI_MAJOR,
             STOA_ABI_MINOR,
             0,
             this,
             [](const stoa_host* host, stoa_str id) -> const void* {
                 return static_cast<const Generation*>(host->self)->capability(text(id));
             },
             [](const stoa_host*) -> stoa_str { return view(lastError()); },
             [](const stoa_host*, stoa_str why) { setLastError(std::string(text(why))); }};

    Work work = controlWork(environment_, "create");
    const WorkScope scope(work);
    const memory::Scope charged(environment_.account.get());
    const std::string_view version = kHostVersion;
    const stoa_offer offer{sizeof offer, STOA_ABI_MAJOR, STOA_ABI_MINOR, 0, view(version)};
    library_ = std::make_unique<Library>(file, offer);
    const stoa_plugin& plugin = library_->descriptor();
    if (text(plugin.name) != manifest().name || text(plugin.version) != manifest().version) {
        throw Error(STOA_INVALID,
                    fmt::format("the code calls itself {} {}, its manifest says {} {}: build both from one source",
                                text(plugin.name), text(plugin.version), manifest().name, manifest().version));
    }
    TextWriter refusal;
    const stoa_status status = plugin.create(&host_, &instance_, refusal.raw());
    if (status != STOA_OK || !instance_) {
        fail(status == STOA_OK ? STOA_INTERNAL : status, environment_, "create", refusal.text());
    }
}

Generation::~Generation() { retire(); }

const void* Generation::capability(std::string_view id) const {
    const auto found = bindings_.find(id);
    return found == bindings_.end() ? nullptr : found->second->table();
}

std::string Generation::save() {
    const auto save = library_->descriptor().save;
    if (!save) {
        return {};
    }
    Work work = controlWork(environment_, "save");
    const WorkScope scope(work);
    const memory::Scope charged(environment_.account.get());
    TextWriter blob(kMaxState);
    const stoa_status status = save(instance_, blob.raw());
    if (blob.full()) {
        fail(STOA_EXHAUSTED, environment_, "save", fmt::format("its state has more than {} bytes", kMaxState));
    }
    if (status != STOA_OK) {
        fail(status, environment_, "save", {});
    }
    return blob.text();
}

void Generation::restore(std::string_view blob) {
    const auto restore = library_->descriptor().restore;
    if (!restore) {
        return;
    }
    Work work = controlWork(environment_, "restore");
    const WorkScope scope(work);
    const memory::Scope charged(environment_.account.get());
    if (const stoa_status status = restore(instance_, view(blob)); status != STOA_OK) {
        fail(status, environment_, "restore", {});
    }
}

void Generation::start() {
    Work work = controlWork(environment_, "start");
    const WorkScope scope(work);
    const memory::Scope charged(environment_.account.get());
    if (const stoa_status status = library_->descriptor().start(instance_); status != STOA_OK) {
        fail(status, environment_, "start", {});
    }
    started_ = true;
}

std::string Generation::health() {
    Work work = controlWork(environment_, "health");
    const WorkScope scope(work);
    const memory::Scope charged(environment_.account.get());
    TextWriter detail;
    const stoa_status status = library_->descriptor().health(instance_, detail.raw());
    if (status == STOA_OK) {
        return {};
    }
    return detail.text().empty() ? std::string(statusName(status)) : detail.text();
}

bool Generation::retire() {
    if (!library_) {
        return true;
    }
    Work work = controlWork(environment_, "stop");
    const WorkScope scope(work);
    if (instance_) {
        const memory::Scope charged(environment_.account.get());
        const stoa_plugin& plugin = library_->descriptor();
        if (started_ && plugin.stop(instance_) != STOA_OK) {
            observe::warn("the plugin's stop failed; it is destroyed all the same", {{"reason", lastError()}});
        }
        plugin.destroy(instance_);
        instance_ = nullptr;
    }
    const bool gone = library_->unload();
    if (!gone) {
        observe::warn("the library stays mapped after dlclose: something in the process still refers to it");
    }
    library_.reset();
    bindings_.clear();
    if (const std::int64_t left = environment_.account->inUse(); left > 0) {
        observe::info("an unloaded generation did not give back all of its memory", {{"bytes", std::to_string(left)}});
    }
    state = GenerationState::kUnloaded;
    return gone;
}

upgrade::Sample Generation::sample() const {
    return {requests.load() + events.load(), errors.load() + event_errors.load(), latency.snapshot(),
            environment_.account->inUse()};
}

stoa_status Generation::onRequest(std::uint32_t route, stoa_request* request, stoa_response* response) {
    const memory::Scope charged(environment_.account.get());
    return library_->descriptor().on_request(instance_, route, request, response);
}

stoa_status Generation::onEvent(std::uint32_t subscription, const stoa_event* event, stoa_tx* tx) {
    const memory::Scope charged(environment_.account.get());
    return library_->descriptor().on_event(instance_, subscription, event, tx);
}

stoa_status Generation::onTimer(std::uint32_t timer, const stoa_firing* firing, stoa_tx* tx) {
    const memory::Scope charged(environment_.account.get());
    return library_->descriptor().on_timer(instance_, timer, firing, tx);
}

}  // namespace stoa::host::plugin
