/// The client's connections and calls of one I/O loop. Internal: includes Boost.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <unordered_set>
#include <vector>

#include <boost/asio/ssl/context.hpp>

#include "host/http/loop.h"
#include "host/outbound/http_client.h"

namespace stoa::host::outbound {

class ClientConnection;
class Job;

/// All members on the loop's thread only, unless said otherwise.
class LoopPool : public std::enable_shared_from_this<LoopPool> {
public:
    LoopPool(HttpClientOptions options, std::shared_ptr<http::Loop> loop, std::size_t share_of_loops,
             std::function<boost::asio::ssl::context&()> tls);

    /// Gives the job a connection: an idle one unless `fresh`, a new one, or one later.
    void start(const std::shared_ptr<Job>& job, bool fresh = false);
    /// The connection's call is over and the next may use it.
    void giveBack(const std::shared_ptr<ClientConnection>& connection);
    /// The connection is closed.
    void gone(ClientConnection& connection);
    /// Fails whatever is under way and closes everything; new jobs fail at once.
    void shutDown();

    const HttpClientOptions& options() const { return options_; }
    const std::shared_ptr<http::Loop>& loop() const { return loop_; }
    /// Made when it is first needed. Throws stoa::Error.
    boost::asio::ssl::context& tls() { return tls_(); }

    std::atomic<std::size_t> idle_count{0};  ///< any thread
    std::atomic<std::size_t> open_count{0};  ///< any thread

private:
    struct Slot {
        std::vector<std::shared_ptr<ClientConnection>> idle;
        std::size_t open = 0;  ///< idle ones as well
        std::deque<std::shared_ptr<Job>> waiting;
    };
    std::shared_ptr<ClientConnection> takeIdle(const Origin& origin);
    std::shared_ptr<Job> nextWaiting(Slot& slot);
    void open(const std::shared_ptr<Job>& job, Slot& slot);

    const HttpClientOptions options_;
    const std::shared_ptr<http::Loop> loop_;
    const std::size_t max_open_;
    const std::function<boost::asio::ssl::context&()> tls_;
    std::map<Origin, Slot> slots_;
    std::unordered_set<ClientConnection*> connections_;
    bool shut_down_ = false;
};

/// One call under way. On the loop's thread, but for cancel().
class Job : public Operation, public http::Timed, public std::enable_shared_from_this<Job> {
public:
    Job(std::shared_ptr<LoopPool> owner, Origin to, HttpCall what, HttpClient::Done done)
        : pool(std::move(owner)), origin(std::move(to)), call(std::move(what)), done_(std::move(done)) {}
    ~Job() override;

    void begin();
    void cancel() override;
    void expired() override;
    bool finished() const { return done_ == nullptr; }
    /// `sent` is filled in. Only the first call counts.
    void finish(Outcome outcome);
    void fail(stoa_status status, std::string why, bool broken = false);
    bool mayRepeat() const;

    const std::shared_ptr<LoopPool> pool;
    const Origin origin;
    HttpCall call;
    std::weak_ptr<ClientConnection> connection;
    bool sent = false;
    bool repeated = false;
    bool source_used = false;

private:
    HttpClient::Done done_;
    bool watched_ = false;
};

}  // namespace stoa::host::outbound
