/// One keep-alive connection with at most one request under way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/load/generator/answer.h"
#include "tests/load/generator/recorder.h"

namespace stoa::load {

/// Non-blocking; whoever owns it waits for its descriptor with epoll.
class Connection {
public:
    Connection(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}
    ~Connection() { close(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Opens it when it is closed. Throws std::runtime_error when the address can't be reached.
    void open();
    void close();
    bool isOpen() const { return descriptor_ >= 0; }
    int descriptor() const { return descriptor_; }

    bool busy() const { return under_way_.has_value(); }
    Outcome& underWay() { return *under_way_; }
    void send(Outcome request, std::string text);
    /// More of the request has to be written once the socket takes it.
    bool wantsToWrite() const { return written_ < text_.size(); }
    void write();
    /// Reads what is there. True: the request under way has come to an end, its status is set.
    bool read();
    /// Takes the request that has ended.
    Outcome finish();
    const Answer& answer() const { return answer_; }
    /// Bytes came that answer nothing.
    bool hasUnexpected() const { return unexpected_; }

private:
    bool take(std::string_view bytes);
    bool ends();

    std::string host_;
    std::uint16_t port_;
    int descriptor_ = -1;
    std::string text_;
    std::size_t written_ = 0;
    Answer answer_;
    bool unexpected_ = false;
    std::optional<Outcome> under_way_;
};

}  // namespace stoa::load
