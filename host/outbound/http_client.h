/// HTTP/1.1 client on the host's I/O threads: pooled keep-alive connections, a deadline for each request.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "host/base/work.h"
#include "host/http/io.h"
#include "host/http/message.h"
#include "registry/registry.h"

namespace stoa::host::outbound {

/// Where a connection goes to.
struct Origin {
    std::string host;  ///< name or literal address, without brackets
    std::uint16_t port = 80;
    bool tls = false;  ///< TLS ≥ 1.2; the certificate must be good for `host`
    /// Resolved addresses that are link-local (169.254/16, fe80::/10) are refused, unless `host` is that very literal.
    bool refuse_link_local = false;

    /// "127.0.0.1:8080", "[::1]:8080", "http://host:port", "https://host"; throws stoa::Error STOA_INVALID.
    static Origin parse(std::string_view address);
    std::string authority() const;  ///< for Host: without the scheme's default port
    bool operator==(const Origin&) const = default;
    bool operator<(const Origin& other) const {
        return std::tie(host, port, tls, refuse_link_local) <
               std::tie(other.host, other.port, other.tls, other.refuse_link_local);
    }
};

struct HttpCall {
    std::string method = "GET";
    std::string target = "/";  ///< path and query
    http::Headers headers;     ///< without framing headers; Host is added from the origin when absent
    std::string body;
    std::string caller;                        ///< the service that calls, for crash points
    std::shared_ptr<http::BodySource> source;  ///< instead of `body`; sent once only
    Deadline deadline{};                       ///< until the answer is complete; with `stream_answer`, its head
    bool idempotent = false;                   ///< besides GET, HEAD, PUT, DELETE, OPTIONS: may be sent again
    bool once = false;                         ///< never sent again once a byte of it may have arrived
    bool stream_answer = false;                ///< the answer's body comes as `source`
    std::size_t max_answer = 16 << 20;         ///< bytes of a buffered answer; beyond: STOA_EXHAUSTED
};

/// Either an HTTP answer of any status (`status` STOA_OK), or why there is none.
struct Outcome {
    stoa_status status = STOA_OK;  ///< STOA_UNAVAILABLE, STOA_DEADLINE, STOA_EXHAUSTED, STOA_INVALID, STOA_FORBIDDEN
    std::string error;             ///< a sentence, when there is no answer
    bool sent = false;             ///< the request, or a part of it, may have reached the other side
    /// The other side spoke, but not HTTP, or broke off within an answer. 502 to a caller.
    bool broken = false;
    bool source_failed = false;  ///< it was the call's own `source` that broke off, with this status
    http::Response response;     ///< when answered
    bool answered() const { return status == STOA_OK; }
};

struct HttpClientOptions {
    std::size_t max_per_origin = 64;  ///< connections to one origin; more calls wait within their deadline
    std::size_t max_waiting = 1'024;  ///< calls that wait for a connection to one origin; beyond: STOA_EXHAUSTED
    std::chrono::milliseconds idle_timeout{30'000};    ///< below the 60 s of our own servers
    std::chrono::milliseconds connect_timeout{3'000};  ///< at most; the deadline counts too
    std::chrono::milliseconds stream_timeout{30'000};  ///< between two pieces of a streamed answer
    std::string ca_file;                               ///< PEM; empty: the system's
};

/// A call under way. Dropping it changes nothing.
class Operation {
public:
    virtual ~Operation() = default;
    /// Any thread. Nobody waits any more: the connection is closed, `done` gets STOA_UNAVAILABLE unless it ran already.
    virtual void cancel() = 0;
};

/// Any thread. Destroy it before Io::stop.
class HttpClient {
public:
    HttpClient(HttpClientOptions options, std::shared_ptr<http::Io> io);
    ~HttpClient();

    using Done = std::function<void(Outcome)>;
    /// `done` runs once, on an I/O thread, never inside this call. A connection that the other side had closed while it
    /// was idle is replaced once without anybody noticing, when nothing was answered and the call is idempotent or was
    /// not sent yet.
    std::shared_ptr<Operation> send(const Origin& origin, HttpCall call, Done done);
    /// Waits. Not on an I/O thread: throws stoa::Error STOA_INTERNAL.
    Outcome sendAndWait(const Origin& origin, HttpCall call);

    http::Io& io();
    std::size_t idleConnections() const;
    std::size_t openConnections() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

/// What the registry's drivers are given: a blocking call with a JSON body, at most `timeout`. Keeps a reference.
registry::HttpSend registrySend(HttpClient& client, std::chrono::milliseconds timeout = std::chrono::seconds{3});

}  // namespace stoa::host::outbound
