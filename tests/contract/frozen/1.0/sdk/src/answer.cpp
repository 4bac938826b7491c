#include "answer.h"

#include <algorithm>

#include <stoa/json.h>

namespace stoa::detail {

namespace {

void setForward(const Capabilities& capabilities, stoa_response* into, const Forward& forward) {
    std::vector<stoa_pair> set;
    for (const auto& [name, value] : forward.set) {
        set.push_back({view(name), view(value)});
    }
    std::vector<stoa_str> drop(forward.drop.size());
    std::transform(forward.drop.begin(), forward.drop.end(), drop.begin(), [](const auto& name) { return view(name); });
    stoa_forward raw{};
    raw.struct_size = sizeof raw;
    raw.timeout_ms = forward.timeout_ms;
    raw.service = view(forward.service);
    raw.path = view(forward.path);
    raw.set = set.data();
    raw.set_count = set.size();
    raw.drop = drop.data();
    raw.drop_count = drop.size();
    raw.require = view(forward.require);
    capabilities.check(capabilities.http->forward(into, &raw), "the request can't be forwarded");
}

}  // namespace

void setAnswer(const Capabilities& capabilities, stoa_response* into, const Response& response) {
    const stoa_http& http = *capabilities.http;
    if (response.forwarded()) {
        setForward(capabilities, into, *response.forwarded());
    } else {
        capabilities.check(http.set_status(into, static_cast<std::uint32_t>(response.status())),
                           "status of the answer");
    }
    for (const auto& [name, value] : response.headers()) {
        capabilities.check(http.set_header(into, view(name), view(value)), name);
    }
    if (!response.contentType().empty()) {
        capabilities.check(http.set_body(into, view(response.contentType()), view(response.body())),
                           "body of the answer");
    }
}

void setAnswer(const Capabilities& capabilities, stoa_response* into, const Problem& problem) {
    Response response = Response::text(problem.status(), "application/problem+json", writeJson(problem.body()));
    if (problem.retryAfterSeconds() > 0) {
        response = std::move(response).header("Retry-After", std::to_string(problem.retryAfterSeconds()));
    }
    setAnswer(capabilities, into, response);
}

}  // namespace stoa::detail
