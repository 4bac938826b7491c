/// A fleet for tests: a registry that says what the test says, tokens that name their pair.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "host/http/test_server.h"
#include "host/observe/metrics.h"
#include "host/outbound/http_client.h"
#include "host/outbound/service_client.h"
#include "host/security/authenticator.h"
#include "registry/registry.h"

namespace stoa::host::outbound {

class ListedHosts : public registry::Registry {
public:
    void add(const std::string& service, std::uint16_t port, std::vector<registry::Route> routes = {}) {
        const std::lock_guard lock{mutex_};
        auto next = std::make_shared<registry::Directory>(*directory_);
        registry::Registration host;
        host.host_id = "host" + std::to_string(next->hosts.size());
        host.address = "127.0.0.1:" + std::to_string(port);
        host.services.push_back({service, "1.0.0", {}, std::move(routes)});
        next->hosts.push_back(std::move(host));
        directory_ = std::move(next);
    }
    /// False: as it is soon after the start.
    void setComplete(bool complete) {
        const std::lock_guard lock{mutex_};
        auto next = std::make_shared<registry::Directory>(*directory_);
        next->complete = complete;
        directory_ = std::move(next);
    }
    void announce(const registry::Registration&) override {}
    void withdraw() override {}
    std::shared_ptr<const registry::Directory> directory() const override {
        const std::lock_guard lock{mutex_};
        return directory_;
    }
    void onChange(std::function<void()>) override {}
    std::string trouble() const override { return {}; }
    std::string describe() const override { return "a list"; }
    registry::HttpAnswer handle(const std::string&, const std::string&, const std::string&) override { return {}; }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const registry::Directory> directory_ = std::make_shared<registry::Directory>();
};

class PlainTokens : public security::ServiceTokens {
public:
    std::string tokenFor(std::string_view service, std::string_view audience) override {
        if (service == "stranger") {
            throw Error(STOA_FORBIDDEN, "this host may not speak for stranger");
        }
        return std::string{service} + ">" + std::string{audience};
    }
};

/// A server that is "product", and a client that knows it.
struct TestFleet {
    TestFleet() : client(HttpClientOptions{}, product.io), services({}, client, hosts, tokens, metrics) {}
    ~TestFleet() {
        services.setLocal(nullptr, {});
        product.server.reset();
    }
    void listen() { hosts.add("product", product.port()); }
    /// The short cut instead of a socket.
    void shortCut() {
        services.setLocal(&product.handler, [](const std::string& service) { return service == "product"; });
    }

    http::TestServer product;
    ListedHosts hosts;
    PlainTokens tokens;
    observe::Metrics metrics;
    HttpClient client;
    ServiceClient services;
};

}  // namespace stoa::host::outbound
