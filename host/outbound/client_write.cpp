// How a request goes out.

#include <algorithm>
#include <charconv>

#include "host/base/crash_point.h"
#include "host/http/text.h"
#include "host/outbound/client_connection.h"

namespace stoa::host::outbound {
namespace {

void appendField(std::string_view name, std::string_view value, std::string& out) {
    out.append(name).append(": ").append(value).append("\r\n");
}

bool isFraming(std::string_view name) {
    return http::equalsIgnoringCase(name, "Content-Length") || http::equalsIgnoringCase(name, "Transfer-Encoding") ||
           http::equalsIgnoringCase(name, "Connection");
}

bool takesBody(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

}  // namespace

void ClientConnection::compose() {
    const auto& call = job_->call;
    out_.clear();
    out_.append(call.method).append(" ").append(call.target).append(" HTTP/1.1\r\n");
    if (!call.headers.find("Host")) {
        appendField("Host", origin_.authority(), out_);
    }
    for (const auto& [name, value] : call.headers) {
        if (!isFraming(name)) {
            appendField(name, value, out_);
        }
    }
    const auto size = call.source ? call.source->size() : std::optional<std::uint64_t>{call.body.size()};
    chunked_ = !size;
    if (chunked_) {
        appendField("Transfer-Encoding", "chunked", out_);
    } else if (*size > 0 || takesBody(call.method)) {
        appendField("Content-Length", std::to_string(*size), out_);
    }
    out_.append("\r\n");
    body_ = call.source ? std::string_view{} : std::string_view{call.body};
    tail_ = {};
    request_done_ = !call.source;
}

std::array<boost::asio::const_buffer, 3> ClientConnection::unsent() const {
    std::array<boost::asio::const_buffer, 3> buffers{boost::asio::buffer(out_), boost::asio::buffer(body_),
                                                     boost::asio::buffer(tail_)};
    auto skip = written_;
    for (auto& buffer : buffers) {
        const auto skipped = std::min(skip, buffer.size());
        buffer += skipped;
        skip -= skipped;
    }
    return buffers;
}

/// Writes what was gathered; the first part at once, without a turn of the loop.
void ClientConnection::write() {
    writing_ = true;
    written_ = 0;
    ErrorCode failure;
    written_ = transport_.writeNow(unsent(), failure);
    job_->sent = job_->sent || written_ > 0;
    if (failure && failure != boost::asio::error::would_block && failure != boost::asio::error::try_again) {
        writeFailed(failure);
        return;
    }
    onWritten({}, 0);
}

void ClientConnection::onWritten(const ErrorCode& failure, std::size_t size) {
    if (closed_ || !job_) {
        return;
    }
    if (failure) {
        writeFailed(failure);
        return;
    }
    written_ += size;
    job_->sent = job_->sent || written_ > 0;
    if (written_ == out_.size() + body_.size() + tail_.size()) {
        written();
        return;
    }
    job_->sent = job_->sent || transport_.tls() != nullptr;  // what TLS has taken may be on the wire
    transport_.writeSome(unsent(), [self = shared_from_this(), job = job_](const ErrorCode& later, std::size_t more) {
        if (self->job_ == job) {
            self->onWritten(later, more);
        } else {
            self->writing_ = false;
        }
    });
}

void ClientConnection::written() {
    writing_ = false;
    out_.clear();
    chunk_ = {};
    body_ = {};
    tail_ = {};
    if (!request_done_) {
        askSource();
        return;
    }
    crashPoint(CrashPoint::kCallSent, job_->call.caller);
}

/// The other side may have answered before it stopped reading: the reading side tells, since it is always open.
void ClientConnection::writeFailed(const ErrorCode& failure) {
    writing_ = false;
    request_done_ = false;
    if (peer_done_ || !reading_) {
        ended("the connection to " + origin_.authority() + " broke: " + failure.message());
    }
}

void ClientConnection::askSource() {
    job_->source_used = true;
    const auto source = job_->call.source;
    source->read([self = shared_from_this(), job = job_](http::BodySource::Chunk chunk) mutable {
        auto& loop = *self->loop();
        loop.post([self = std::move(self), job = std::move(job), chunk = std::move(chunk)]() mutable {
            if (self->job_ == job && !self->closed_) {
                self->onChunk(std::move(chunk));
            }
        });
    });
}

void ClientConnection::onChunk(http::BodySource::Chunk chunk) {
    if (chunk.status != STOA_OK) {
        Outcome outcome;
        outcome.status = chunk.status;
        outcome.error = "the body of the request broke off";
        outcome.source_failed = true;
        const auto job = std::exchange(job_, nullptr);
        close();
        job->finish(std::move(outcome));
        return;
    }
    request_done_ = chunk.end;
    chunk_ = std::move(chunk.data);
    body_ = chunk_;
    if (chunked_ && !chunk_.empty()) {
        char size[18];
        const auto digits = std::to_chars(std::begin(size), std::end(size), chunk_.size(), 16).ptr;
        out_.assign(size, digits).append("\r\n");
        tail_ = chunk.end ? "\r\n0\r\n\r\n" : "\r\n";
    } else if (chunked_) {
        out_ = chunk.end ? "0\r\n\r\n" : "";
    }
    write();
}

}  // namespace stoa::host::outbound
