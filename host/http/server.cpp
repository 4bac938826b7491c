#include "host/http/server.h"

#include <algorithm>
#include <future>

#include <fmt/format.h>
#include <boost/asio/ip/tcp.hpp>

#include "host/http/connection.h"
#include "host/http/io.h"
#include "host/http/tls.h"

namespace stoa::host::http {
namespace {

using boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;

/// Connections beyond the limit that still get their 503; the next ones are closed without a word.
constexpr std::int64_t kRefusedGently = 256;
constexpr std::chrono::milliseconds kAcceptPause{50};

/// One listening socket, on the first loop; its connections go to all loops in turn.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
public:
    Acceptor(std::shared_ptr<ServerCore> core, const std::vector<std::shared_ptr<Loop>>& loops,
             const ListenerOptions& options)
        : core_(std::move(core)),
          loops_(loops),
          listener_(options.listener),
          acceptor_(loops_.front()->context()),
          pause_(loops_.front()->context()) {
        open(options);
        if (!options.tls.certificate_file.empty()) {
            tls_ = serverTls(options.tls);
        }
    }

    Listener listener() const { return listener_; }
    std::uint16_t port() const { return port_; }

    void accept() {
        const std::size_t share = next_++ % loops_.size();
        acceptor_.async_accept(loops_[share]->context(),
                               [self = shared_from_this(), share](const ErrorCode& failure, Transport::Socket socket) {
                                   self->accepted(share, failure, std::move(socket));
                               });
    }

    void close() {
        loops_.front()->post([self = shared_from_this()] {
            ErrorCode ignored;
            self->acceptor_.close(ignored);
            self->pause_.cancel();
        });
    }

private:
    using ListeningSocket = boost::asio::basic_socket_acceptor<tcp, Transport::Executor>;

    void open(const ListenerOptions& options) {
        ErrorCode failure;
        const auto address = boost::asio::ip::make_address(options.address, failure);
        const tcp::endpoint endpoint{address, options.port};
        const auto step = [&](auto&& action) {
            if (!failure) {
                action();
            }
        };
        step([&] { acceptor_.open(endpoint.protocol(), failure); });
        step([&] { acceptor_.set_option(tcp::acceptor::reuse_address(true), failure); });
        step([&] { acceptor_.bind(endpoint, failure); });
        step([&] { acceptor_.listen(4096, failure); });
        step([&] { port_ = acceptor_.local_endpoint(failure).port(); });
        if (failure) {
            throw Error(STOA_UNAVAILABLE,
                        fmt::format("can't listen on {} port {}: {}; free the port or configure another one",
                                    options.address, options.port, failure.message()));
        }
    }

    void accepted(std::size_t share, const ErrorCode& failure, Transport::Socket socket) {
        if (failure == boost::asio::error::operation_aborted || !acceptor_.is_open()) {
            return;
        }
        if (failure) {  // out of descriptors, say: existing connections go on, new ones wait
            pause_.expires_after(kAcceptPause);
            pause_.async_wait([self = shared_from_this()](const ErrorCode& cancelled) {
                if (!cancelled) {
                    self->accept();
                }
            });
            return;
        }
        const auto open = core_->open.load(std::memory_order_relaxed);
        const auto limit = static_cast<std::int64_t>(core_->options.max_connections);
        if (open < limit + kRefusedGently) {
            const bool overloaded = open >= limit;
            loops_[share]->post([core = core_, loop = loops_[share], share, listener = listener_, tls = tls_,
                                 overloaded, socket = std::move(socket)]() mutable {
                if (core->stopped.load()) {
                    return;
                }
                std::make_shared<Connection>(core, loop, share, listener, std::move(socket))->start(tls, overloaded);
            });
        }
        accept();
    }

    std::shared_ptr<ServerCore> core_;
    const std::vector<std::shared_ptr<Loop>> loops_;
    const Listener listener_;
    ListeningSocket acceptor_;
    boost::asio::steady_timer pause_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
    std::uint16_t port_ = 0;
    std::size_t next_ = 0;
};

}  // namespace

class Server::Impl {
public:
    Impl(ServerOptions options, std::shared_ptr<Io> io, Handler& handler)
        : io_(std::move(io)), core_(std::make_shared<ServerCore>(std::move(options), handler, io_->loops().size())) {
        for (const auto& listener : core_->options.listeners) {
            acceptors_.push_back(std::make_shared<Acceptor>(core_, io_->loops(), listener));
        }
    }

    ~Impl() {
        stopAccepting();
        core_->stopped = true;
        cutAll();
    }

    void start() {
        for (const auto& acceptor : acceptors_) {
            io_->loops().front()->post([acceptor] { acceptor->accept(); });
        }
    }

    std::uint16_t port(Listener listener) const {
        const auto found = std::find_if(acceptors_.begin(), acceptors_.end(),
                                        [&](const auto& acceptor) { return acceptor->listener() == listener; });
        return found == acceptors_.end() ? 0 : (*found)->port();
    }

    ServerStatistics statistics() const {
        ServerStatistics sum{static_cast<std::uint64_t>(core_->open.load()), 0, 0, 0};
        for (const auto& share : core_->shares) {
            sum.connections_total += static_cast<std::uint64_t>(share.total.get());
            sum.requests_total += static_cast<std::uint64_t>(share.requests.get());
            sum.refused_total += static_cast<std::uint64_t>(share.refused.get());
        }
        return sum;
    }

    void stopAccepting() {
        core_->draining = true;
        for (const auto& acceptor : acceptors_) {
            acceptor->close();
        }
    }

    bool drain(std::chrono::milliseconds limit) {
        stopAccepting();
        bool done = false;
        {
            std::unique_lock lock{core_->mutex};
            done = core_->condition.wait_for(lock, limit, [&] { return core_->active() == 0; });
        }
        cutAll();
        return done;
    }

private:
    /// Closes every connection, each on its own loop, and waits until that is done.
    void cutAll() {
        std::vector<std::future<void>> cuts;
        for (std::size_t i = 0; i < core_->shares.size(); ++i) {
            auto cut = std::make_shared<std::promise<void>>();
            cuts.push_back(cut->get_future());
            io_->loops()[i]->post([core = core_, i, cut] {
                const auto connections = core->shares[i].connections;
                for (auto* const connection : connections) {
                    if (core->shares[i].connections.contains(connection)) {
                        connection->shared_from_this()->close();
                    }
                }
                cut->set_value();
            });
        }
        for (auto& cut : cuts) {
            cut.wait();  // a loop that has ended drops the work, and with it the promise
        }
    }

    std::shared_ptr<Io> io_;
    std::shared_ptr<ServerCore> core_;
    std::vector<std::shared_ptr<Acceptor>> acceptors_;
};

Server::Server(ServerOptions options, std::shared_ptr<Io> io, Handler& handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(io), handler)) {}

Server::~Server() = default;

void Server::start() { impl_->start(); }
std::uint16_t Server::port(Listener listener) const { return impl_->port(listener); }
ServerStatistics Server::statistics() const { return impl_->statistics(); }
void Server::stopAccepting() { impl_->stopAccepting(); }
bool Server::drain(std::chrono::milliseconds limit) { return impl_->drain(limit); }

}  // namespace stoa::host::http
