/// What the handler gets of a connection's request. Internal.
#pragma once

#include <atomic>
#include <memory>

#include "host/http/connection.h"

namespace stoa::host::http {

class ConnectionExchange : public Exchange {
public:
    ConnectionExchange(std::shared_ptr<Connection> connection, std::uint64_t number)
        : connection_(std::move(connection)), number_(number) {}
    /// A handler that let go of it without an answer: the peer gets a 500 and does not wait for ever.
    ~ConnectionExchange() override;

    Request& request() override { return request_; }
    void respond(Response response) override;
    bool abandoned() const override;
    void onAbandoned(std::function<void()> gone) override;
    /// Of a request that the connection refuses itself: nobody answers any more.
    void disown() { answered_ = true; }

private:
    std::shared_ptr<Connection> connection_;
    const std::uint64_t number_;
    Request request_;
    std::atomic<bool> answered_{false};
};

/// The body of a streaming request: reads from the socket only when it is asked.
class RequestBody : public BodySource {
public:
    RequestBody(std::shared_ptr<Connection> connection, std::uint64_t number, std::optional<std::uint64_t> size)
        : connection_(std::move(connection)), number_(number), size_(size) {}
    void read(std::function<void(Chunk)> done) override;
    std::optional<std::uint64_t> size() const override { return size_; }

private:
    std::shared_ptr<Connection> connection_;
    const std::uint64_t number_;
    const std::optional<std::uint64_t> size_;
};

}  // namespace stoa::host::http
