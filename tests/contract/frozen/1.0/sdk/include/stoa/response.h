/// Answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <json/value.h>

namespace stoa {

/// Lets the host proxy the request to a service (see stoa_forward in http.h).
struct Forward {
    std::string service = {};
    std::string path = {};  ///< with query
    std::vector<std::pair<std::string, std::string>> set = {};
    std::vector<std::string> drop = {};
    std::string require = "public";  ///< "public", "user" or "staff"
    std::uint32_t timeout_ms = 0;    ///< 0: what is left
};

class Response {
public:
    explicit Response(int status = 204) : status_(status) {}
    static Response json(int status, const Json::Value& body);
    static Response text(int status, std::string_view content_type, std::string body);
    static Response forward(Forward forward);

    Response header(std::string name, std::string value) &&;
    /// `ETag: "<version>"` (strong).
    Response etag(std::int64_t version) &&;
    Response location(std::string path) &&;

    int status() const { return status_; }
    const std::string& contentType() const { return content_type_; }
    const std::string& body() const { return body_; }
    const std::vector<std::pair<std::string, std::string>>& headers() const { return headers_; }
    const std::optional<Forward>& forwarded() const { return forward_; }

private:
    friend class Request;
    friend class Dispatch;
    int status_;
    bool stored_ = false;  ///< already with the host, committed
    std::string content_type_;
    std::string body_;
    std::vector<std::pair<std::string, std::string>> headers_;
    std::optional<Forward> forward_;
};

}  // namespace stoa
