#include "host/http/connection.h"

#include <algorithm>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "host/http/connection_exchange.h"

namespace stoa::host::http {
namespace {

/// How long, and how much, is read of a peer that goes on sending after its last answer.
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::uint64_t kLingerBytes = 4 << 20;
/// What an idle connection may hold.
constexpr std::size_t kKeptBuffer = 16 << 10;

auto now() { return std::chrono::steady_clock::now(); }

}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> core, std::shared_ptr<Loop> loop, std::size_t share,
                       Listener listener, Transport::Socket socket)
    : core_(std::move(core)),
      loop_(std::move(loop)),
      share_(core_->shares[share]),
      listener_(listener),
      transport_(std::move(socket)) {
    core_->open.fetch_add(1, std::memory_order_relaxed);
    share_.total.add(1);
    share_.connections.insert(this);
    loop_->watch(*this);
}

Connection::~Connection() { close(); }

void Connection::start(std::shared_ptr<boost::asio::ssl::context> tls, bool overloaded) {
    Transport::ErrorCode failure;
    const auto remote = transport_.socket().remote_endpoint(failure);
    if (failure) {
        close();
        return;
    }
    remote_address_ = remote.address().to_string();
    transport_.socket().non_blocking(true, failure);
    transport_.socket().set_option(boost::asio::ip::tcp::no_delay(true), failure);
    if (tls) {
        tls_context_ = std::move(tls);
        transport_.enableTls(*tls_context_);
        handshake();
        return;
    }
    nextRequest();
    if (overloaded) {
        refuse({503, "overloaded", "there are too many connections; try again in a moment"});
    }
    advance();
}

void Connection::handshake() {
    state_ = State::kHandshake;
    read_expiry_ = now() + core_->options.header_timeout;
    expireAt(read_expiry_);
    transport_.tls()->async_handshake(boost::asio::ssl::stream_base::server,
                                      [self = shared_from_this()](const Transport::ErrorCode& failure) {
                                          if (self->state_ == State::kClosed) {
                                              return;
                                          }
                                          if (failure) {
                                              self->share_.refused.add(1);
                                              self->close();
                                              return;
                                          }
                                          self->nextRequest();
                                          self->advance();
                                      });
}

void Connection::advance() {
    if (advancing_ || state_ == State::kClosed) {
        return;
    }
    advancing_ = true;
    const auto self = shared_from_this();
    while (state_ != State::kClosed && (step() || (pending() && !writing_ && flush()))) {
    }
    advancing_ = false;
    if (state_ != State::kClosed) {
        expireAt(std::min(read_expiry_, write_expiry_));
    }
}

/// True when there may be another step to take at once; false when it has to wait or to write first.
bool Connection::step() {
    switch (state_) {
        case State::kHead:
            return stepHead();
        case State::kBody:
            return stepBody();
        case State::kHandling:
            return stepAnswer();
        case State::kDrain:
            return stepDrain();
        case State::kLast:
            if (pending() || writing_) {
                return false;
            }
            closeGently();
            return true;
        case State::kLinger:
            return stepLinger();
        case State::kHandshake:
        case State::kClosed:
            return false;
    }
    return false;
}

void Connection::nextRequest() {
    state_ = State::kHead;
    parser_.reset();
    scan_ = {};
    head_begun_ = false;
    head_request_ = false;
    continue_pending_ = false;
    answered_ = false;
    pull_failure_ = STOA_OK;
    if (!reading_ && in_.size() == 0 && in_.capacity() > kKeptBuffer) {
        in_.shrink_to_fit();
    }
    read_expiry_ = now() + core_->options.idle_timeout;
}

/// The whole answer is on its way.
void Connection::settle() {
    if (std::exchange(counted_, false)) {
        countAnswer();
    }
    if (pull_) {
        endPull(STOA_UNAVAILABLE);
    }
    if (!keep_alive_) {
        state_ = State::kLast;
        read_expiry_ = Timed::TimePoint::max();
    } else if (!parser_->is_done()) {
        state_ = State::kDrain;
        read_expiry_ = now() + core_->options.body_timeout;
    } else {
        nextRequest();
    }
}

/// The request counts as active until the last byte of its answer is out. Which may have gone already: a source may
/// say only afterwards that it was the last.
void Connection::countAnswer() {
    if (pending()) {
        ++next_.answers;
    } else if (writing_) {
        ++sending_.answers;
    } else {
        share_.active.add(-1);
        core_->changed();
    }
}

/// Closing with unread input would reset the connection, and the peer might lose the answer (RFC 9112, 9.6).
void Connection::closeGently() {
    state_ = State::kLinger;
    discarded_ = 0;
    read_expiry_ = now() + kLingerTime;
    Transport::ErrorCode ignored;
    if (transport_.tls() && !reading_) {
        reading_ = true;
        transport_.tls()->async_shutdown([self = shared_from_this()](const Transport::ErrorCode&) {
            self->reading_ = false;
            self->close();
        });
        return;
    }
    transport_.socket().shutdown(boost::asio::socket_base::shutdown_send, ignored);
}

bool Connection::stepLinger() {
    if (reading_) {
        return false;
    }
    discarded_ += in_.size();
    in_.consume(in_.size());
    if (peer_done_ || discarded_ > kLingerBytes) {
        close();
        return false;
    }
    needInput();
    return false;
}

void Connection::close() {
    if (state_ == State::kClosed) {
        return;
    }
    state_ = State::kClosed;
    loop_->unwatch(*this);
    share_.connections.erase(this);
    share_.active.add(-(next_.answers + sending_.answers + (counted_ ? 1 : 0)));
    core_->open.fetch_sub(1, std::memory_order_relaxed);
    core_->changed();
    transport_.close();
    if (exchange_) {
        exchange_->disown();
        exchange_.reset();
    }
    onPeerGone();
    endPull(STOA_UNAVAILABLE);
    answer_source_.reset();
}

void Connection::expired() {
    const auto time = now();
    if (write_expiry_ <= time) {
        close();
        return;
    }
    if (read_expiry_ > time) {
        expireAt(std::min(read_expiry_, write_expiry_));
        return;
    }
    read_expiry_ = Timed::TimePoint::max();
    switch (state_) {
        case State::kHead:
            if (in_.size() == 0) {
                close();
                return;
            }
            refuse({408, "request-timeout", "the head of the request took too long"});
            break;
        case State::kBody:
            refuse({408, "request-timeout", "the body of the request took too long"});
            break;
        case State::kHandling:
            endPull(STOA_DEADLINE);
            break;
        default:
            close();
            return;
    }
    advance();
}

}  // namespace stoa::host::http
