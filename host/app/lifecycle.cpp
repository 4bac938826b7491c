// Listening, registering, draining.

#include <fmt/format.h>

#include <stoa/json.h>

#include "host/app/parts.h"
#include "host/events/plugin_events.h"
#include "host/observe/log.h"

namespace stoa::host::app {
namespace {

http::ListenerOptions listener(http::Listener which, const config::Address& address, const config::Http& http) {
    http::ListenerOptions options{which, address.host, address.port, {}};
    if (which == http::Listener::kEdge) {
        options.tls = {http.tls_certificate, http.tls_key};
    }
    return options;
}

http::ServerOptions serverOptions(const config::Http& from) {
    http::ServerOptions options;
    options.max_connections = static_cast<std::size_t>(from.max_connections);
    options.max_header_bytes = static_cast<std::size_t>(from.max_header_bytes);
    options.max_target_bytes = static_cast<std::size_t>(from.max_target_bytes);
    options.header_timeout = from.header_timeout;
    options.body_timeout = from.body_timeout;
    options.idle_timeout = from.idle_timeout;
    options.write_timeout = from.write_timeout;
    return options;
}

}  // namespace

void Host::Parts::listen() {
    http::ServerOptions options = serverOptions(config.http);
    options.listeners = {listener(http::Listener::kEdge, config.http.edge, config.http),
                         listener(http::Listener::kInternal, config.http.internal, config.http),
                         listener(http::Listener::kOps, config.http.ops, config.http)};
    server = std::make_unique<http::Server>(options, io, *dispatcher);
    server->start();
    if (config.outbound.local == "direct") {
        services->setLocal(dispatcher.get(), [this](const std::string& name) { return dispatcher->serves(name); });
    }
}

bool Host::Parts::serveRegistry(const std::string& address) {
    const std::lock_guard lock(registry_mutex);
    if (!may_serve_registry) {
        return false;  // asked again in a moment
    }
    const auto origin = outbound::Origin::parse(address);
    http::ServerOptions options = serverOptions(config.http);
    options.listeners = {{http::Listener::kInternal, origin.host, origin.port, {}}};
    try {
        auto listening = std::make_unique<http::Server>(options, io, *dispatcher);
        listening->start();
        registry_server = std::move(listening);
    } catch (const Error&) {
        return false;  // another host of this machine serves it, or will in a moment
    }
    observe::info("this host serves the registry", {{"address", address}});
    return true;
}

registry::Registration Host::Parts::registration() {
    registry::Registration self;
    self.host_id = state.hostId();
    self.address = config::Address{config.http.internal.host, server->port(http::Listener::kInternal)}.text();
    self.epoch = state.epoch();
    self.more_to_come = more_to_come;
    for (plugin::Service* service : plugins->services()) {
        const auto manifest = service->manifest();
        if (!manifest) {
            continue;
        }
        registry::Service entry{manifest->name, manifest->version, manifest->resources, {}};
        if (manifest->listener != "edge") {
            for (const validate::Route& route : manifest->routes) {
                entry.routes.push_back({route.method, route.path, route.auth});
            }
        }
        self.services.push_back(std::move(entry));
    }
    return self;
}

void Host::Parts::expectMore(bool more) {
    dispatcher->expectMore(more);
    if (more_to_come.exchange(more) != more) {
        announce();
    }
}

void Host::Parts::announce() {
    // One after the other, so that what is told last is what is true last; and never after the withdrawal.
    const std::lock_guard lock(announce_mutex);
    if (phase == HostState::kDraining || !server) {
        return;
    }
    identity.setServices(plugins->names());
    registry->announce(registration());
    user_keys->wanted();
}

void Host::Parts::wakeHost(const std::string& host_id, const std::string& service) {
    const auto directory = registry->directory();
    for (const registry::Registration& host : directory->hosts) {
        if (host.host_id == host_id) {
            outbound::HttpCall call;
            call.method = "POST";
            call.target = "/stoa/v1/wake/" + service;
            call.deadline = std::chrono::steady_clock::now() + std::chrono::seconds{1};
            client->send(outbound::Origin::parse(host.address), std::move(call), [](outbound::Outcome) {});
        }
    }
}

void Host::Parts::watch() {
    std::vector<std::string> watched;
    for (const PluginFile& plugin : files) {
        watched.push_back(plugin.file);
    }
    UpgradeOptions options;  // the author is the only one who calls it: what breaks is theirs to see
    options.warm = std::chrono::milliseconds{0};
    options.allow_breaking = true;
    options.force = true;
    const auto swap = [this, options](const std::string& file) {
        const auto began = std::chrono::steady_clock::now();
        try {
            const Json::Value now = plugins->upgrade(file, options, [](const std::string&, const std::string&) {});
            const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
            observe::info("a rebuilt plugin was swapped in", {{"service", textOr(now, "name")},
                                                              {"version", textOr(now, "version")},
                                                              {"ms", fmt::format("{:.0f}", took.count())}});
        } catch (const std::exception& failure) {
            observe::error("a rebuilt plugin was refused; what ran before goes on",
                           {{"file", file}, {"reason", failure.what()}});
        }
    };
    watcher = std::make_unique<Watcher>(std::move(watched), swap);
    observe::info("plugin files are watched: a rebuilt one is swapped in");
}

void Host::Parts::stop(bool leave_partitions) {
    {
        const std::lock_guard lock(mutex);
        ++stop_requests;
        leave = leave || leave_partitions;
    }
    changed.notify_all();
}

bool Host::Parts::waitForStop(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, limit, [this] { return stop_requests > 0; });
}

bool Host::Parts::hurry() {
    const std::lock_guard lock(mutex);
    return stop_requests > 1;
}

std::string Host::Parts::problem() {
    if (phase != HostState::kServing) {
        return phase == HostState::kDraining ? "the host is draining" : "the host is starting";
    }
    for (const auto& [name, why] : plugins->problems()) {
        if (!why.empty()) {
            return name + ": " + why;
        }
    }
    return {};
}

void Host::Parts::drain() {
    phase = HostState::kDraining;
    const bool alone = registry->directory()->hosts.size() <= 1;
    observe::info("draining", {{"plugins", std::to_string(plugins->names().size())}});
    {
        const std::lock_guard lock(announce_mutex);
        registry->withdraw();
    }
    if (!alone) {
        // Others may still hold the old list: serve on until they have heard.
        std::unique_lock lock(mutex);
        changed.wait_for(lock, config.drain.settle, [this] { return stop_requests > 1; });
    }
    server->stopAccepting();
    if (!server->drain(hurry() ? std::chrono::milliseconds{100} : config.drain.requests)) {
        observe::warn("requests were cut off: they did not end in time");
    }
    bool leaving = false;
    {
        const std::lock_guard lock(mutex);
        leaving = leave;
    }
    plugins->shutDown(leaving, [this] { return hurry(); });
    drained = true;
    tracer->flush();
    observe::info("the host has drained");
}

}  // namespace stoa::host::app
