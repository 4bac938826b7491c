// How a connection gives out the body of a streaming request, piece by piece.

#include <utility>

#include "host/http/connection.h"

namespace stoa::host::http {
namespace {

constexpr std::size_t kLongestChunkHeader = 64 << 10;

}  // namespace

void Connection::pull(std::uint64_t request, std::function<void(BodySource::Chunk)> done) {
    if (state_ != State::kHandling || request != request_ || pull_) {
        done({STOA_UNAVAILABLE, {}, false});
        return;
    }
    pull_ = std::move(done);
    advance();
}

/// True when the one who asked got something.
bool Connection::stepPull() {
    if (pull_failure_ != STOA_OK) {
        endPull(pull_failure_);
        return true;
    }
    if (parser_->is_done()) {
        std::exchange(pull_, nullptr)({STOA_OK, {}, true});
        return true;
    }
    if (reading_) {
        return false;
    }
    BodySource::Chunk chunk;
    in_.consume(parser_->body(arrived(), chunk.data, max_body_));
    if (parser_->fault()) {
        endPull(parser_->fault().status == 413 ? STOA_EXHAUSTED : STOA_INVALID);
        return true;
    }
    if (!chunk.data.empty()) {
        continue_pending_ = false;
        read_expiry_ = Timed::TimePoint::max();
        std::exchange(pull_, nullptr)(std::move(chunk));
        return true;
    }
    if (parser_->is_done()) {
        return true;
    }
    if (peer_done_ || in_.size() >= kLongestChunkHeader) {
        endPull(peer_done_ ? STOA_UNAVAILABLE : STOA_INVALID);
        return true;
    }
    sayContinue();
    if (read_expiry_ == Timed::TimePoint::max()) {
        read_expiry_ = std::chrono::steady_clock::now() + core_->options.body_timeout;
    }
    needInput();
    return false;
}

void Connection::endPull(stoa_status status) {
    pull_failure_ = status;
    read_expiry_ = state_ == State::kHandling ? Timed::TimePoint::max() : read_expiry_;
    if (pull_) {
        std::exchange(pull_, nullptr)({status, {}, false});
    }
}

}  // namespace stoa::host::http
