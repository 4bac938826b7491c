#include <stoa/problem.h>

namespace stoa {

Problem::Problem(int status, std::string_view slug, std::string title, std::string detail)
    : status_(status), slug_(slug), what_(std::to_string(status) + " " + slug_ + ": " + title) {
    body_["type"] = "urn:stoa:problem:" + slug_;
    body_["title"] = title;
    body_["status"] = status;
    if (!detail.empty()) {
        what_ += " " + detail;
        body_["detail"] = detail;
    }
}

Problem& Problem::with(ExtensionMember member, Json::Value value) {
    body_[std::string(member.name())] = std::move(value);
    return *this;
}

Problem& Problem::field(std::string_view where, std::string_view why) {
    Json::Value error;
    error["field"] = std::string(where);
    error["why"] = std::string(why);
    body_["errors"].append(std::move(error));
    what_ += " " + std::string(where) + " " + std::string(why) + ".";
    return *this;
}

Problem& Problem::retryAfter(int seconds) {
    retry_after_ = seconds;
    return *this;
}

Problem badRequest(std::string_view slug, std::string detail) {
    return {400, slug, "The request can't be understood.", std::move(detail)};
}

Problem forbidden(std::string detail) { return {403, "forbidden", "This is not allowed.", std::move(detail)}; }

Problem notFound(std::string_view what) {
    return {404, "not-found", "Not found.", "There is no such " + std::string(what) + "."};
}

Problem conflict(std::string_view slug, std::string detail) {
    return {409, slug, "The request conflicts with the present state.", std::move(detail)};
}

Problem preconditionFailed(std::string detail) {
    return {412, "precondition-failed", "The resource has changed.", std::move(detail)};
}

Problem unprocessable(std::string_view slug, std::string detail) {
    return {422, slug, "The request can't be carried out.", std::move(detail)};
}

Problem tooManyRequests(int retry_after_seconds, std::string detail) {
    Problem problem{429, "too-many-requests", "Too many requests.", std::move(detail)};
    return std::move(problem.retryAfter(retry_after_seconds));
}

Problem unavailable(int retry_after_seconds, std::string detail) {
    Problem problem{503, "unavailable", "The service can't answer now.", std::move(detail)};
    return std::move(problem.retryAfter(retry_after_seconds));
}

}  // namespace stoa
