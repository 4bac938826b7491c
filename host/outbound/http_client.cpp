#include "host/outbound/http_client.h"

#include <algorithm>
#include <future>
#include <mutex>

#include <fmt/format.h>
#include <boost/asio/ssl/context.hpp>

#include "host/http/loop.h"
#include "host/http/text.h"
#include "host/outbound/loop_pool.h"

namespace stoa::host::outbound {
namespace {

namespace ssl = boost::asio::ssl;

std::shared_ptr<ssl::context> clientTls(const HttpClientOptions& options) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    context->set_verify_mode(ssl::verify_peer);
    boost::system::error_code failure;
    if (options.ca_file.empty()) {
        context->set_default_verify_paths(failure);
    } else {
        context->load_verify_file(options.ca_file, failure);
    }
    if (failure) {
        throw Error(STOA_INVALID,
                    fmt::format("can't read the CA certificates{}: {}; it must be a PEM file",
                                options.ca_file.empty() ? "" : " of " + options.ca_file, failure.message()));
    }
    return context;
}

class LazyTls {
public:
    explicit LazyTls(HttpClientOptions options) : options_(std::move(options)) {}
    ssl::context& get() {
        std::call_once(made_, [this] { context_ = clientTls(options_); });
        return *context_;
    }

private:
    const HttpClientOptions options_;
    std::once_flag made_;
    std::shared_ptr<ssl::context> context_;
};

/// What could split a request in two is refused before anything is sent.
std::string faultOf(const HttpCall& call) {
    const bool visible = std::all_of(call.target.begin(), call.target.end(),
                                     [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F; });
    if (!http::isToken(call.method)) {
        return "the method is no token";
    }
    if (!visible || !call.target.starts_with('/')) {
        return "the path must begin with / and hold no space or control character";
    }
    for (const auto& [name, value] : call.headers) {
        if (!http::isToken(name) || !http::isFieldValue(value)) {
            return "the header \"" + name + "\" can't be sent as it is";
        }
    }
    return {};
}

}  // namespace

class HttpClient::Impl {
public:
    Impl(HttpClientOptions options, std::shared_ptr<http::Io> given) : io(std::move(given)) {
        // Reading the system's certificates takes 20 ms and 1 MiB, which a host without TLS need not spend.
        const auto tls = std::make_shared<LazyTls>(options);
        if (!options.ca_file.empty()) {
            tls->get();
        }
        for (const auto& loop : io->loops()) {
            pools.push_back(std::make_shared<LoopPool>(options, loop, io->loops().size(),
                                                       [tls]() -> ssl::context& { return tls->get(); }));
        }
    }

    ~Impl() {
        std::vector<std::future<void>> ends;
        for (const auto& pool : pools) {
            auto end = std::make_shared<std::promise<void>>();
            ends.push_back(end->get_future());
            pool->loop()->post([pool, end] {
                pool->shutDown();
                end->set_value();
            });
        }
        for (auto& end : ends) {
            end.wait();  // a loop that has ended drops the work, and with it the promise
        }
    }

    const std::shared_ptr<LoopPool>& pool() {
        const auto& loop = io->loop();
        return *std::find_if(pools.begin(), pools.end(), [&](const auto& pool) { return pool->loop() == loop; });
    }

    const std::shared_ptr<http::Io> io;
    std::vector<std::shared_ptr<LoopPool>> pools;
};

HttpClient::HttpClient(HttpClientOptions options, std::shared_ptr<http::Io> io)
    : impl_(std::make_shared<Impl>(std::move(options), std::move(io))) {}

HttpClient::~HttpClient() = default;

std::shared_ptr<Operation> HttpClient::send(const Origin& origin, HttpCall call, Done done) {
    const auto& pool = impl_->pool();
    auto fault = faultOf(call);
    const auto job = std::make_shared<Job>(pool, origin, std::move(call), std::move(done));
    pool->loop()->post([job, fault = std::move(fault)] {
        if (fault.empty()) {
            job->begin();
        } else {
            job->fail(STOA_INVALID, fault);
        }
    });
    return job;
}

Outcome HttpClient::sendAndWait(const Origin& origin, HttpCall call) {
    if (impl_->io->onThread()) {
        throw Error(STOA_INTERNAL, "a blocking call on an I/O thread; use send()");
    }
    // Shared: dropped unanswered when the I/O threads end meanwhile.
    const auto answered = std::make_shared<std::promise<Outcome>>();
    auto future = answered->get_future();
    send(origin, std::move(call), [answered](Outcome outcome) { answered->set_value(std::move(outcome)); });
    try {
        return future.get();
    } catch (const std::future_error&) {
        Outcome outcome;
        outcome.status = STOA_UNAVAILABLE;
        outcome.error = "this host is stopping";
        return outcome;
    }
}

http::Io& HttpClient::io() { return *impl_->io; }

std::size_t HttpClient::idleConnections() const {
    std::size_t sum = 0;
    for (const auto& pool : impl_->pools) {
        sum += pool->idle_count;
    }
    return sum;
}

std::size_t HttpClient::openConnections() const {
    std::size_t sum = 0;
    for (const auto& pool : impl_->pools) {
        sum += pool->open_count;
    }
    return sum;
}

registry::HttpSend registrySend(HttpClient& client, std::chrono::milliseconds timeout) {
    return [&client, timeout](const std::string& address, const std::string& method, const std::string& path,
                              const std::string& body) {
        HttpCall call;
        call.method = method;
        call.target = path;
        call.body = body;
        if (!body.empty()) {
            call.headers.add("Content-Type", "application/json");
        }
        call.deadline = std::chrono::steady_clock::now() + timeout;
        auto outcome = client.sendAndWait(Origin::parse(address), std::move(call));
        return outcome.answered() ? registry::HttpAnswer{outcome.response.status, std::move(outcome.response.body)}
                                  : registry::HttpAnswer{};
    };
}

}  // namespace stoa::host::outbound
