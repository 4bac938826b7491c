/// HTTP messages without a network: what listeners, dispatch, short cut and client share.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <stoa/error.h>

namespace stoa::host::http {

enum class Listener { kEdge, kInternal, kOps };

/// In order of arrival; names compare without case. Names and values were checked by whoever made them: no CR, LF or
/// NUL.
class Headers {
public:
    /// First value, or nothing.
    std::optional<std::string_view> find(std::string_view name) const;
    void set(std::string_view name, std::string value);  ///< replaces all of that name
    void add(std::string name, std::string value);
    void remove(std::string_view name);
    /// `out`: bool(const std::string& name).
    template <class Out>
    void removeIf(Out out) {
        std::erase_if(fields_, [&](const auto& field) { return out(field.first); });
    }
    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

/// A body that comes piece by piece, pulled by its reader, so that a slow reader slows the sender.
class BodySource {
public:
    /// `data` empty and `end` true: the end. A failed status: broken off (STOA_DEADLINE, STOA_UNAVAILABLE,
    /// STOA_EXHAUSTED when it is larger than allowed, STOA_INVALID for bad framing).
    struct Chunk {
        stoa_status status = STOA_OK;
        std::string data;
        bool end = false;
    };
    virtual ~BodySource() = default;
    /// Asks for the next piece; one at a time. `done` runs on some I/O thread, perhaps before this returns.
    virtual void read(std::function<void(Chunk)> done) = 0;
    /// Total size when it is known (Content-Length).
    virtual std::optional<std::uint64_t> size() const = 0;
};

struct Request {
    Listener listener = Listener::kInternal;
    std::string method;
    std::string path;   ///< raw, without query; begins with '/', no dot segments, no empty segments
    std::string query;  ///< raw, without '?'
    Headers headers;
    std::string body;                    ///< unless `source` is set
    std::shared_ptr<BodySource> source;  ///< streaming
    std::string remote_address;          ///< without port
    bool tls = false;                    ///< came over TLS
    std::chrono::steady_clock::time_point received{};
};

struct Response {
    int status = 200;
    Headers headers;  ///< no Content-Length, Connection or Transfer-Encoding: the listener's
    std::string body;
    std::shared_ptr<BodySource> source;  ///< streaming
};

/// One request and its one answer.
class Exchange {
public:
    virtual ~Exchange() = default;
    virtual Request& request() = 0;
    /// Any thread, once. The answer is host memory from here on.
    virtual void respond(Response response) = 0;
    /// The peer has gone: nobody waits for the answer.
    virtual bool abandoned() const = 0;
    /// `gone` runs at most once, on some I/O thread, when the peer goes before the answer was written; at once when it
    /// has gone already. One per exchange; to be set before respond().
    virtual void onAbandoned(std::function<void()> gone) { (void)gone; }
    /// What `Handler::admit` put there; freed with the exchange or when `ticket.reset()` is called.
    std::shared_ptr<void> ticket;
};

/// What becomes of a request whose head has been read.
struct Admission {
    std::optional<Response> refusal;  ///< answered at once; the body is drained or the connection closed
    std::int64_t max_body = 1 << 20;  ///< 413 beyond
    bool streaming = false;           ///< body as `source` instead of text
    std::shared_ptr<void> ticket;
};

/// Behind the listeners. Both run on an I/O thread and must not block.
class Handler {
public:
    virtual ~Handler() = default;
    virtual Admission admit(const Request& head) = 0;
    virtual void handle(std::shared_ptr<Exchange> exchange) = 0;
};

/// application/problem+json (RFC 9457) with type "urn:stoa:problem:<slug>".
Response problem(int status, std::string_view slug, std::string_view title, std::string_view detail = {});

/// "Not Found" for 404; empty for a status that is unknown.
std::string_view reason(int status);

/// Decodes %XX; nothing for a bad escape, NUL or text that is not UTF-8.
std::optional<std::string> percentDecode(std::string_view text, bool plus_is_space = false);

}  // namespace stoa::host::http
