#include <stoa/response.h>

#include <stoa/json.h>

namespace stoa {

Response Response::json(int status, const Json::Value& body) {
    return text(status, "application/json", writeJson(body));
}

Response Response::text(int status, std::string_view content_type, std::string body) {
    Response response{status};
    response.content_type_ = content_type;
    response.body_ = std::move(body);
    return response;
}

Response Response::forward(Forward forward) {
    Response response{0};
    response.forward_ = std::move(forward);
    return response;
}

Response Response::header(std::string name, std::string value) && {
    headers_.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
}

Response Response::etag(std::int64_t version) && {
    return std::move(*this).header("ETag", '"' + std::to_string(version) + '"');
}

Response Response::location(std::string path) && { return std::move(*this).header("Location", std::move(path)); }

}  // namespace stoa
