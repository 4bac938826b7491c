#include "host/outbound/local_call.h"

#include <atomic>
#include <mutex>

#include "host/http/answer_head.h"
#include "host/http/body.h"
#include "host/http/loop.h"
#include "host/http/target.h"
#include "host/outbound/answer_parser.h"

namespace stoa::host::outbound {
namespace {

using http::Response;

class LocalExchange;

/// What caller and callee share; whoever is first decides.
class LocalCall : public Operation, public http::Pending, public std::enable_shared_from_this<LocalCall> {
public:
    LocalCall(http::Io& io, http::Handler& handler, HttpCall call, HttpClient::Done done)
        : io_(io), handler_(handler), call_(std::move(call)), done_(std::move(done)) {}

    void run();
    bool sweep(std::chrono::steady_clock::time_point now) override;
    void cancel() override { giveUp(STOA_UNAVAILABLE, "nobody waits for the answer any more"); }
    void giveUp(stoa_status status, std::string why);
    void answer(Response response);
    bool abandoned() const { return abandoned_; }
    void onAbandoned(std::function<void()> gone);

private:
    bool fill(http::Request& request);
    void admitAndHandle(std::shared_ptr<LocalExchange> exchange);
    void handleBuffered(std::shared_ptr<LocalExchange> exchange, std::uint64_t max_body);
    void deliver(Response response);
    void finish(Outcome outcome);
    void refuse(int status, std::string_view slug, std::string_view detail) {
        answer(http::problem(status, slug, http::reason(status), detail));
    }

    http::Io& io_;
    http::Handler& handler_;
    HttpCall call_;
    std::mutex mutex_;
    HttpClient::Done done_;
    std::function<void()> gone_;
    std::atomic<bool> abandoned_{false};
    std::atomic<bool> finished_{false};
};

class LocalExchange : public http::Exchange {
public:
    explicit LocalExchange(std::shared_ptr<LocalCall> call) : call_(std::move(call)) {}
    ~LocalExchange() override {
        if (!answered_) {
            call_->answer(http::problem(500, "internal", "Internal Server Error"));
        }
    }
    http::Request& request() override { return request_; }
    void respond(Response response) override {
        if (!answered_.exchange(true)) {
            call_->answer(std::move(response));
        }
    }
    bool abandoned() const override { return call_->abandoned(); }
    void onAbandoned(std::function<void()> gone) override { call_->onAbandoned(std::move(gone)); }

private:
    std::shared_ptr<LocalCall> call_;
    http::Request request_;
    std::atomic<bool> answered_{false};
};

bool LocalCall::fill(http::Request& request) {
    const auto target = http::parseTarget(call_.target);
    if (!target) {
        refuse(400, "bad-target", target.error());
        return false;
    }
    request.listener = http::Listener::kInternal;
    request.method = call_.method;
    request.path = target->path;
    request.query = target->query;
    request.headers = std::move(call_.headers);
    const auto size = call_.source ? call_.source->size() : std::optional<std::uint64_t>{call_.body.size()};
    if (size && *size > 0) {
        request.headers.set("Content-Length", std::to_string(*size));
    }
    request.remote_address = "127.0.0.1";
    request.received = std::chrono::steady_clock::now();
    return true;
}

void LocalCall::run() {
    const auto left = call_.deadline - std::chrono::steady_clock::now();
    if (left <= left.zero()) {
        giveUp(STOA_DEADLINE, "no time was left for the call");
        return;
    }
    if (io_.onThread()) {
        io_.loop()->keep(shared_from_this());
    } else {
        io_.loop()->keepSoon(shared_from_this());
    }
    auto exchange = std::make_shared<LocalExchange>(shared_from_this());
    auto& request = exchange->request();
    if (!fill(request)) {
        return;
    }
    try {
        admitAndHandle(std::move(exchange));
    } catch (...) {
        // The exchange answers 500 when nobody holds it any more.
    }
}

bool LocalCall::sweep(std::chrono::steady_clock::time_point now) {
    if (!finished_ && now >= call_.deadline) {
        giveUp(STOA_DEADLINE, "the service did not answer within the deadline");
    }
    return finished_;
}

void LocalCall::admitAndHandle(std::shared_ptr<LocalExchange> exchange) {
    auto& request = exchange->request();
    auto admission = handler_.admit(request);
    if (admission.refusal) {
        exchange->respond(std::move(*admission.refusal));
        return;
    }
    exchange->ticket = std::move(admission.ticket);
    const auto max_body = static_cast<std::uint64_t>(std::max<std::int64_t>(admission.max_body, 0));
    const auto size = call_.source ? call_.source->size() : std::optional<std::uint64_t>{call_.body.size()};
    if (size.value_or(0) > max_body) {
        refuse(413, "body-too-large", "the body is larger than this route allows");
        return;
    }
    if (admission.streaming) {
        request.source = call_.source ? std::move(call_.source) : http::textBody(std::move(call_.body));
        handler_.handle(std::move(exchange));
    } else if (call_.source) {
        handleBuffered(std::move(exchange), max_body);
    } else {
        request.body = std::move(call_.body);
        handler_.handle(std::move(exchange));
    }
}

void LocalCall::handleBuffered(std::shared_ptr<LocalExchange> exchange, std::uint64_t max_body) {
    http::readAll(std::move(call_.source), max_body,
                  [self = shared_from_this(), exchange = std::move(exchange)](stoa_status status, std::string body) {
                      if (status == STOA_OK) {
                          exchange->request().body = std::move(body);
                          self->io_.post([self, exchange] { self->handler_.handle(exchange); });
                      } else if (status == STOA_EXHAUSTED) {
                          self->refuse(413, "body-too-large", "the body is larger than this route allows");
                      } else {
                          Outcome outcome;
                          outcome.status = status;
                          outcome.error = "the body of the request broke off";
                          outcome.sent = true;
                          outcome.source_failed = true;
                          self->finish(std::move(outcome));
                      }
                  });
}

/// As the answer would look after it had gone over a connection.
void LocalCall::answer(Response response) {
    if (http::bodiless(response.status) || call_.method == "HEAD") {
        if (call_.method == "HEAD" && !response.body.empty()) {
            response.headers.set("Content-Length", std::to_string(response.body.size()));
        }
        response.body.clear();
        response.source.reset();
    }
    if (call_.method != "HEAD") {
        response.headers.remove("Content-Length");
    }
    dropHopHeaders(response.headers);
    response.headers.set("Date", std::string{http::httpDate()});
    response.headers.set("Server", "stoa");
    if (!response.source || call_.stream_answer) {
        deliver(std::move(response));
        return;
    }
    const auto source = std::move(response.source);
    http::readAll(
        source, call_.max_answer,
        [self = shared_from_this(), response = std::move(response)](stoa_status status, std::string body) mutable {
            if (status == STOA_OK) {
                response.body = std::move(body);
                self->deliver(std::move(response));
                return;
            }
            Outcome outcome;
            outcome.status = status == STOA_EXHAUSTED ? STOA_EXHAUSTED : STOA_UNAVAILABLE;
            outcome.error = "the answer broke off";
            outcome.sent = true;
            outcome.broken = status != STOA_EXHAUSTED;
            self->finish(std::move(outcome));
        });
}

void LocalCall::deliver(Response response) {
    Outcome outcome;
    outcome.sent = true;
    if (!call_.stream_answer && response.body.size() > call_.max_answer) {
        outcome.status = STOA_EXHAUSTED;
        outcome.error = "the answer is larger than allowed";
    } else {
        outcome.response = std::move(response);
    }
    finish(std::move(outcome));
}

void LocalCall::finish(Outcome outcome) {
    HttpClient::Done done;
    {
        const std::lock_guard lock{mutex_};
        done = std::exchange(done_, nullptr);
        finished_ = true;
        gone_ = nullptr;
    }
    if (done) {
        done(std::move(outcome));
    }
}

void LocalCall::giveUp(stoa_status status, std::string why) {
    HttpClient::Done done;
    std::function<void()> gone;
    {
        const std::lock_guard lock{mutex_};
        done = std::exchange(done_, nullptr);
        finished_ = true;
        abandoned_ = abandoned_ || done != nullptr;
        gone = done ? std::exchange(gone_, nullptr) : nullptr;
    }
    if (gone) {
        gone();
    }
    if (done) {
        Outcome outcome;
        outcome.status = status;
        outcome.error = std::move(why);
        outcome.sent = true;
        done(std::move(outcome));
    }
}

void LocalCall::onAbandoned(std::function<void()> gone) {
    {
        const std::lock_guard lock{mutex_};
        if (!abandoned_) {
            gone_ = done_ ? std::move(gone) : nullptr;
            return;
        }
    }
    gone();
}

}  // namespace

std::shared_ptr<Operation> callLocally(http::Io& io, http::Handler& handler, HttpCall call, HttpClient::Done done) {
    const bool at_once = !io.onThread() && !call.source && !call.stream_answer;
    const auto local = std::make_shared<LocalCall>(io, handler, std::move(call), std::move(done));
    if (at_once) {
        local->run();
    } else {
        io.post([local] { local->run(); });
    }
    return local;
}

}  // namespace stoa::host::outbound
