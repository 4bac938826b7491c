/// A server whose handler is a function of the test.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <utility>

#include "host/http/io.h"
#include "host/http/server.h"

namespace stoa::host::http {

class FunctionHandler : public Handler {
public:
    std::function<Admission(const Request&)> on_admit = [](const Request&) { return Admission{}; };
    /// Answers with method, path, query and body, unless the test says otherwise.
    std::function<void(std::shared_ptr<Exchange>)> on_handle = [](std::shared_ptr<Exchange> exchange) {
        const auto& request = exchange->request();
        Response response;
        response.headers.add("Content-Type", "text/plain");
        response.body = request.method + " " + request.path + "?" + request.query + " " + request.body;
        exchange->respond(std::move(response));
    };

    Admission admit(const Request& head) override { return on_admit(head); }
    void handle(std::shared_ptr<Exchange> exchange) override { on_handle(std::move(exchange)); }
};

/// Starts with the first use of port().
class TestServer {
public:
    explicit TestServer(std::shared_ptr<Io> threads = std::make_shared<Io>(2)) : io(std::move(threads)) {
        options.listeners.push_back({Listener::kInternal, "127.0.0.1", 0, {}});
    }
    ~TestServer() { server.reset(); }
    std::uint16_t port() { return running().port(options.listeners.front().listener); }
    Server& running() {
        if (!server) {
            server = std::make_unique<Server>(options, io, handler);
            server->start();
        }
        return *server;
    }

    std::shared_ptr<Io> io;
    ServerOptions options;
    FunctionHandler handler;
    std::unique_ptr<Server> server;
};

/// The value, or a failure of the test when it takes too long.
template <class Value>
Value await(std::future<Value> future) {
    if (future.wait_for(std::chrono::seconds{10}) != std::future_status::ready) {
        throw std::runtime_error("it did not happen within 10 s");
    }
    return future.get();
}

}  // namespace stoa::host::http
