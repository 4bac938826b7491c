// How a connection writes answers.

#include <algorithm>
#include <array>
#include <charconv>

#include "host/base/crash_point.h"
#include "host/http/answer_head.h"
#include "host/http/connection.h"
#include "host/http/connection_exchange.h"

namespace stoa::host::http {
namespace {

/// Up to this size copying a body next to its head is cheaper than another buffer to write.
constexpr std::size_t kSmallBody = 16 << 10;
/// The rest of a request's body that is read and thrown away to keep the connection.
constexpr std::uint64_t kDrainable = 64 << 10;
constexpr std::size_t kKeptBuffer = 128 << 10;

std::string_view nameOf(Listener listener) {
    return listener == Listener::kEdge ? "edge" : listener == Listener::kInternal ? "internal" : "ops";
}

std::optional<std::uint64_t> statedLength(const Response& response) {
    const auto stated = response.headers.find("Content-Length");
    std::uint64_t length = 0;
    if (!stated || std::from_chars(stated->data(), stated->data() + stated->size(), length).ec != std::errc{}) {
        return std::nullopt;
    }
    return length;
}

}  // namespace

void Connection::answer(std::uint64_t request, Response response) {
    if (state_ != State::kHandling || request != request_ || answered_) {
        return;
    }
    answered_ = true;
    on_gone_ = nullptr;
    keep_alive_ = mayKeepAlive();
    compose(response);
    advance();
}

bool Connection::mayKeepAlive() const {
    if (!parser_ || parser_->fault() || !parser_->keepAlive() || peer_done_ || pull_failure_ != STOA_OK ||
        core_->draining.load(std::memory_order_relaxed)) {
        return false;
    }
    // A peer that still waits for 100 Continue may send its body or not: nobody knows what comes next.
    return parser_->is_done() || (!continue_pending_ && parser_->remaining().value_or(kDrainable + 1) <= kDrainable);
}

/// Puts the head, and the body unless it streams, to what waits to be written.
void Connection::compose(Response& response) {
    if (response.status < 200 || response.status > 999) {
        response = problem(500, "internal", "Internal Server Error");
    }
    if (state_ == State::kLast) {
        keep_alive_ = false;
    }
    const bool http10 = parser_ && parser_->http10();
    const bool empty = bodiless(response.status);
    AnswerFraming framing;
    chunked_ = false;
    if (response.source && !empty) {
        framing.length = response.source->size();
        chunked_ = !framing.length && !http10;
        keep_alive_ = keep_alive_ && (framing.length || chunked_ || head_request_);
    } else if (!empty) {
        framing.length = head_request_ && response.body.empty() ? statedLength(response) : response.body.size();
    }
    framing.chunked = chunked_;
    framing.close = !keep_alive_;
    framing.keep_alive = keep_alive_ && http10;
    appendAnswerHead(response, framing, next_.head);
    if (empty || head_request_) {
        return;
    }
    if (response.source) {
        answer_left_ = framing.length;
        answer_source_ = std::move(response.source);
        askSource();
    } else if (response.body.size() <= kSmallBody) {
        next_.head.append(response.body);
    } else {
        next_.body = std::move(response.body);
    }
}

bool Connection::stepAnswer() {
    if (pull_ && stepPull()) {
        return true;
    }
    if (!answered_ || asking_) {
        // A peer that leaves is noticed by reading, as long as nothing that it sent waits to be taken.
        if (parser_->is_done() && in_.size() == 0) {
            needInput();
        }
        return false;
    }
    if (!answer_source_) {
        settle();
        return true;
    }
    if (pending() || writing_) {
        return false;
    }
    askSource();
    return true;
}

void Connection::askSource() {
    asking_ = true;
    const auto source = answer_source_;
    source->read([self = shared_from_this()](BodySource::Chunk chunk) mutable {
        if (self->loop_->here()) {
            self->onChunk(std::move(chunk));
            return;
        }
        auto& loop = *self->loop_;
        loop.post([self = std::move(self), chunk = std::move(chunk)]() mutable { self->onChunk(std::move(chunk)); });
    });
}

void Connection::onChunk(BodySource::Chunk chunk) {
    asking_ = false;
    if (state_ == State::kClosed) {
        return;
    }
    if (chunk.status != STOA_OK || (answer_left_ && chunk.data.size() > *answer_left_)) {
        breakOff();
        return;
    }
    const bool end = chunk.end;
    if (!chunk.data.empty()) {
        appendChunk(std::move(chunk.data));
    }
    if (end) {
        endSource();
    }
    advance();
}

void Connection::appendChunk(std::string data) {
    if (answer_left_) {
        *answer_left_ -= data.size();
    }
    if (chunked_) {
        char size[18];
        const auto digits = std::to_chars(std::begin(size), std::end(size), data.size(), 16).ptr;
        next_.head.append(size, digits).append("\r\n");
    }
    if (data.size() <= kSmallBody) {
        next_.head.append(data).append(chunked_ ? "\r\n" : "");
    } else {
        next_.body = std::move(data);
        next_.tail = chunked_ ? "\r\n" : "";
    }
}

void Connection::endSource() {
    answer_source_.reset();
    if (answer_left_.value_or(0) > 0) {
        breakOff();
    } else if (chunked_ && next_.body.empty()) {
        next_.head.append("0\r\n\r\n");
    } else if (chunked_) {
        next_.tail = "\r\n0\r\n\r\n";
    }
}

/// The answer can't be completed. A reset says so even where the end of the connection is the end of the body.
void Connection::breakOff() {
    Transport::ErrorCode ignored;
    transport_.socket().set_option(boost::asio::socket_base::linger(true, 0), ignored);
    close();
}

std::array<boost::asio::const_buffer, 3> Connection::unsent() const {
    std::array<boost::asio::const_buffer, 3> buffers{
        boost::asio::buffer(sending_.head), boost::asio::buffer(sending_.body), boost::asio::buffer(sending_.tail)};
    auto skip = sent_;
    for (auto& buffer : buffers) {
        const auto skipped = std::min(skip, buffer.size());
        buffer += skipped;
        skip -= skipped;
    }
    return buffers;
}

/// True when all went out at once.
bool Connection::flush() {
    writing_ = true;
    std::swap(next_, sending_);
    sent_ = 0;
    Transport::ErrorCode failure;
    sent_ = transport_.writeNow(unsent(), failure);
    if (failure && failure != boost::asio::error::would_block && failure != boost::asio::error::try_again) {
        close();
        return false;
    }
    if (sent_ == sending_.size()) {
        flushed();
        return true;
    }
    write_expiry_ = std::chrono::steady_clock::now() + core_->options.write_timeout;
    writeRest();
    return false;
}

void Connection::writeRest() {
    transport_.writeSome(unsent(),
                         [self = shared_from_this()](const Transport::ErrorCode& failure, std::size_t written) {
                             self->onWritten(failure, written);
                         });
}

void Connection::onWritten(const Transport::ErrorCode& failure, std::size_t size) {
    if (state_ == State::kClosed) {
        return;
    }
    if (failure) {
        close();
        return;
    }
    sent_ += size;
    if (sent_ < sending_.size()) {
        write_expiry_ = std::chrono::steady_clock::now() + core_->options.write_timeout;
        expireAt(std::min(read_expiry_, write_expiry_));
        writeRest();
        return;
    }
    flushed();
    advance();
}

void Connection::flushed() {
    writing_ = false;
    const auto answers = std::exchange(sending_.answers, 0);
    sending_.head.clear();
    if (sending_.head.capacity() > kKeptBuffer) {
        sending_.head.shrink_to_fit();
    }
    sending_.body = {};
    sending_.tail = {};
    write_expiry_ = Timed::TimePoint::max();
    if (answers > 0) {
        crashPoint(CrashPoint::kHttpAnswered, nameOf(listener_));
        share_.active.add(-answers);
        core_->changed();
    }
}

}  // namespace stoa::host::http
