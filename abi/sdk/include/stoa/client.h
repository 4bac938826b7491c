/// REST calls: to services of the fleet by name, and to endpoints outside of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <json/value.h>

#include <stoa/abi/client.h>
#include <stoa/error.h>

namespace stoa {

struct Call {
    std::string service = {};  ///< or the endpoint's name, for External
    std::string method = "GET";
    std::string path = {};  ///< with query; build it from escaped segments (escapeSegment)
    Json::Value body = {};  ///< sent as application/json unless null
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::uint32_t timeout_ms = 0;      ///< 0: what is left of the current deadline
    bool as_user = false;              ///< the current user's token travels too
    std::string idempotency_key = {};  ///< sets the header and allows a retry
    std::string raw_body = {};         ///< instead of `body`, with `content_type`
    std::string content_type = {};
};

/// What came back. Exactly one of: an HTTP answer (`answered()`), or a failure status.
class Reply {
public:
    bool answered() const { return failure_ == STOA_OK; }
    /// 2xx.
    bool ok() const { return answered() && status_ >= 200 && status_ < 300; }
    int status() const { return status_; }            ///< 0 when there was no answer
    stoa_status failure() const { return failure_; }  ///< STOA_OK when there was one
    const std::string& error() const { return error_; }
    const std::string& body() const { return body_; }
    std::string header(const std::string& name) const;  ///< empty when absent
    /// The body as JSON; throws Error STOA_UNAVAILABLE when it is not JSON: the other side is broken.
    Json::Value json() const;
    /// External only: the request, or a part of it, may have reached the other side.
    bool sent() const { return sent_; }
    /// Throws Error when there was no answer, or a 5xx or 429: STOA_UNAVAILABLE and so on, which answers 503.
    const Reply& orThrow() const;

private:
    friend class Client;
    friend class External;
    int status_ = 0;
    stoa_status failure_ = STOA_OK;
    bool sent_ = false;
    std::string error_;
    std::string body_;
    std::vector<std::pair<std::string, std::string>> headers_;
};

/// Calls never throw for what the other side does. Calling inside a transaction is a programming error: Error
/// STOA_INVALID. Headers kept of a reply: ETag, Location, Retry-After, Content-Type.
class Client {
public:
    explicit Client(const class Capabilities& capabilities) : capabilities_(capabilities) {}
    Reply call(const Call& call) const;
    /// All at once, within one deadline; the replies in the order of the calls.
    std::vector<Reply> callAll(const std::vector<Call>& calls) const;

    /// For a gateway: who serves this in the fleet. Views in the result live until the handler returns.
    struct Route {
        bool found = false;
        bool path_known = false;
        bool too_early = false;  ///< not found, but not every host has been heard of yet: answer 503
        std::string_view service, auth, route, allow;
    };
    Route resolve(std::string_view method, std::string_view path) const;
    std::vector<std::string> services() const;
    /// The service's OpenAPI document (JSON); null when it is unknown.
    Json::Value openapi(const std::string& service) const;

private:
    const class Capabilities& capabilities_;
};

class External {
public:
    explicit External(const class Capabilities& capabilities) : capabilities_(capabilities) {}
    Reply call(const Call& call) const;

private:
    const class Capabilities& capabilities_;
};

/// Percent-encodes everything but unreserved characters (RFC 3986).
std::string escapeSegment(std::string_view text);

}  // namespace stoa
