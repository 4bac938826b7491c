/// A request as a handler sees it.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <json/value.h>

#include <stoa/abi/http.h>
#include <stoa/response.h>
#include <stoa/sql.h>

namespace stoa {

/// Who calls, verified by the host.
struct Caller {
    bool authenticated = false;
    std::string_view subject;  ///< user id
    std::string_view roles;    ///< space-separated
    std::string_view session;
    std::string_view service;  ///< the calling service, or empty
    std::string_view address;  ///< peer at the edge; for throttling, not for trust

    bool hasRole(std::string_view role) const;
    /// Role staff or admin.
    bool isStaff() const { return hasRole("staff") || hasRole("admin"); }
};

/// Limit and cursor of a list, checked: `limit` 1…100, 20 by default; a bad cursor is Problem 400.
struct Page {
    std::int64_t limit = 20;
    std::string cursor;  ///< empty for the first page; see cursor.h
};

class Request {
public:
    std::string_view method() const;
    std::string_view path() const;
    /// A parameter of the route's path, decoded. Throws Error STOA_INTERNAL when the route has none of this name.
    std::string_view param(std::string_view name) const;
    std::optional<std::string_view> query(std::string_view name) const;
    std::string_view queryString() const;
    std::optional<std::string_view> header(std::string_view name) const;
    std::string_view body() const;
    /// The body as JSON. The host has checked it against the route's schema already.
    Json::Value json() const;
    /// Next bytes of a streaming route's body; empty at its end.
    std::string_view read(std::span<char> buffer);

    Caller caller() const;
    Page page() const;
    microseconds remaining() const;

    /// The id of what this request creates: of the idempotency claim, so the same for every attempt. Without a claim, a
    /// new UUIDv7.
    std::string resourceId() const;
    /// As sent; empty when the route has no idempotency.
    std::string_view idempotencyKey() const;
    /// The version of `If-Match`; nothing when the header is absent or "*"; Problem 400 when it is not one of our
    /// ETags.
    std::optional<std::int64_t> ifMatch() const;

    /// `work` in one transaction, with the answer for the idempotency key in the same commit. `work` returns the
    /// Response. Do REST calls before, never inside.
    template <class Work>
    Response transact(Work&& work) {
        std::optional<Response> answer;
        run([&](Transaction& tx) -> const Response& { return answer.emplace(work(tx)); });
        answer->stored_ = true;
        return std::move(*answer);
    }

private:
    friend class Dispatch;
    Request(const class Capabilities& capabilities, stoa_request* request, stoa_response* response)
        : capabilities_(capabilities), request_(request), response_(response) {}
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    void run(const std::function<const Response&(Transaction&)>& work);

    const class Capabilities& capabilities_;
    stoa_request* request_;
    stoa_response* response_;
    mutable std::string generated_id_;
};

}  // namespace stoa
