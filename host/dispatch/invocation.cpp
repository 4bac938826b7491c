// The second half of the dispatcher: from the worker into the plugin, and the answer out again.

#include <chrono>
#include <exception>

#include <fmt/format.h>

#include <stoa/base64.h>
#include <stoa/sha256.h>

#include "host/base/crash_point.h"
#include "host/dispatch/dispatcher.h"
#include "host/dispatch/request_state.h"
#include "host/observe/log.h"
#include "host/observe/trace.h"
#include "host/sql/sql_capability.h"

namespace stoa::host::dispatch {
namespace {

using std::chrono::steady_clock;

std::string fingerprintOf(std::string_view key, const http::Request& message) {
    const std::string text =
        std::string(key) + '\n' + message.method + '\n' + message.path + '\n' + message.query + '\n' + message.body;
    return hex(sha256(text));
}

std::string callerOf(const security::Identity& identity) {
    if (identity.user) {
        return identity.subject;
    }
    return identity.service.empty() ? "public" : "service:" + identity.service;
}

/// What the caller may do about an answer that the handler did not make.
std::string_view adviceFor(int code) {
    switch (code) {
        case 429:
        case 503:
            return "What it needs is not there at this moment. Try again soon; a change, with its Idempotency-Key.";
        case 504:
            return "Its time was over before its end was known. Try again; a change, with its Idempotency-Key.";
        default:
            return {};
    }
}

/// The answer when the handler set none.
http::Response answerFor(stoa_status status, const std::string& correlation) {
    const int code = httpStatus(status);
    if (status == STOA_OK || code == 500) {
        return http::problem(500, "internal", "The service failed",
                             "It has been logged under the correlation id " + correlation + ".");
    }
    auto answer =
        http::problem(code, std::string(statusName(status)), "The service can't answer this request", adviceFor(code));
    if (code == 503 || code == 429) {
        answer.headers.set("Retry-After", "1");
    }
    return answer;
}

}  // namespace

http::Response busy(int seconds, std::string_view why);

void Dispatcher::run(const std::shared_ptr<stoa_request>& request) {
    request->span =
        std::make_unique<observe::Span>(tracer_, request->work, request->work.route, observe::SpanKind::kServer);
    if (request->route->nonblocking) {
        invoke(*request);
        return;
    }
    if (!request->service->pool().submit([this, request] { invoke(*request); })) {
        finish(*request, busy(1, "Its queue is full."));
    }
}

std::optional<http::Response> Dispatcher::claim(stoa_request& request) const {
    const validate::Idempotency mark = request.route->idempotency;
    if (mark == validate::Idempotency::kNone) {
        return std::nullopt;
    }
    const auto key = request.message().headers.find("Idempotency-Key");
    if (!key) {
        if (mark == validate::Idempotency::kOptional) {
            return std::nullopt;
        }
        return http::problem(400, "idempotency-key-missing", "This request needs an Idempotency-Key",
                             "Send a new UUID in the header Idempotency-Key, and the same one when you retry.");
    }
    if (!Idempotency::wellFormed(*key)) {
        return http::problem(400, "idempotency-key-invalid", "The Idempotency-Key is not valid",
                             "It has 1 to 255 visible ASCII characters.");
    }
    IdempotencyKey id{callerOf(request.identity), request.work.route, std::string(*key),
                      fingerprintOf(*key, request.message())};
    auto outcome = idempotency_.claim(*request.service->database(), id, *request.work.deadline);
    if (auto* answer = std::get_if<http::Response>(&outcome)) {
        return std::move(*answer);
    }
    request.claim = std::move(std::get<Claim>(outcome));
    return std::nullopt;
}

void Dispatcher::invoke(stoa_request& request) {
    if (request.exchange->abandoned()) {
        finish(request, http::problem(499, "client-gone", "The client has gone"));
        return;
    }
    if (*request.work.deadline <= steady_clock::now()) {
        finish(request, http::problem(504, "deadline", "The time for this request is over",
                                      "It waited too long for a worker; nothing was done."));
        return;
    }
    const WorkScope scope(request.work);
    stoa_response response(request, idempotency_);
    http::Response answer;
    try {
        if (auto early = claim(request)) {
            finish(request, std::move(*early));
            return;
        }
        const stoa_status status = request.lease->onRequest(request.index, &request, &response);
        if (const int open = sql::rollbackOpen(request.work)) {
            observe::error("the handler left transactions open; they were rolled back",
                           {{"count", std::to_string(open)}});
        }
        if (status == STOA_OK && response.forward) {
            forward(request, response);
            return;
        }
        if (response.status == 0) {
            answer = answerFor(status, request.work.correlation_id);
        } else {
            answer.status = response.status;
            answer.headers = std::move(response.headers);
            answer.body = std::move(response.body);
        }
        settle(request, status == STOA_OK && response.stored, answer);
    } catch (const Error& failure) {
        observe::warn("the request failed in the host", {{"reason", failure.what()}});
        answer = answerFor(failure.status(), request.work.correlation_id);
    } catch (const std::exception& failure) {
        observe::error("the request failed in the host", {{"reason", failure.what()}});
        answer = answerFor(STOA_INTERNAL, request.work.correlation_id);
    }
    finish(request, std::move(answer));
}

void Dispatcher::settle(stoa_request& request, bool stored, const http::Response& answer) const {
    if (!request.claim || stored) {
        return;
    }
    try {
        idempotency_.settle(*request.service->database(), *request.claim, answer);
    } catch (const Error& failure) {
        // The lease ends by itself; the next attempt then repeats under the same resource id.
        observe::warn("the answer for an idempotency key was not kept", {{"reason", failure.what()}});
    }
}

void Dispatcher::leave(stoa_request& request, int status) {
    plugin::Generation& generation = *request.lease;
    generation.latency.record(steady_clock::now() - request.message().received);
    ++generation.requests;
    if (status >= 500) {
        ++generation.errors;
    }
    request.lease.leave();
}

void Dispatcher::report(stoa_request& request, const http::Request& message, int status) {
    const auto took = std::chrono::duration<double>(steady_clock::now() - message.received);
    const WorkScope scope(request.work);
    if (request.span) {
        request.span->attribute("http.response.status_code", std::to_string(status));
        if (status >= 500) {
            request.span->fail(std::to_string(status));
        }
        request.span->end();
    }
    metrics_.record(request.work.service, request.work.version, request.route->path, message.method, status,
                    took.count());
    const auto level = status >= 500 ? observe::Level::kWarn : observe::Level::kInfo;
    if (observe::logEnabled(level)) {
        observe::log(level, "request",
                     {{"method", message.method},
                      {"route", request.route->path},
                      {"status", std::to_string(status)},
                      {"duration_ms", fmt::format("{:.3f}", took.count() * 1000)}});
    }
}

void Dispatcher::finish(stoa_request& request, http::Response answer) {
    crashPoint(CrashPoint::kRequestHandled, request.work.service);
    answer.headers.set("X-Correlation-ID", request.work.correlation_id);
    // The answer is host memory: the generation may go from here on, however slowly the client reads.
    leave(request, answer.status);
    report(request, request.message(), answer.status);
    request.exchange->respond(std::move(answer));
}

}  // namespace stoa::host::dispatch
