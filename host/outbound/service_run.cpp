#include "host/outbound/service_run.h"

#include "host/base/crash_point.h"
#include "host/http/text.h"
#include "host/observe/trace.h"
#include "host/outbound/local_call.h"

namespace stoa::host::outbound {
namespace {

bool isIdempotent(const ServiceCall& call) {
    return call.idempotent || call.method == "GET" || call.method == "HEAD" || call.method == "PUT" ||
           call.method == "DELETE" || call.method == "OPTIONS";
}

/// What the breaker and the balancer count as a failure of the other side.
bool isFailure(const Outcome& outcome) {
    if (outcome.answered()) {
        return outcome.response.status >= 500 && outcome.response.status != 501;
    }
    return outcome.status == STOA_UNAVAILABLE || outcome.status == STOA_DEADLINE;
}

/// Says nothing of the other side: the call itself was wrong, or its sender went.
bool saysNothing(const Outcome& outcome) {
    return outcome.source_failed || outcome.status == STOA_INVALID || outcome.status == STOA_FORBIDDEN;
}

}  // namespace

ServiceRun::ServiceRun(std::shared_ptr<ServiceClient::Impl> client, ServiceCall call, Caller caller,
                       HttpClient::Done done)
    : client_(std::move(client)),
      target_(client_->target(call.service)),
      call_(std::move(call)),
      caller_(std::move(caller)),
      done_(std::move(done)) {
    target_->budget.begin();
    deadline_ = caller_.deadline.value_or(begun_ + client_->options.default_timeout);
    if (call_.timeout.count() > 0) {
        deadline_ = caller_.deadline ? std::min(deadline_, begun_ + call_.timeout) : begun_ + call_.timeout;
    }
}

ServiceRun::~ServiceRun() {
    endRetry();
    if (leave_) {
        target_->breaker.release(*leave_);
    }
    target_->budget.end();
}

void ServiceRun::begin() { attempt(); }

void ServiceRun::attempt() {
    ++attempts_;
    const auto now = Clock::now();
    if (now >= deadline_) {
        failLater(STOA_DEADLINE, "no time was left to call " + call_.service);
        return;
    }
    leave_ = target_->breaker.admit(now);
    if (!leave_) {
        failLater(STOA_UNAVAILABLE, "calls to " + call_.service + " fail too often; it is left alone for a while");
        return;
    }
    HttpCall call;
    if (!compose(call)) {
        return;
    }
    if (auto* const local = client_->localFor(call_.service)) {
        keep(callLocally(client_->client.io(), *local, std::move(call),
                         [self = shared_from_this()](Outcome outcome) { self->onOutcome(std::move(outcome), {}); }));
        return;
    }
    const auto index = client_->index();
    const auto address = target_->balancer.pick(index->instances(call_.service), now, last_address_);
    if (!address) {
        failLater(STOA_UNAVAILABLE, "no host of the fleet runs " + call_.service);
        return;
    }
    last_address_ = *address;
    keep(client_->client.send(Origin::parse(*address), std::move(call),
                              [self = shared_from_this(), address = *address](Outcome outcome) {
                                  self->onOutcome(std::move(outcome), address);
                              }));
}

/// For cancel(), which may have come already.
void ServiceRun::keep(std::shared_ptr<Operation> operation) {
    bool cancelled = false;
    {
        const std::lock_guard lock{mutex_};
        cancelled = cancelled_;
        operation_ = operation;
    }
    if (cancelled) {
        operation->cancel();
    }
}

bool ServiceRun::compose(HttpCall& call) {
    call.caller = caller_.service;
    call.method = call_.method;
    call.target = call_.path;
    call.headers = call_.headers;
    auto& headers = call.headers;
    headers.set("Host", call_.service);
    const auto set = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) {
            headers.set(name, value);
        }
    };
    set("X-Correlation-ID", caller_.correlation_id);
    set("X-Trace-ID", caller_.trace_id);
    set("traceparent", observe::formatTraceparent(caller_.trace_id, caller_.span_id, caller_.sampled));
    if (call_.as_user && !caller_.user_token.empty()) {
        const bool whole = caller_.user_token.size() > 7 &&
                           http::equalsIgnoringCase(std::string_view{caller_.user_token}.substr(0, 7), "Bearer ");
        headers.set("Authorization", whole ? caller_.user_token : "Bearer " + caller_.user_token);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
    headers.set("Stoa-Deadline-Ms", std::to_string(std::max<std::int64_t>(left.count(), 0)));
    try {
        if (!caller_.service.empty()) {
            headers.set("Stoa-Service-Token", client_->tokens.tokenFor(caller_.service, call_.service));
        }
    } catch (const Error& failure) {
        failLater(failure.status(), failure.what());
        return false;
    }
    call.body = attempts_ >= client_->options.max_attempts ? std::move(call_.body) : call_.body;
    call.source = call_.source;
    call.deadline = deadline_;
    call.idempotent = isIdempotent(call_);
    call.stream_answer = call_.stream_answer;
    call.max_answer = client_->options.max_answer;
    return true;
}

void ServiceRun::onOutcome(Outcome outcome, const std::string& address) {
    const auto now = Clock::now();
    {
        const std::lock_guard lock{mutex_};
        operation_.reset();
        if (cancelled_ && !outcome.answered()) {
            outcome.source_failed = outcome.source_failed || outcome.status == STOA_UNAVAILABLE;
        }
    }
    const bool failed = isFailure(outcome) && !saysNothing(outcome);
    sent_ = sent_ || outcome.sent;
    if (!address.empty()) {
        target_->balancer.done(address, failed, now);
    }
    if (leave_) {
        if (saysNothing(outcome)) {
            target_->breaker.release(*leave_);
        } else {
            target_->breaker.record(*leave_, failed, now);
            target_->noteState(now);
        }
        leave_.reset();
    }
    endRetry();
    if (!tryAgain(outcome)) {
        finish(std::move(outcome));
    }
}

/// True when another attempt follows.
bool ServiceRun::tryAgain(const Outcome& outcome) {
    const int status = outcome.response.status;
    const bool unreached = outcome.status == STOA_UNAVAILABLE && !outcome.sent;
    const bool shed = outcome.answered() && (status == 502 || status == 503 || status == 504);
    // What was never sent may be sent, whatever it is; what was sent only when it may be done twice.
    const bool allowed = unreached || ((shed || outcome.broken) && isIdempotent(call_));
    if (!allowed || outcome.source_failed || call_.source || attempts_ >= client_->options.max_attempts) {
        return false;
    }
    const auto pause = backOff(client_->options.retry_base, attempts_, uniformRandom());
    {
        const std::lock_guard lock{mutex_};
        if (cancelled_ || Clock::now() + pause >= deadline_ || !target_->budget.tryRetry()) {
            return false;
        }
    }
    retrying_ = true;
    target_->retries->add();
    client_->client.io().after(pause, [self = shared_from_this()] { self->attempt(); });
    return true;
}

void ServiceRun::endRetry() {
    if (std::exchange(retrying_, false)) {
        target_->budget.endRetry();
    }
}

/// Never inside of start(): `done` must find its caller ready.
void ServiceRun::failLater(stoa_status status, std::string why) {
    client_->client.io().post([self = shared_from_this(), status, why = std::move(why)] {
        Outcome outcome;
        outcome.status = status;
        outcome.error = why;
        self->finish(std::move(outcome));
    });
}

void ServiceRun::finish(Outcome outcome) {
    if (!done_) {
        return;
    }
    outcome.sent = outcome.sent || sent_;
    if (outcome.answered()) {
        crashPoint(CrashPoint::kCallAnswered, caller_.service);
    }
    const std::chrono::duration<double> took = Clock::now() - begun_;
    client_->observeCall(caller_.service, call_.service, call_.method, outcome.answered() ? outcome.response.status : 0,
                         took.count());
    std::exchange(done_, nullptr)(std::move(outcome));
}

void ServiceRun::cancel() {
    std::shared_ptr<Operation> operation;
    {
        const std::lock_guard lock{mutex_};
        cancelled_ = true;
        operation = operation_;
    }
    if (operation) {
        operation->cancel();
    }
}

}  // namespace stoa::host::outbound
