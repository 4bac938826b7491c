/// A TCP connection, in TLS or not. Internal to host/http and host/outbound: includes Boost.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace stoa::host::http {

/// All of one loop, all operations on its thread.
class Transport {
public:
    using Executor = boost::asio::io_context::executor_type;
    using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
    using Tls = boost::asio::ssl::stream<Socket&>;
    using ErrorCode = boost::system::error_code;

    explicit Transport(Socket socket) : socket_(std::move(socket)) {}

    Socket& socket() { return socket_; }
    Tls* tls() { return tls_.get(); }
    Tls& enableTls(boost::asio::ssl::context& context) {
        tls_ = std::make_unique<Tls>(socket_, context);
        return *tls_;
    }

    template <class Buffers, class Handler>
    void readSome(const Buffers& buffers, Handler&& handler) {
        tls_ ? tls_->async_read_some(buffers, std::forward<Handler>(handler))
             : socket_.async_read_some(buffers, std::forward<Handler>(handler));
    }

    template <class Buffers, class Handler>
    void writeSome(const Buffers& buffers, Handler&& handler) {
        tls_ ? tls_->async_write_some(buffers, std::forward<Handler>(handler))
             : socket_.async_write_some(buffers, std::forward<Handler>(handler));
    }

    /// What can be written without waiting; 0 with would_block when nothing can, and always over TLS.
    template <class Buffers>
    std::size_t writeNow(const Buffers& buffers, ErrorCode& failure) {
        if (tls_) {
            failure = boost::asio::error::would_block;
            return 0;
        }
        return socket_.write_some(buffers, failure);
    }

    /// Ends every pending operation with operation_aborted.
    void close() {
        ErrorCode ignored;
        socket_.close(ignored);
    }

private:
    Socket socket_;
    std::unique_ptr<Tls> tls_;
};

}  // namespace stoa::host::http
