#include "tests/load/generator/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace stoa::load {

void Connection::open() {
    if (isOpen()) {
        return;
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    if (inet_pton(AF_INET, host_.c_str(), &address.sin_addr) != 1) {
        throw std::runtime_error(host_ + " is no IPv4 address");
    }
    descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // Blocking: on loopback it takes microseconds, and it is no part of a request.
    if (descriptor_ < 0 || connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const std::string why = std::strerror(errno);
        close();
        throw std::runtime_error("can't connect to " + host_ + ':' + std::to_string(port_) + ": " + why);
    }
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    unexpected_ = false;
}

void Connection::close() {
    if (isOpen()) {
        ::close(std::exchange(descriptor_, -1));
    }
}

void Connection::send(Outcome request, std::string text) {
    under_way_ = std::move(request);
    text_ = std::move(text);
    written_ = 0;
    answer_ = {};
    write();
}

void Connection::write() {
    while (wantsToWrite()) {
        const ssize_t sent =
            ::send(descriptor_, text_.data() + written_, text_.size() - written_, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            return;  // full: goes on when epoll says so; broken: reading says so
        }
        written_ += static_cast<std::size_t>(sent);
    }
}

bool Connection::read() {
    std::array<char, 64 * 1024> buffer;
    for (;;) {
        const ssize_t got = recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return false;
        }
        if (got <= 0) {
            return ends();
        }
        if (take({buffer.data(), static_cast<std::size_t>(got)})) {
            return true;
        }
    }
}

bool Connection::take(std::string_view bytes) {
    if (!busy()) {
        unexpected_ = true;
        return false;
    }
    unexpected_ = answer_.take(bytes) < bytes.size();
    if (answer_.state() == Answer::State::kIncomplete) {
        return false;
    }
    under_way_->status = answer_.state() == Answer::State::kComplete ? answer_.status() : kCut;
    if (answer_.closes() || answer_.state() == Answer::State::kBroken) {
        close();
    }
    return true;
}

/// The server has closed, or the connection broke.
bool Connection::ends() {
    close();
    if (busy()) {
        under_way_->status = kCut;
    }
    return busy();
}

Outcome Connection::finish() { return *std::exchange(under_way_, std::nullopt); }

}  // namespace stoa::load
