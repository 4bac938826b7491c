#include "api.h"

#include "document.h"
#include "page.h"

namespace gateway {
namespace {

using stoa::Request;
using stoa::Response;

constexpr std::string_view kRequestHeaders =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Correlation-ID, traceparent";
constexpr std::string_view kAnswerHeaders = "ETag, Location, Retry-After, Idempotent-Replayed, X-Correlation-ID, Allow";
constexpr std::string_view kPage = "text/html; charset=utf-8";

Origins originsOf(const Json::Value& settings) {
    std::vector<std::string> allowed;
    for (const Json::Value& origin : settings["allowedOrigins"]) {
        allowed.push_back(origin.asString());
    }
    return Origins{std::move(allowed)};
}

Deadlines deadlinesOf(const Json::Value& settings) {
    Deadlines deadlines;
    for (const Json::Value& one : settings["deadlines"]) {
        deadlines.set(stoa::textOr(one, "method"), one["path"].asString(),
                      static_cast<std::uint32_t>(one["milliseconds"].asUInt()));
    }
    return deadlines;
}

Response answerOf(const stoa::Problem& problem) {
    return Response::text(problem.status(), "application/problem+json", stoa::writeJson(problem.body()));
}

/// The answer for a path that nobody serves, as far as is known.
Response nothingHere(const stoa::Client::Route& route) {
    if (route.too_early) {
        return answerOf({503, "starting", "The gateway has just started and has not heard of every service yet.",
                         "Ask again in a second."})
            .header("Retry-After", "1");
    }
    return answerOf({404, "not-found", "There is nothing at this path.", "See /openapi.json for what there is."});
}

std::string targetOf(const Request& request) {
    const std::string_view query = request.queryString();
    return std::string(request.path()) + (query.empty() ? "" : "?" + std::string(query));
}

}  // namespace

Api::Api(stoa::Host& host)
    : host_(host),
      origins_(originsOf(host.config())),
      deadlines_(deadlinesOf(host.config())),
      keep_(host.config()["documentSeconds"].asInt64()) {}

Response Api::proxy(Request& request) const {
    const auto origin = request.header("Origin");
    const auto asked = request.header("Access-Control-Request-Method");
    if (request.method() == "OPTIONS" && origin && asked) {
        return preflight(request, *origin, *asked);
    }
    const auto route = host_.client().resolve(request.method(), request.path());
    if (!route.found || isInternal(route.auth)) {
        return shared(request, refusal(request, route));
    }
    return shared(request, Response::forward({.service = std::string(route.service),
                                              .path = targetOf(request),
                                              .drop = droppedHeaders(),
                                              .require = requirement(route.auth),
                                              .timeout_ms = deadlines_.of(request.method(), route.route)}));
}

/// For a route that is not there: at all, for the outside, or with this method.
Response Api::refusal(const Request& request, const stoa::Client::Route& route) const {
    if (route.found || !route.path_known || route.allow.empty()) {
        return nothingHere(route);
    }
    const std::string allow{route.allow};
    if (request.method() == "OPTIONS") {
        return Response{204}.header("Allow", allow);
    }
    return answerOf({405, "method-not-allowed", "This path does not take this method.", "Allowed: " + allow})
        .header("Allow", allow);
}

/// A browser asks whether a page of `origin` may send `method` (Fetch standard, CORS-preflight).
Response Api::preflight(const Request& request, std::string_view origin, std::string_view method) const {
    const auto route = host_.client().resolve(method, request.path());
    if (route.found ? isInternal(route.auth) : !route.path_known || route.allow.empty()) {
        return nothingHere(route);
    }
    if (!origins_.allows(origin)) {
        return answerOf({403, "origin-not-allowed", "Pages of this origin may not call the shop.",
                         "The gateway's setting allowedOrigins names those that may."});
    }
    return shared(request, Response{204}
                               .header("Access-Control-Allow-Methods", std::string(route.allow))
                               .header("Access-Control-Allow-Headers", std::string(kRequestHeaders))
                               .header("Access-Control-Max-Age", "600"));
}

/// Lets pages of the request's origin read the answer, if they may.
Response Api::shared(const Request& request, Response answer) const {
    const auto origin = request.header("Origin");
    if (!origin || !origins_.allows(*origin)) {
        return answer;
    }
    return std::move(answer)
        .header("Access-Control-Allow-Origin", std::string(*origin))
        .header("Access-Control-Expose-Headers", std::string(kAnswerHeaders))
        .header("Vary", "Origin");
}

Response Api::getHealth(Request&) const {
    Json::Value body;
    body["status"] = "ok";
    return Response::json(200, body);
}

/// Made again when it is too old. Several requests at that moment make it several times, which harms nobody.
std::shared_ptr<const Api::Documents> Api::documents() {
    const stoa::Time now = host_.now();
    {
        const std::lock_guard lock{mutex_};
        if (documents_ && now < documents_->made + keep_) {
            return documents_;
        }
    }
    std::map<std::string, Json::Value> all;
    for (const std::string& service : host_.client().services()) {
        all[service] = host_.client().openapi(service);
    }
    const Json::Value merged =
        mergeDocuments(all, STOA_PLUGIN_VERSION, [&](const std::string& method, const std::string& path) {
            return std::string(host_.client().resolve(method, path).auth);
        });
    auto made = std::make_shared<const Documents>(Documents{stoa::writeJson(merged), htmlPage(merged), now});
    const std::lock_guard lock{mutex_};
    documents_ = made;
    return made;
}

Response Api::getDocument(Request& request) {
    return shared(request, Response::text(200, "application/json", documents()->json));
}

Response Api::getPage(Request&) {
    return Response::text(200, kPage, documents()->html)
        .header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'");
}

}  // namespace gateway
