// The third way to answer: the plugin names a service, and the host proxies request and answer.

#include <algorithm>

#include "host/dispatch/dispatcher.h"
#include "host/dispatch/request_state.h"

namespace stoa::host::dispatch {
namespace {

using std::chrono::steady_clock;

/// The client's exchange in the forwarder's hands: what it answers is counted and logged as the plugin's own.
class Forwarded final : public http::Exchange {
public:
    using Report = std::function<void(int status)>;

    /// `headers` are set on the answer, whatever the service says.
    Forwarded(std::shared_ptr<http::Exchange> client, http::Headers headers, Report report)
        : client_(std::move(client)), headers_(std::move(headers)), report_(std::move(report)) {}
    http::Request& request() override { return client_->request(); }
    void respond(http::Response response) override {
        for (const auto& [name, value] : headers_) {
            response.headers.set(name, value);
        }
        report_(response.status);
        client_->respond(std::move(response));
    }
    bool abandoned() const override { return client_->abandoned(); }

private:
    std::shared_ptr<http::Exchange> client_;
    http::Headers headers_;
    Report report_;
};

/// What the plugin requires of the caller before anything is sent on.
std::optional<http::Response> refuse(const std::string& require, const security::Identity& identity) {
    if (require == "public" || (require == "user" && identity.user)) {
        return std::nullopt;
    }
    if (!identity.user) {
        auto refusal =
            http::problem(401, "unauthenticated", "This needs a token", "Send Authorization: Bearer <token>.");
        refusal.headers.set("WWW-Authenticate", "Bearer");
        return refusal;
    }
    if (identity.hasRole("staff") || identity.hasRole("admin")) {
        return std::nullopt;
    }
    return http::problem(403, "forbidden", "This is for staff");
}

}  // namespace

void Dispatcher::forward(stoa_request& request, stoa_response& response) {
    stoa_response::Forward& wanted = *response.forward;
    if (auto refusal = refuse(wanted.require, request.identity)) {
        finish(request, std::move(*refusal));
        return;
    }
    ForwardOrder order;
    order.service = std::move(wanted.service);
    order.path = std::move(wanted.path);
    order.set = std::move(wanted.set);
    order.drop = std::move(wanted.drop);
    order.deadline = *request.work.deadline;
    if (wanted.timeout.count() > 0) {
        order.deadline = std::min(order.deadline, steady_clock::now() + wanted.timeout);
    }
    order.correlation_id = request.work.correlation_id;
    order.trace_id = request.work.trace_id;
    order.span_id = request.work.span_id;
    order.sampled = request.work.sampled;
    // The decision is copied: the source's generation may go while the proxy is still at work.
    leave(request, 200);
    auto client = std::exchange(request.exchange, nullptr);
    const auto report_it = [this, self = request.shared_from_this(), client](int status) {
        report(*self, client->request(), status);
    };
    response.headers.set("X-Correlation-ID", request.work.correlation_id);
    forwarder_->forward(std::make_shared<Forwarded>(client, std::move(response.headers), report_it), std::move(order));
}

}  // namespace stoa::host::dispatch
