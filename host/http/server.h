/// The listeners: Boost.Beast on Asio. Framing is strict (RFC 9112); limits are answered, then the connection closes.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/http/message.h"

namespace stoa::host::http {

struct TlsOptions {
    std::string certificate_file;  ///< PEM chain; empty: no TLS
    std::string key_file;
};

struct ListenerOptions {
    Listener listener;
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: any free one, see Server::port
    TlsOptions tls;
};

struct ServerOptions {
    int threads = 2;
    std::vector<ListenerOptions> listeners;
    std::size_t max_connections = 10'000;              ///< beyond: 503 and close
    std::size_t max_header_bytes = 32 << 10;           ///< 431
    std::size_t max_target_bytes = 8 << 10;            ///< 414
    std::chrono::milliseconds header_timeout{10'000};  ///< from first byte to end of head: 408
    std::chrono::milliseconds body_timeout{30'000};    ///< between two reads of a body: 408
    std::chrono::milliseconds idle_timeout{60'000};    ///< keep-alive without a request
    std::chrono::milliseconds write_timeout{30'000};   ///< a reader that takes nothing is cut off
};

struct ServerStatistics {
    std::uint64_t connections_open;
    std::uint64_t connections_total;
    std::uint64_t requests_total;
    std::uint64_t refused_total;  ///< bad framing, limits, timeouts
};

/// Owns the I/O threads: one io_context each, shared with the outbound client through Io (io.h).
class Server {
public:
    /// Binds at once and throws stoa::Error (STOA_UNAVAILABLE, naming address and port) when it can't; accepts after
    /// start().
    Server(ServerOptions options, std::shared_ptr<class Io> io, Handler& handler);
    ~Server();

    void start();
    std::uint16_t port(Listener listener) const;
    ServerStatistics statistics() const;

    /// Closes the listening sockets; idle keep-alive connections get `Connection: close` with their next answer.
    void stopAccepting();
    /// Waits until no request is under way, at most `limit`; then cuts off the rest. True when none was cut.
    bool drain(std::chrono::milliseconds limit);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::host::http
