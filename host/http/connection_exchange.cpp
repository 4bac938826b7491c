#include "host/http/connection_exchange.h"

#include <utility>

namespace stoa::host::http {

ConnectionExchange::~ConnectionExchange() {
    if (!answered_) {
        ConnectionExchange::respond(problem(500, "internal", "Internal Server Error"));
    }
}

void ConnectionExchange::respond(Response response) {
    if (answered_.exchange(true)) {
        return;
    }
    auto& loop = *connection_->loop_;
    if (loop.here()) {
        connection_->answer(number_, std::move(response));
        return;
    }
    loop.post([connection = connection_, number = number_, response = std::move(response)]() mutable {
        connection->answer(number, std::move(response));
    });
}

bool ConnectionExchange::abandoned() const { return connection_->gone_.load(std::memory_order_relaxed); }

void ConnectionExchange::onAbandoned(std::function<void()> gone) {
    auto& loop = *connection_->loop_;
    auto set = [connection = connection_, number = number_, gone = std::move(gone)]() mutable {
        if (connection->gone_) {
            gone();
        } else if (connection->request_ == number && !connection->answered_) {
            connection->on_gone_ = std::move(gone);
        }
    };
    if (loop.here()) {
        set();
    } else {
        loop.post(std::move(set));
    }
}

void RequestBody::read(std::function<void(Chunk)> done) {
    auto& loop = *connection_->loop_;
    if (loop.here()) {
        connection_->pull(number_, std::move(done));
        return;
    }
    loop.post([connection = connection_, number = number_, done = std::move(done)]() mutable {
        connection->pull(number, std::move(done));
    });
}

}  // namespace stoa::host::http
