/// Errors for clients: application/problem+json (RFC 9457).
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include <json/value.h>

namespace stoa {

/// The name of a member that a problem has beside those of RFC 9457, 3.1, whose meaning is not a plugin's to change: a
/// literal, checked when it is compiled.
class ExtensionMember {
public:
    consteval ExtensionMember(const char* name) : name_(name) {
        for (const std::string_view taken : {"type", "title", "status", "detail", "instance", "errors"}) {
            if (name_ == taken) {
                throw "this member has a meaning already";
            }
        }
    }
    std::string_view name() const { return name_; }

private:
    std::string_view name_;
};

/// Thrown by a handler; becomes the answer, and rolls an open transaction back. `slug` is part of the API: the `type`
/// is "urn:stoa:problem:<slug>" and never changes.
class Problem : public std::exception {
public:
    Problem(int status, std::string_view slug, std::string title, std::string detail = {});

    /// Adds an extension member.
    Problem& with(ExtensionMember member, Json::Value value);
    /// Adds to `errors` which field and why. `where` as the host's own checks name it: a JSON pointer into the body
    /// ("/lines/0/quantity"), or "query:limit", "path:orderId", "header:If-Match".
    Problem& field(std::string_view where, std::string_view why);
    Problem& retryAfter(int seconds);

    int status() const { return status_; }
    int retryAfterSeconds() const { return retry_after_; }
    const Json::Value& body() const { return body_; }
    std::string_view slug() const { return slug_; }
    const char* what() const noexcept override { return what_.c_str(); }

private:
    int status_;
    int retry_after_ = 0;
    std::string slug_;
    std::string what_;
    Json::Value body_;
};

Problem badRequest(std::string_view slug, std::string detail);         ///< 400
Problem forbidden(std::string detail);                                 ///< 403 "forbidden"
Problem notFound(std::string_view what);                               ///< 404 "not-found": "There is no such <what>."
Problem conflict(std::string_view slug, std::string detail);           ///< 409
Problem preconditionFailed(std::string detail);                        ///< 412 "precondition-failed"
Problem unprocessable(std::string_view slug, std::string detail);      ///< 422
Problem tooManyRequests(int retry_after_seconds, std::string detail);  ///< 429 "too-many-requests"
Problem unavailable(int retry_after_seconds, std::string detail);      ///< 503 "unavailable"

}  // namespace stoa
