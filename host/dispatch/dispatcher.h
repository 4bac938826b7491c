/// From a parsed request to a plugin's handler and back: routes, admission, identity, idempotency, answer.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.h"
#include "host/dispatch/forwarder.h"
#include "host/dispatch/idempotency.h"
#include "host/dispatch/rate_limiter.h"
#include "host/dispatch/request_metrics.h"
#include "host/http/message.h"
#include "host/plugin/service.h"
#include "host/security/authenticator.h"

struct stoa_request;
struct stoa_response;

namespace stoa::host::observe {
class Tracer;
}

namespace stoa::host::dispatch {

/// A route of the host's own: health, metrics, registry. Runs on the I/O thread; may answer later from another one.
using BuiltIn = std::function<void(std::shared_ptr<http::Exchange>)>;
/// Decides on the head alone how such a request goes on; `ticket` stays empty. [io], never blocks.
using Admit = std::function<http::Admission(const http::Request& head)>;

struct DispatcherOptions {
    std::chrono::milliseconds deadline{30'000};      ///< of a request that brings none
    std::chrono::milliseconds max_deadline{60'000};  ///< of a request that brings a longer one
    RateLimit edge_rate;                             ///< per client address on the edge
};

/// Behind the three listeners and the in-process short cut. admit and handle: [io], or the worker of who calls by the
/// short cut; they never block.
class Dispatcher final : public http::Handler {
public:
    Dispatcher(DispatcherOptions options, const Clock& clock, security::Authenticator& authenticator,
               const Idempotency& idempotency, observe::Tracer& tracer, observe::Metrics& metrics);
    ~Dispatcher() override;

    /// [control] Before the listeners start. Path: exact, or ending in "/*".
    /// Without `admit` every request is let in, with the default limits.
    void addBuiltIn(http::Listener listener, std::string method, std::string path, BuiltIn handler, Admit admit = {});
    void setForwarder(Forwarder& forwarder) { forwarder_ = &forwarder; }

    /// [control] Puts the routes of a service on its listener: of its active version and of those that may serve beside
    /// or after it (canary, warm). Again after a swap. Throws stoa::Error STOA_CONFLICT naming both services when
    /// another one has claimed a resource.
    using Manifests = std::vector<std::shared_ptr<const validate::Manifest>>;
    void serve(plugin::Service& service, const Manifests& manifests);
    /// [control] Takes a service off.
    void withdraw(const std::string& service);
    /// Throws what serve() would throw for this manifest, and changes nothing.
    void checkClaims(const validate::Manifest& manifest) const;
    bool serves(const std::string& service) const;
    /// Any thread. While services are still to come, a path that nobody has claimed may be theirs: it is answered 503
    /// and not 404, which a caller would believe.
    void expectMore(bool more) { expects_more_ = more; }

    http::Admission admit(const http::Request& head) override;
    void handle(std::shared_ptr<http::Exchange> exchange) override;

private:
    struct Directory;
    struct BuiltInRoute;
    using Refused = std::optional<http::Response>;

    const BuiltInRoute* findBuiltIn(const http::Request& head) const;
    http::Response unclaimed() const;
    static void claimResources(Directory& directory, plugin::Service& service, const validate::Manifest& manifest);
    Refused findService(const http::Request& head, stoa_request& request) const;
    tl::expected<security::Identity, security::Refusal> identify(const http::Request& head,
                                                                 const stoa_request& request) const;
    /// Enters the generation that this request belongs to, and finds its route there.
    Refused enter(const http::Request& head, std::string_view user, stoa_request& request) const;
    static Refused authorise(const http::Request& head, tl::expected<security::Identity, security::Refusal> identity,
                             stoa_request& request);
    void begin(const http::Request& head, stoa_request& request) const;
    void run(const std::shared_ptr<stoa_request>& request);
    void invoke(stoa_request& request);
    std::optional<http::Response> claim(stoa_request& request) const;
    void settle(stoa_request& request, bool stored, const http::Response& answer) const;
    void forward(stoa_request& request, stoa_response& response);
    void finish(stoa_request& request, http::Response answer);
    static void leave(stoa_request& request, int status);
    void report(stoa_request& request, const http::Request& message, int status);
    void publish(std::unique_ptr<Directory> next);

    DispatcherOptions options_;
    const Clock& clock_;
    security::Authenticator& authenticator_;
    const Idempotency& idempotency_;
    observe::Tracer& tracer_;
    mutable RequestMetrics metrics_;
    RateLimiter rate_limiter_;
    Forwarder* forwarder_ = nullptr;
    std::atomic<bool> expects_more_{false};
    std::vector<BuiltInRoute> built_in_;
    std::atomic<const Directory*> directory_{nullptr};
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Directory>> directories_;  // former ones stay: readers hold no count
};

}  // namespace stoa::host::dispatch
