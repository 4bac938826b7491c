/// One connection of the client: writes a request, reads its answer, and again. Internal: includes Boost.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "host/http/request_parser.h"
#include "host/http/transport.h"
#include "host/outbound/answer_parser.h"
#include "host/outbound/loop_pool.h"

namespace stoa::host::outbound {

/// All on the loop's thread. Something is read all the time, so that an end of the other side is noticed at once, but
/// not of a streamed answer: that is read when it is asked for.
class ClientConnection : public http::Timed, public std::enable_shared_from_this<ClientConnection> {
public:
    using ErrorCode = boost::system::error_code;
    using Pull = std::function<void(http::BodySource::Chunk)>;

    ClientConnection(std::shared_ptr<LoopPool> pool, Origin origin);
    ~ClientConnection() override;

    const Origin& origin() const { return origin_; }
    const std::shared_ptr<http::Loop>& loop() const { return pool_->loop(); }

    /// Resolves, connects, does the TLS handshake; then runs `job`, or fails it.
    void connect(const std::shared_ptr<Job>& job);
    /// On a connection that is idle.
    void run(const std::shared_ptr<Job>& job);
    /// Waits for the next job, at most for the idle time.
    void rest();
    /// Nobody waits for this job's answer any more.
    void abandon(const Job& job);
    void close();
    void fail(stoa_status status, const std::string& why, bool broken = false);
    void expired() override;

    /// The streamed answer's next piece, and its reader's farewell.
    void pull(Pull done);
    void readerLeft();

private:
    // client_connect.cpp
    void resolve();
    void tryEndpoints();
    void onConnected(const ErrorCode& failure);
    void handshake();
    void connectFailed(const std::string& why, stoa_status status = STOA_UNAVAILABLE);

    // client_write.cpp
    void compose();
    void write();
    void onWritten(const ErrorCode& failure, std::size_t size);
    void written();
    void writeFailed(const ErrorCode& failure);
    void askSource();
    void onChunk(http::BodySource::Chunk chunk);
    std::array<boost::asio::const_buffer, 3> unsent() const;

    // client_connection.cpp
    void read();
    void onRead(const ErrorCode& failure, std::size_t size);
    void advance();
    bool stepHead();
    bool stepBody();
    bool bodyArrived() const;
    void deliverStream();
    void answerComplete();
    void ended(const std::string& why);
    std::string_view arrived() const;

    const std::shared_ptr<LoopPool> pool_;
    const Origin origin_;
    http::Transport transport_;
    std::vector<boost::asio::ip::tcp::endpoint> endpoints_;
    bool closed_ = false;
    bool connected_ = false;
    bool used_ = false;  ///< an answer was had over it before
    bool reading_ = false;
    bool peer_done_ = false;

    std::shared_ptr<Job> job_;
    // What is being written: head, body, tail.
    std::string out_;
    std::string chunk_;
    std::string_view body_;
    std::string_view tail_;
    std::size_t written_ = 0;
    bool writing_ = false;
    bool chunked_ = false;
    bool request_done_ = false;

    // The answer.
    boost::beast::flat_buffer in_;
    http::HeadScan scan_;
    std::optional<AnswerParser> parser_;
    http::Response response_;
    bool head_done_ = false;
    bool streaming_ = false;
    bool advancing_ = false;
    Pull pull_;
    stoa_status pull_failure_ = STOA_OK;
};

}  // namespace stoa::host::outbound
