/// One connection of a listener: reads a request, has it handled, writes the answer, and again. Internal.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>

#include "host/http/loop.h"
#include "host/http/request_parser.h"
#include "host/http/server_core.h"
#include "host/http/transport.h"

namespace stoa::host::http {

class ConnectionExchange;

/// All members are touched on the loop's thread only, unless said otherwise. Pipelined requests are handled one after
/// the other; their small answers leave together.
///
/// Everything happens in advance(): it takes steps until it has to wait for bytes, for the handler, or for the peer to
/// take the answer. Whatever ends such a wait calls advance() again.
class Connection : public Timed, public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<ServerCore> core, std::shared_ptr<Loop> loop, std::size_t share, Listener listener,
               Transport::Socket socket);
    ~Connection() override;

    /// [loop] Begins; over TLS when there is a context, which outlives the connection. `overloaded`: answers 503 only.
    void start(std::shared_ptr<boost::asio::ssl::context> tls, bool overloaded);
    /// [loop] Cuts the connection off, whatever is under way.
    void close();
    void expired() override;

private:
    friend class ConnectionExchange;
    friend class RequestBody;

    enum class State {
        kHandshake,
        kHead,      ///< waits for a request, or the rest of its head
        kBody,      ///< reads a body that the handler gets whole
        kHandling,  ///< the handler has the request, or its answer is being written
        kDrain,     ///< throws away the small rest of a body that nobody read
        kLast,      ///< the last answer is being written
        kLinger,    ///< nothing more is written; reads what the peer still sends, so that it sees the answer
        kClosed
    };

    // connection.cpp: the life of a connection.
    void advance();
    bool step();
    void handshake();
    void nextRequest();
    void settle();
    void countAnswer();
    void closeGently();
    bool stepLinger();

    // connection_read.cpp: requests.
    bool stepHead();
    bool beginRequest(std::string_view head);
    bool admit();
    bool stepBody();
    bool stepDrain();
    void handle();
    void needInput();
    void onRead(const Transport::ErrorCode& failure, std::size_t size);
    void onPeerGone();
    void refuse(const Fault& fault);
    void sayContinue();
    std::string_view arrived() const;

    // connection_body.cpp: bodies of streaming requests.
    void pull(std::uint64_t request, std::function<void(BodySource::Chunk)> done);
    bool stepPull();
    void endPull(stoa_status status);

    // connection_write.cpp: answers.
    void answer(std::uint64_t request, Response response);
    void compose(Response& response);
    bool mayKeepAlive() const;
    bool stepAnswer();
    void askSource();
    void onChunk(BodySource::Chunk chunk);
    void appendChunk(std::string data);
    void endSource();
    void breakOff();
    bool pending() const { return next_.size() > 0; }
    bool flush();
    void writeRest();
    void onWritten(const Transport::ErrorCode& failure, std::size_t size);
    void flushed();

    std::shared_ptr<ServerCore> core_;
    std::shared_ptr<Loop> loop_;
    LoopShare& share_;
    const Listener listener_;
    Transport transport_;
    std::shared_ptr<boost::asio::ssl::context> tls_context_;
    std::string remote_address_;

    State state_ = State::kHead;
    bool advancing_ = false;
    bool reading_ = false;  ///< nothing is taken out of `in_` meanwhile
    bool writing_ = false;
    bool peer_done_ = false;  ///< it will send nothing more
    Timed::TimePoint read_expiry_ = Timed::TimePoint::max();
    Timed::TimePoint write_expiry_ = Timed::TimePoint::max();

    // The request that is being read or handled.
    std::uint64_t request_ = 0;  ///< its number on this connection
    boost::beast::flat_buffer in_;
    HeadScan scan_;
    std::optional<RequestParser> parser_;
    std::shared_ptr<ConnectionExchange> exchange_;  ///< until the handler gets it
    std::uint64_t max_body_ = 0;
    std::uint64_t discarded_ = 0;
    bool head_begun_ = false;
    bool head_request_ = false;
    bool counted_ = false;           ///< among the active ones
    bool continue_pending_ = false;  ///< the peer waits for 100 Continue
    std::function<void(BodySource::Chunk)> pull_;
    stoa_status pull_failure_ = STOA_OK;
    std::function<void()> on_gone_;
    std::atomic<bool> gone_{false};  ///< any thread reads it

    // Its answer.
    bool answered_ = false;
    bool keep_alive_ = false;
    bool chunked_ = false;
    bool asking_ = false;                        ///< the source owes a piece
    std::shared_ptr<BodySource> answer_source_;  ///< until its end
    std::optional<std::uint64_t> answer_left_;   ///< of a source whose size was stated

    /// Text on its way out: head, body, tail, in this order.
    struct Output {
        std::string head;
        std::string body;
        std::string_view tail;
        std::int64_t answers = 0;  ///< requests whose answers are complete with it
        std::size_t size() const { return head.size() + body.size() + tail.size(); }
    };
    std::array<boost::asio::const_buffer, 3> unsent() const;
    Output next_;     ///< gathered here; goes out with the next flush()
    Output sending_;  ///< untouched while writing_
    std::size_t sent_ = 0;
};

}  // namespace stoa::host::http
