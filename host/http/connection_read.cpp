// How a connection reads requests.

#include <algorithm>

#include <boost/asio/ssl/error.hpp>

#include "host/http/connection.h"
#include "host/http/connection_exchange.h"

namespace stoa::host::http {
namespace {

constexpr std::size_t kHeadRead = 4 << 10;
constexpr std::size_t kBodyRead = 64 << 10;
/// Pipelined answers are written together up to this size.
constexpr std::size_t kGatheredAnswers = 64 << 10;

auto now() { return std::chrono::steady_clock::now(); }

/// A request begins with a method; anything else (a TLS hello, say) is refused with its first byte.
bool mayBegin(char first) { return (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z'); }

}  // namespace

std::string_view Connection::arrived() const {
    const auto data = in_.cdata();
    return {static_cast<const char*>(data.data()), data.size()};
}

bool Connection::stepHead() {
    if (reading_ || writing_ || !next_.body.empty() || next_.size() > kGatheredAnswers) {
        return false;
    }
    while (parser_ == std::nullopt && !head_begun_ && arrived().starts_with("\r\n")) {
        scan_ = {};
        in_.consume(2);  // an empty line before a request is ignored (RFC 9112, 2.2)
    }
    const auto text = arrived();
    const auto size = scan_.find(text);
    if (size > 0 && size <= core_->limits.header_bytes) {
        return beginRequest(text.substr(0, size));
    }
    if (scan_.fault()) {
        refuse(scan_.fault());
        return true;
    }
    if (!text.empty() && text != "\r" && !mayBegin(text.front())) {
        refuse({400, "bad-request", "this is not an HTTP request"});
        return true;
    }
    const auto line_end = std::min(text.find('\r'), text.size());
    if (line_end > core_->limits.target_bytes + 64) {
        refuse({414, "target-too-long", "the request target is longer than allowed"});
        return true;
    }
    if (text.size() > core_->limits.header_bytes) {
        refuse({431, "header-too-large", "the header is larger than allowed"});
        return true;
    }
    if (peer_done_) {
        if (text.empty() && !pending()) {
            close();
        } else if (text.empty()) {
            state_ = State::kLast;
        } else {
            refuse({400, "bad-request", "the request ends within its head"});
        }
        return state_ != State::kClosed;
    }
    if (!text.empty() && !head_begun_) {
        head_begun_ = true;
        read_expiry_ = now() + core_->options.header_timeout;
    }
    needInput();
    return false;
}

bool Connection::beginRequest(std::string_view head) {
    ++request_;
    counted_ = true;
    share_.active.add(1);
    share_.requests.add(1);
    exchange_ = std::make_shared<ConnectionExchange>(shared_from_this(), request_);
    auto& request = exchange_->request();
    request.listener = listener_;
    request.remote_address = remote_address_;
    request.tls = tls_context_ != nullptr;
    request.received = now();
    parser_.emplace(core_->limits, request);
    const bool good = parser_->head(head);
    in_.consume(head.size());
    if (!good) {
        refuse(parser_->fault());
        return true;
    }
    head_request_ = request.method == "HEAD";
    continue_pending_ = parser_->expectsContinue() && !parser_->is_done();
    return admit();
}

bool Connection::admit() {
    auto& request = exchange_->request();
    Admission admission;
    try {
        admission = core_->handler.admit(request);
    } catch (...) {
        admission.refusal = problem(500, "internal", "Internal Server Error");
    }
    if (admission.refusal) {
        exchange_->disown();
        exchange_.reset();
        state_ = State::kHandling;
        answer(request_, std::move(*admission.refusal));
        return true;
    }
    exchange_->ticket = std::move(admission.ticket);
    max_body_ = static_cast<std::uint64_t>(std::max<std::int64_t>(admission.max_body, 0));
    const auto length = parser_->contentLength();
    if (length && *length > max_body_) {
        refuse({413, "body-too-large", "the body is larger than this route allows"});
    } else if (admission.streaming) {
        request.source = std::make_shared<RequestBody>(shared_from_this(), request_,
                                                       parser_->is_done() ? std::optional<std::uint64_t>{0} : length);
        handle();
    } else if (parser_->is_done()) {
        handle();
    } else {
        request.body.reserve(std::min<std::uint64_t>(length.value_or(0), kBodyRead));
        state_ = State::kBody;
        read_expiry_ = now() + core_->options.body_timeout;
    }
    return true;
}

bool Connection::stepBody() {
    if (reading_) {
        return false;
    }
    const auto text = arrived();
    const auto taken = parser_->body(text, exchange_->request().body, max_body_);
    in_.consume(taken);
    if (parser_->fault()) {
        refuse(parser_->fault());
        return true;
    }
    if (parser_->is_done()) {
        handle();
        return true;
    }
    if (peer_done_) {
        refuse({400, "bad-request", "the request ends within its body"});
        return true;
    }
    if (arrived().size() >= kBodyRead) {
        refuse({400, "bad-request", "a chunk's header is longer than allowed"});
        return true;
    }
    sayContinue();
    needInput();
    return false;
}

bool Connection::stepDrain() {
    if (reading_) {
        return false;
    }
    std::string ignored;
    in_.consume(parser_->body(arrived(), ignored, ~std::uint64_t{0}));
    if (parser_->fault() || (peer_done_ && !parser_->is_done())) {
        state_ = State::kLast;
        return true;
    }
    if (parser_->is_done()) {
        nextRequest();
        return true;
    }
    needInput();
    return false;
}

void Connection::handle() {
    state_ = State::kHandling;
    read_expiry_ = Timed::TimePoint::max();
    try {
        core_->handler.handle(std::move(exchange_));
    } catch (...) {
        // The exchange answers 500 when nobody holds it any more.
    }
    exchange_.reset();
}

void Connection::needInput() {
    if (reading_ || peer_done_ || (pending() && !writing_)) {
        return;
    }
    reading_ = true;
    const bool body = parser_ && !parser_->is_done() && state_ != State::kLinger;
    const auto size = body ? kBodyRead : kHeadRead;
    transport_.readSome(in_.prepare(size),
                        [self = shared_from_this()](const Transport::ErrorCode& failure, std::size_t read) {
                            self->onRead(failure, read);
                        });
}

void Connection::onRead(const Transport::ErrorCode& failure, std::size_t size) {
    reading_ = false;
    if (state_ == State::kClosed) {
        return;
    }
    in_.commit(size);
    if (!failure) {
        if (state_ == State::kBody || state_ == State::kHandling) {
            read_expiry_ =
                pull_ || state_ == State::kBody ? now() + core_->options.body_timeout : Timed::TimePoint::max();
        }
    } else if (failure == boost::asio::error::eof || failure == boost::asio::ssl::error::stream_truncated) {
        peer_done_ = true;
        if (state_ == State::kHandling) {
            onPeerGone();
            if (answer_source_) {
                close();
            }
        }
    } else {
        close();
    }
    advance();
}

/// A peer that has closed its side usually closed both: whoever works for it is told. An answer that is there is still
/// written, for those that only ended their side; one that streams is not waited for.
void Connection::onPeerGone() {
    gone_.store(true, std::memory_order_relaxed);
    if (on_gone_) {
        std::exchange(on_gone_, nullptr)();
    }
}

void Connection::refuse(const Fault& fault) {
    share_.refused.add(1);
    if (exchange_) {
        exchange_->disown();
        exchange_.reset();
    }
    auto response = problem(fault.status, fault.slug, reason(fault.status), fault.detail);
    if (fault.status == 503) {
        response.headers.add("Retry-After", "1");
    } else if (fault.status == 405) {
        response.headers.add("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    }
    answered_ = true;
    state_ = State::kLast;
    compose(response);
    settle();
}

void Connection::sayContinue() {
    if (continue_pending_ && in_.size() == 0 && !answered_) {
        next_.head.append("HTTP/1.1 100 Continue\r\n\r\n");
    }
    continue_pending_ = false;
}

}  // namespace stoa::host::http
