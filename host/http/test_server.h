/// A server whose handler is a function of the test.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
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

inline std::string get(const std::string& target, const std::string& more = {}) {
    return "GET " + target + " HTTP/1.1\r\nHost: shop\r\n" + more + "\r\n";
}

inline Response text(std::string body) {
    Response response;
    response.body = std::move(body);
    return response;
}

/// Polls, for what nothing tells of.
template <class Condition>
void waitFor(Condition&& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > limit) {
            throw std::runtime_error("it did not happen within 10 s");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

/// The value, or a failure of the test when it takes too long.
template <class Value>
Value await(std::future<Value> future) {
    if (future.wait_for(std::chrono::seconds{10}) != std::future_status::ready) {
        throw std::runtime_error("it did not happen within 10 s");
    }
    return future.get();
}

}  // namespace stoa::host::http
