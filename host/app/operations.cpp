// The routes of the host's own: health, metrics, OpenAPI documents, registry, wake-ups.

#include <stoa/json.h>

#include "host/app/parts.h"
#include "host/app/service_document.h"
#include "host/base/version.h"
#include "host/events/plugin_events.h"

namespace stoa::host::app {
namespace {

using http::Listener;

void answer(const std::shared_ptr<http::Exchange>& exchange, int status, const Json::Value& body) {
    http::Response response;
    response.status = status;
    response.headers.set("Content-Type", "application/json");
    response.headers.set("Cache-Control", "no-store");
    response.body = writeJson(body);
    exchange->respond(std::move(response));
}

Json::Value statusOf(std::string_view status) {
    Json::Value body;
    body["status"] = std::string(status);
    return body;
}

/// Last segment of "/stoa/v1/wake/<name>", or that before "/openapi.json".
std::string nameIn(std::string_view path, std::string_view prefix, std::string_view suffix = {}) {
    path.remove_prefix(std::min(path.size(), prefix.size()));
    if (!path.ends_with(suffix)) {
        return {};
    }
    return std::string(path.substr(0, path.size() - suffix.size()));
}

}  // namespace

void Host::Parts::addOperations() {
    addHealth();
    dispatcher->addBuiltIn(Listener::kOps, "GET", "/metrics", [this](auto exchange) {
        http::Response response;
        response.headers.set("Content-Type", "text/plain; version=0.0.4");
        response.body = metrics.expose();
        exchange->respond(std::move(response));
    });
    addDocuments(Listener::kOps, "/services/");
    addDocuments(Listener::kInternal, "/stoa/v1/services/");
    dispatcher->addBuiltIn(Listener::kInternal, "POST", "/stoa/v1/wake/*", [this](auto exchange) {
        plugin::Service* service = plugins->find(nameIn(exchange->request().path, "/stoa/v1/wake/"));
        if (service && service->events()) {
            service->events()->wake();
        }
        exchange->respond(http::Response{204, {}, {}, nullptr});
    });
    addRegistry();
}

void Host::Parts::addHealth() {
    dispatcher->addBuiltIn(Listener::kOps, "GET", "/livez",
                           [](auto exchange) { answer(exchange, 200, statusOf("ok")); });
    dispatcher->addBuiltIn(Listener::kOps, "GET", "/startupz", [this](auto exchange) {
        const bool up = phase != HostState::kStarting;
        answer(exchange, up ? 200 : 503, statusOf(up ? "ok" : "starting"));
    });
    dispatcher->addBuiltIn(Listener::kOps, "GET", "/readyz", [this](auto exchange) {
        // Looks at databases: not on the I/O thread.
        const bool taken = readiness->submit([this, exchange] { answerReadiness(exchange); });
        if (!taken) {
            answer(exchange, 503, statusOf("too many health checks at once"));
        }
    });
}

void Host::Parts::answerReadiness(const std::shared_ptr<http::Exchange>& exchange) {
    const bool serving = phase == HostState::kServing;
    bool ready = serving;
    Json::Value body = statusOf(serving ? "ok" : "not serving");
    body["plugins"] = Json::Value(Json::objectValue);
    for (const auto& [name, why] : plugins->problems()) {
        body["plugins"][name] = why.empty() ? "ok" : why;
        ready = ready && why.empty();
    }
    if (!ready && serving) {
        body["status"] = "not ready";
    }
    answer(exchange, ready ? 200 : 503, body);
}

void Host::Parts::addDocuments(Listener listener, const std::string& prefix) {
    dispatcher->addBuiltIn(listener, "GET", prefix + "*", [this, prefix](std::shared_ptr<http::Exchange> exchange) {
        plugin::Service* service = plugins->find(nameIn(exchange->request().path, prefix, "/openapi.json"));
        const auto manifest = service ? service->manifest() : nullptr;
        if (!manifest || manifest->openapi.isNull()) {
            exchange->respond(http::problem(404, "not-found", "This host runs no such service"));
            return;
        }
        answer(exchange, 200, serviceDocument(*manifest));
    });
}

void Host::Parts::addRegistry() {
    const auto call = [this](std::shared_ptr<http::Exchange> exchange) {
        const http::Request& request = exchange->request();
        const std::string path = request.query.empty() ? request.path : request.path + "?" + request.query;
        const registry::HttpAnswer result = registry->handle(request.method, path, request.body);
        http::Response response;
        response.status = result.status;
        response.headers.set("Content-Type", result.status < 400 ? "application/json" : "application/problem+json");
        response.body = result.body;
        exchange->respond(std::move(response));
    };
    for (const char* method : {"GET", "PUT", "POST", "DELETE"}) {
        dispatcher->addBuiltIn(Listener::kInternal, method, std::string(registry::kRegistryPath) + "/*", call);
        dispatcher->addBuiltIn(Listener::kInternal, method, registry::kRegistryPath, call);
    }
    dispatcher->addBuiltIn(Listener::kInternal, "GET", registry::kRegistrationPath, call);
}

}  // namespace stoa::host::app
