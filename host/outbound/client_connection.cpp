#include "host/outbound/client_connection.h"

#include <algorithm>
#include <utility>

#include <boost/asio/ssl/error.hpp>

namespace stoa::host::outbound {
namespace {

constexpr std::size_t kReadSize = 16 << 10;
constexpr std::size_t kHeadLimit = 64 << 10;
constexpr std::size_t kKeptBuffer = 64 << 10;

/// The streamed body of an answer. Gone before its end: the connection is closed.
class AnswerBody : public http::BodySource {
public:
    AnswerBody(std::shared_ptr<ClientConnection> connection, std::optional<std::uint64_t> size)
        : connection_(std::move(connection)), size_(size) {}
    ~AnswerBody() override {
        connection_->loop()->post([connection = connection_] { connection->readerLeft(); });
    }
    void read(std::function<void(Chunk)> done) override {
        auto& loop = *connection_->loop();
        if (loop.here()) {
            connection_->pull(std::move(done));
            return;
        }
        loop.post([connection = connection_, done = std::move(done)]() mutable { connection->pull(std::move(done)); });
    }
    std::optional<std::uint64_t> size() const override { return size_; }

private:
    std::shared_ptr<ClientConnection> connection_;
    std::optional<std::uint64_t> size_;
};

}  // namespace

ClientConnection::ClientConnection(std::shared_ptr<LoopPool> pool, Origin origin)
    : pool_(std::move(pool)),
      origin_(std::move(origin)),
      transport_(http::Transport::Socket(pool_->loop()->context())) {
    pool_->loop()->watch(*this);
}

ClientConnection::~ClientConnection() {
    if (!closed_) {
        pool_->loop()->unwatch(*this);
    }
}

void ClientConnection::run(const std::shared_ptr<Job>& job) {
    if (job->finished()) {
        pool_->giveBack(shared_from_this());
        return;
    }
    expireNever();
    job_ = job;
    job->connection = weak_from_this();
    response_ = {};
    parser_.reset();
    scan_ = {};
    head_done_ = false;
    streaming_ = false;
    pull_failure_ = STOA_OK;
    compose();
    write();
    if (!closed_ && job_ == job) {
        read();
    }
}

void ClientConnection::rest() {
    expireAt(std::chrono::steady_clock::now() + pool_->options().idle_timeout);
    if (in_.capacity() > kKeptBuffer && !reading_) {
        in_.shrink_to_fit();
    }
    read();
}

void ClientConnection::read() {
    if (reading_ || peer_done_ || closed_) {
        return;
    }
    reading_ = true;
    transport_.readSome(
        in_.prepare(kReadSize),
        [self = shared_from_this()](const ErrorCode& failure, std::size_t size) { self->onRead(failure, size); });
}

void ClientConnection::onRead(const ErrorCode& failure, std::size_t size) {
    reading_ = false;
    if (closed_) {
        return;
    }
    in_.commit(size);
    if (failure) {
        peer_done_ = true;
        const bool end = failure == boost::asio::error::eof;
        // The answer may lie complete in what came before the end.
        advance();
        if (!closed_ && (job_ || streaming_)) {
            if (end && head_done_ && parser_ && parser_->untilEnd() && parser_->end()) {
                advance();
            } else {
                ended("the connection to " + origin_.authority() + " broke: " + failure.message());
            }
        } else if (!closed_) {
            close();
        }
        return;
    }
    if (!job_ && !streaming_) {
        close();  // nobody asked for anything
        return;
    }
    advance();
}

std::string_view ClientConnection::arrived() const {
    const auto data = in_.cdata();
    return {static_cast<const char*>(data.data()), data.size()};
}

void ClientConnection::advance() {
    if (advancing_) {
        return;
    }
    advancing_ = true;
    const auto self = shared_from_this();
    while (!closed_ && !reading_ && (job_ || streaming_) && (head_done_ ? stepBody() : stepHead())) {
    }
    advancing_ = false;
}

bool ClientConnection::stepHead() {
    const auto text = arrived();
    const auto size = scan_.find(text);
    if (scan_.fault() || size > kHeadLimit || (size == 0 && text.size() > kHeadLimit)) {
        fail(STOA_UNAVAILABLE, origin_.authority() + " did not answer in HTTP/1.1", true);
        return false;
    }
    if (size == 0) {
        read();
        return false;
    }
    response_ = {};
    parser_.emplace(response_, job_->call.method == "HEAD");
    const bool good = parser_->head(text.substr(0, size));
    in_.consume(size);
    scan_ = {};
    if (!good) {
        fail(STOA_UNAVAILABLE, origin_.authority() + " did not answer in HTTP/1.1", true);
        return false;
    }
    if (parser_->interim()) {
        return true;
    }
    head_done_ = true;
    if (job_->call.stream_answer && !parser_->is_done() && !bodyArrived()) {
        deliverStream();
    }
    return true;
}

/// A small body mostly comes with its head: it is delivered with it, without a reader that has to ask.
bool ClientConnection::bodyArrived() const {
    const auto length = parser_->contentLength();
    return length && *length <= in_.size() && *length <= kReadSize;
}

/// The head is the answer; the body follows as its reader asks for it.
void ClientConnection::deliverStream() {
    Outcome outcome;
    outcome.response = std::move(response_);
    outcome.response.source = std::make_shared<AnswerBody>(shared_from_this(), parser_->contentLength());
    streaming_ = true;
    expireNever();
    job_->finish(std::move(outcome));
}

bool ClientConnection::stepBody() {
    if (streaming_ && !pull_) {
        return false;
    }
    http::BodySource::Chunk chunk;
    auto& into = streaming_ ? chunk.data : response_.body;
    if (!parser_->is_done()) {
        in_.consume(parser_->body(arrived(), into));
    }
    if (parser_->broken()) {
        fail(STOA_UNAVAILABLE, origin_.authority() + " did not answer in HTTP/1.1", true);
        return false;
    }
    const auto size = std::max<std::uint64_t>(response_.body.size(), parser_->contentLength().value_or(0));
    if (!streaming_ && !job_->call.stream_answer && size > job_->call.max_answer && job_->call.method != "HEAD") {
        fail(STOA_EXHAUSTED, "the answer of " + origin_.authority() + " is larger than allowed");
        return false;
    }
    if (!chunk.data.empty()) {
        expireNever();
        std::exchange(pull_, nullptr)(std::move(chunk));
        return true;
    }
    if (parser_->is_done()) {
        answerComplete();
        return false;
    }
    read();
    return false;
}

void ClientConnection::answerComplete() {
    const auto self = shared_from_this();
    const auto job = std::exchange(job_, nullptr);
    const auto pull = std::exchange(pull_, nullptr);
    const bool reusable =
        parser_->keepAlive() && !parser_->untilEnd() && request_done_ && !writing_ && in_.size() == 0 && !peer_done_;
    Outcome outcome;
    outcome.response = std::move(response_);
    const bool streamed = std::exchange(streaming_, false);
    used_ = true;
    expireNever();
    if (reusable) {
        pool_->giveBack(self);
    } else {
        close();
    }
    if (streamed) {
        if (pull) {
            pull({STOA_OK, {}, true});
        }
    } else {
        job->finish(std::move(outcome));
    }
}

void ClientConnection::pull(Pull done) {
    if (!streaming_ || pull_) {
        // After the end it is asked again, or the connection was lost meanwhile.
        done({pull_failure_, {}, pull_failure_ == STOA_OK});
        return;
    }
    pull_ = std::move(done);
    expireAt(std::chrono::steady_clock::now() + pool_->options().stream_timeout);
    advance();
    if (peer_done_ && !closed_ && streaming_ && pull_) {
        ended("the connection to " + origin_.authority() + " broke");
    }
}

void ClientConnection::readerLeft() {
    if (streaming_ && !closed_) {
        close();
    }
}

void ClientConnection::abandon(const Job& job) {
    if (job_.get() == &job && !closed_) {
        close();
    }
}

/// The other side ended or reset the connection while an answer was due.
void ClientConnection::ended(const std::string& why) {
    const bool nothing_answered = !head_done_ && in_.size() == 0 && !parser_;
    if (used_ && nothing_answered && job_ && job_->mayRepeat()) {
        const auto job = std::exchange(job_, nullptr);
        job->repeated = true;
        close();
        pool_->start(job, true);
        return;
    }
    fail(STOA_UNAVAILABLE, why, !nothing_answered);
}

void ClientConnection::fail(stoa_status status, const std::string& why, bool broken) {
    const auto self = shared_from_this();
    const auto job = std::exchange(job_, nullptr);
    pull_failure_ = status;
    close();
    if (job) {
        job->fail(status, why, broken);
    }
}

void ClientConnection::close() {
    if (closed_) {
        return;
    }
    closed_ = true;
    const auto self = weak_from_this().lock();
    pull_failure_ = streaming_ && pull_failure_ == STOA_OK ? STOA_UNAVAILABLE : pull_failure_;
    streaming_ = false;
    pool_->loop()->unwatch(*this);
    transport_.close();
    pool_->gone(*this);
    if (pull_) {
        std::exchange(pull_, nullptr)({pull_failure_, {}, false});
    }
    job_.reset();
}

void ClientConnection::expired() {
    const auto self = shared_from_this();
    if (!connected_) {
        connectFailed("can't connect to " + origin_.authority() + " in time");
    } else if (streaming_) {
        pull_failure_ = STOA_DEADLINE;
        close();
    } else if (!job_) {
        close();  // idle for long enough
    }
}

}  // namespace stoa::host::outbound
