// How a connection comes about: names, addresses that are refused, TLS.

#include <algorithm>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

#include "host/outbound/client_connection.h"

namespace stoa::host::outbound {
namespace {

namespace ip = boost::asio::ip;

/// Addresses at which clouds serve their hosts' credentials, and all others of the link (RFC 3927, RFC 4291).
bool isLinkLocal(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return isLinkLocal(ip::make_address_v4(ip::v4_mapped, address.to_v6()));
    }
    if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        return bytes[0] == 169 && bytes[1] == 254;
    }
    static const auto kMetadata = ip::make_address_v6("fd00:ec2::254");
    return address.to_v6().is_link_local() || address.to_v6() == kMetadata;
}

}  // namespace

void ClientConnection::connect(const std::shared_ptr<Job>& job) {
    job_ = job;
    job->connection = weak_from_this();
    expireAt(std::min(job->call.deadline, std::chrono::steady_clock::now() + pool_->options().connect_timeout));
    ErrorCode no_literal;
    const auto literal = ip::make_address(origin_.host, no_literal);
    if (no_literal) {
        resolve();
        return;
    }
    endpoints_.emplace_back(literal, origin_.port);
    tryEndpoints();
}

void ClientConnection::resolve() {
    const auto resolver =
        std::make_shared<ip::basic_resolver<ip::tcp, http::Transport::Executor>>(loop()->context().get_executor());
    resolver->async_resolve(origin_.host, std::to_string(origin_.port), ip::resolver_base::numeric_service,
                            [self = shared_from_this(), resolver](const ErrorCode& failure, const auto& results) {
                                if (self->closed_) {
                                    return;
                                }
                                if (failure) {
                                    self->connectFailed("can't find " + self->origin_.host + ": " + failure.message());
                                    return;
                                }
                                bool refused = false;
                                for (const auto& result : results) {
                                    const auto endpoint = result.endpoint();
                                    if (self->origin_.refuse_link_local && isLinkLocal(endpoint.address())) {
                                        refused = true;
                                    } else {
                                        self->endpoints_.push_back(endpoint);
                                    }
                                }
                                if (self->endpoints_.empty() && refused) {
                                    self->connectFailed(self->origin_.host +
                                                            " is a link-local address, which is refused unless the " +
                                                            "configuration names that very address",
                                                        STOA_FORBIDDEN);
                                    return;
                                }
                                self->tryEndpoints();
                            });
}

void ClientConnection::tryEndpoints() {
    if (closed_) {
        return;
    }
    boost::asio::async_connect(transport_.socket(), endpoints_,
                               [self = shared_from_this()](const ErrorCode& failure, const auto&) {
                                   if (!self->closed_) {
                                       self->onConnected(failure);
                                   }
                               });
}

void ClientConnection::onConnected(const ErrorCode& failure) {
    if (failure) {
        connectFailed("can't connect to " + origin_.authority() + ": " + failure.message());
        return;
    }
    ErrorCode ignored;
    transport_.socket().set_option(ip::tcp::no_delay(true), ignored);
    transport_.socket().non_blocking(true, ignored);
    if (origin_.tls) {
        handshake();
        return;
    }
    connected_ = true;
    expireNever();
    run(std::exchange(job_, nullptr));
}

void ClientConnection::handshake() try {
    auto& tls = transport_.enableTls(pool_->tls());
    ErrorCode no_literal;
    ip::make_address(origin_.host, no_literal);
    if (no_literal) {
        SSL_set_tlsext_host_name(tls.native_handle(), origin_.host.c_str());
    }
    tls.set_verify_callback(boost::asio::ssl::host_name_verification(origin_.host));
    tls.async_handshake(boost::asio::ssl::stream_base::client, [self = shared_from_this()](const ErrorCode& failure) {
        if (self->closed_) {
            return;
        }
        if (failure) {
            self->connectFailed("no TLS with " + self->origin_.authority() + ": " + failure.message());
            return;
        }
        self->connected_ = true;
        self->expireNever();
        self->run(std::exchange(self->job_, nullptr));
    });
} catch (const Error& error) {
    connectFailed(error.what());
}

void ClientConnection::connectFailed(const std::string& why, stoa_status status) {
    const auto job = std::exchange(job_, nullptr);
    close();
    job->fail(status, why);
}

}  // namespace stoa::host::outbound
