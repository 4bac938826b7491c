/// A peer made of raw bytes, for the tests of servers and clients. Every wait has a limit, so that a test can fail.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stoa::host::http {

class RawPeer {
public:
    static constexpr int kPatience = 10'000;  ///< milliseconds

    /// Connects to a port of this machine.
    explicit RawPeer(std::uint16_t port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        if (receive_buffer > 0) {
            setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
            throw std::runtime_error("can't connect");
        }
        const int on = 1;
        setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    /// Takes over an accepted socket.
    struct Accepted {
        int socket;
    };
    explicit RawPeer(Accepted accepted) : socket_(accepted.socket) {}
    ~RawPeer() { close(); }
    RawPeer(const RawPeer&) = delete;
    RawPeer& operator=(const RawPeer&) = delete;
    RawPeer(RawPeer&& other) noexcept : socket_(other.socket_), kept_(std::move(other.kept_)) { other.socket_ = -1; }

    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) {
                throw std::runtime_error("can't send");
            }
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    /// What fits without waiting.
    std::size_t sendSome(std::string_view bytes) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return sent > 0 ? static_cast<std::size_t>(sent) : 0;
    }
    /// Pieces of 1 MiB until none has been taken for 100 ms, or `most` bytes went; how many bytes went.
    std::size_t sendUntilStuck(std::size_t most) {
        const std::string piece(1 << 20, 'p');
        std::size_t sent = 0;
        pollfd room{socket_, POLLOUT, 0};
        while (sent < most && ::poll(&room, 1, 100) == 1) {
            sent += sendSome(piece);
        }
        return sent;
    }
    void endSending() { ::shutdown(socket_, SHUT_WR); }
    void reset() {
        const linger now{1, 0};
        setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        close();
    }
    void close() {
        if (socket_ >= 0) {
            ::close(socket_);
            socket_ = -1;
        }
    }

    /// Up to and with `mark`; what comes after it is kept for the next read.
    std::string readUntil(std::string_view mark) {
        while (kept_.find(mark) == std::string::npos) {
            if (!more()) {
                throw std::runtime_error("the other side ended; so far: " + kept_);
            }
        }
        return take(kept_.find(mark) + mark.size());
    }
    std::string readBytes(std::size_t count) {
        while (kept_.size() < count) {
            if (!more()) {
                throw std::runtime_error("the other side ended; so far: " + kept_);
            }
        }
        return take(count);
    }
    /// Until the other side ends, or resets.
    std::string readAll() {
        while (more()) {
        }
        return take(kept_.size());
    }
    /// One message with Content-Length: head and body. `head_only`: the answer to HEAD.
    std::string readMessage(bool head_only = false) {
        std::string head = readUntil("\r\n\r\n");
        const auto length = head.find("Content-Length: ");
        if (head_only || length == std::string::npos) {
            return head;
        }
        return head + readBytes(std::stoul(head.substr(length + 16)));
    }
    bool ended() { return kept_.empty() && !more(); }

private:
    bool more() {
        pollfd ready{socket_, POLLIN, 0};
        if (::poll(&ready, 1, kPatience) != 1) {
            throw std::runtime_error("nothing came; so far: " + kept_);
        }
        char bytes[65536];
        const auto received = ::recv(socket_, bytes, sizeof(bytes), 0);
        if (received <= 0) {
            return false;
        }
        kept_.append(bytes, static_cast<std::size_t>(received));
        return true;
    }
    std::string take(std::size_t count) {
        std::string taken = kept_.substr(0, count);
        kept_.erase(0, count);
        return taken;
    }

    int socket_;
    std::string kept_;
};

/// A listening socket of this machine whose connections the test plays itself.
class RawListener {
public:
    RawListener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket_, 16) != 0 ||
            ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            throw std::runtime_error("can't listen");
        }
        port_ = ntohs(address.sin_port);
    }
    ~RawListener() { close(); }
    RawListener(const RawListener&) = delete;
    RawListener& operator=(const RawListener&) = delete;

    std::uint16_t port() const { return port_; }
    RawPeer accept() {
        pollfd ready{socket_, POLLIN, 0};
        if (::poll(&ready, 1, RawPeer::kPatience) != 1) {
            throw std::runtime_error("nobody connected");
        }
        return RawPeer{RawPeer::Accepted{::accept(socket_, nullptr, nullptr)}};
    }
    void close() {
        if (socket_ >= 0) {
            ::close(socket_);
            socket_ = -1;
        }
    }

private:
    int socket_;
    std::uint16_t port_ = 0;
};

}  // namespace stoa::host::http
