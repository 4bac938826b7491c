#include "host/outbound/forward.h"

#include <algorithm>
#include <array>

#include "host/http/text.h"
#include "host/outbound/answer_parser.h"

namespace stoa::host::outbound {
namespace {

using http::Headers;

/// Who the client is and what it asked for, for the services behind. From outside nothing of this kind is believed.
void setForwarded(const http::Request& request, Headers& headers) {
    const bool outside = request.listener == http::Listener::kEdge;
    const std::string earlier{outside ? "" : headers.find("X-Forwarded-For").value_or("")};
    const std::string earlier_forwarded{outside ? "" : headers.find("Forwarded").value_or("")};
    const auto stated = [&](std::string_view name, std::string own) {
        const auto known = outside ? std::nullopt : headers.find(name);
        return known ? std::string{*known} : std::move(own);
    };
    const std::string host = stated("X-Forwarded-Host", std::string{request.headers.find("Host").value_or("")});
    const std::string scheme = stated("X-Forwarded-Proto", request.tls ? "https" : "http");
    const auto& peer = request.remote_address;
    const bool v6 = peer.find(':') != std::string::npos;
    headers.set("X-Forwarded-For", earlier.empty() ? peer : earlier + ", " + peer);
    headers.set("X-Forwarded-Proto", scheme);
    std::string forwarded = "for=" + (v6 ? "\"[" + peer + "]\"" : peer) + ";proto=" + scheme;
    if (!host.empty()) {
        headers.set("X-Forwarded-Host", host);
        forwarded += ";host=\"" + host + "\"";
    }
    headers.set("Forwarded", earlier_forwarded.empty() ? forwarded : earlier_forwarded + ", " + forwarded);
}

bool isInternal(std::string_view name) {
    constexpr std::string_view kOwn = "stoa-";
    constexpr std::array<std::string_view, 12> kIdentity{
        "x-user",        "x-user-id",   "x-user-roles", "x-roles",   "x-forwarded-user", "x-authenticated-user",
        "x-remote-user", "remote-user", "x-service",    "x-real-ip", "x-forwarded-port", "x-forwarded-prefix"};
    if (name.size() > kOwn.size() && http::equalsIgnoringCase(name.substr(0, kOwn.size()), kOwn)) {
        return true;
    }
    return std::any_of(kIdentity.begin(), kIdentity.end(),
                       [&](std::string_view identity) { return http::equalsIgnoringCase(name, identity); });
}

Headers headersFor(const http::Request& request, const dispatch::ForwardOrder& order) {
    Headers headers = request.headers;
    dropHopHeaders(headers);
    setForwarded(request, headers);
    const auto is_dropped = [&](const std::string& name) {
        return std::any_of(order.drop.begin(), order.drop.end(),
                           [&](const std::string& dropped) { return http::equalsIgnoringCase(name, dropped); });
    };
    headers.removeIf([&](const std::string& name) {
        const bool framing = http::equalsIgnoringCase(name, "Host") || http::equalsIgnoringCase(name, "Expect") ||
                             http::equalsIgnoringCase(name, "Content-Length");
        return framing || isInternal(name) || is_dropped(name);
    });
    for (const auto& [name, value] : order.set) {
        headers.set(name, value);
    }
    return headers;
}

http::Response unavailable(std::string_view detail) {
    auto response = http::problem(503, "unavailable", "Service Unavailable", detail);
    response.headers.set("Retry-After", "1");
    return response;
}

http::Response broken(const std::string& service) {
    return http::problem(502, "bad-gateway", "Bad Gateway", service + " broke off or did not answer in HTTP.");
}

/// The answer for a client whose own body failed.
http::Response bodyProblem(stoa_status status) {
    switch (status) {
        case STOA_EXHAUSTED:
            return http::problem(413, "body-too-large", http::reason(413), "the body is larger than this route allows");
        case STOA_DEADLINE:
            return http::problem(408, "request-timeout", http::reason(408), "the body of the request took too long");
        default:
            return http::problem(400, "bad-request", http::reason(400), "the body of the request broke off");
    }
}

http::Response answerFor(Outcome outcome, const std::string& service) {
    if (outcome.answered()) {
        outcome.response.headers.remove("Date");
        outcome.response.headers.remove("Server");
        return std::move(outcome.response);
    }
    if (outcome.source_failed) {
        return bodyProblem(outcome.status);
    }
    switch (outcome.status) {
        case STOA_DEADLINE:
            return http::problem(504, "deadline", "Gateway Timeout", service + " did not answer in time.");
        case STOA_INVALID:
            return http::problem(400, "bad-request", "Bad Request", outcome.error);
        case STOA_UNAVAILABLE:
            return outcome.broken || outcome.sent ? broken(service) : unavailable(service + " can't be reached now.");
        default:
            return unavailable(service + " can't be called now.");
    }
}

}  // namespace

void Forward::forward(std::shared_ptr<http::Exchange> exchange, dispatch::ForwardOrder order) {
    auto& request = exchange->request();
    ServiceCall call;
    call.service = order.service;
    call.method = request.method;
    call.path = order.path;
    call.headers = headersFor(request, order);
    call.stream_answer = true;
    if (!request.source || request.source->size() != 0) {
        call.source = request.source;
    }
    call.body = std::move(request.body);
    call.idempotent = false;
    Caller caller;
    caller.correlation_id = order.correlation_id;
    caller.trace_id = order.trace_id;
    caller.span_id = order.span_id;
    caller.sampled = order.sampled;
    caller.deadline = order.deadline;
    const auto operation =
        client_.start(std::move(call), std::move(caller), [exchange, service = order.service](Outcome outcome) {
            exchange->respond(answerFor(std::move(outcome), service));
        });
    exchange->onAbandoned([operation] { operation->cancel(); });
}

}  // namespace stoa::host::outbound
