#include "host/dispatch/dispatcher.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "host/dispatch/admission.h"
#include "host/dispatch/correlation.h"
#include "host/dispatch/request_state.h"
#include "host/observe/log.h"
#include "host/observe/trace.h"

namespace stoa::host::dispatch {

/// Which service has claimed what, per listener. Immutable once published.
struct Dispatcher::Directory {
    std::map<http::Listener, std::map<std::string, plugin::Service*, std::less<>>> claims;
    std::set<std::string> services;

    bool operator==(const Directory&) const = default;
};

struct Dispatcher::BuiltInRoute {
    http::Listener listener;
    std::string method, path;
    BuiltIn handler;
    Admit admit;

    bool fits(std::string_view asked) const {
        return path.ends_with("/*") ? asked.starts_with(std::string_view(path).substr(0, path.size() - 1))
                                    : asked == path;
    }
};

namespace {

constexpr std::string_view kApi = "/api/v1/";
constexpr std::string_view kEverything = "*";

/// What a path claims on its listener: the resource of "/api/v1/orders/…" is "orders", that of "/psp/charges" is
/// "/psp".
std::string_view claimOf(std::string_view path) {
    const bool api = path.starts_with(kApi);
    const std::size_t from = api ? kApi.size() : 1;
    const std::size_t end = path.find('/', from);
    const std::string_view segment = path.substr(from, end == std::string_view::npos ? end : end - from);
    if (segment.starts_with('{')) {
        return kEverything;
    }
    return api ? segment : path.substr(0, from + segment.size());
}

http::Listener listenerOf(const validate::Manifest& manifest) {
    return manifest.listener == "edge" ? http::Listener::kEdge : http::Listener::kInternal;
}

[[noreturn]] void refuseClaim(const plugin::Service& holder, const validate::Manifest& manifest,
                              const std::string& claim) {
    throw Error(STOA_CONFLICT,
                fmt::format("{} and {} both claim \"{}\" on the {} listener: a resource belongs to one service, "
                            "rename it in one of the manifests",
                            holder.name(), manifest.name, claim, manifest.listener));
}

http::Response notFound() {
    return http::problem(404, "not-found", "There is nothing at this path", "See /openapi.json for what there is.");
}

http::Response notAllowed(const std::string& allow) {
    auto refusal = http::problem(405, "method-not-allowed", "This path does not take this method", "Allowed: " + allow);
    refusal.headers.set("Allow", allow);
    return refusal;
}

}  // namespace

http::Response busy(int seconds, std::string_view why) {
    auto refusal = http::problem(503, "unavailable", "The service can't take this request now", why);
    refusal.headers.set("Retry-After", std::to_string(seconds));
    return refusal;
}

Dispatcher::Dispatcher(DispatcherOptions options, const Clock& clock, security::Authenticator& authenticator,
                       const Idempotency& idempotency, observe::Tracer& tracer, observe::Metrics& metrics)
    : options_(options),
      clock_(clock),
      authenticator_(authenticator),
      idempotency_(idempotency),
      tracer_(tracer),
      metrics_(metrics),
      rate_limiter_(options.edge_rate) {
    publish(std::make_unique<Directory>());
}

Dispatcher::~Dispatcher() = default;

void Dispatcher::publish(std::unique_ptr<Directory> next) {
    // A swap of a version with the same resources, which is nearly every one, leaves the directory as it is.
    if (const Directory* former = directory_.load(); former && *former == *next) {
        return;
    }
    directory_.store(next.get());
    directories_.push_back(std::move(next));
}

void Dispatcher::addBuiltIn(http::Listener listener, std::string method, std::string path, BuiltIn handler,
                            Admit admit) {
    built_in_.push_back({listener, std::move(method), std::move(path), std::move(handler), std::move(admit)});
}

void Dispatcher::serve(plugin::Service& service, const Manifests& manifests) {
    const std::lock_guard lock(mutex_);
    auto next = std::make_unique<Directory>(*directory_.load());
    for (auto& [listener, claims] : next->claims) {
        std::erase_if(claims, [&](const auto& claim) { return claim.second == &service; });
    }
    std::set<std::string> versions;
    for (const auto& manifest : manifests) {
        claimResources(*next, service, *manifest);
        versions.insert(manifest->version);
    }
    next->services.insert(service.name());
    publish(std::move(next));
    metrics_.keepOnly(service.name(), versions);
}

void Dispatcher::claimResources(Directory& directory, plugin::Service& service, const validate::Manifest& manifest) {
    auto& claims = directory.claims[listenerOf(manifest)];
    for (const validate::Route& route : manifest.routes) {
        const auto [claim, fresh] = claims.emplace(claimOf(route.path), &service);
        if (!fresh && claim->second != &service) {
            refuseClaim(*claim->second, manifest, claim->first);
        }
    }
}

void Dispatcher::checkClaims(const validate::Manifest& manifest) const {
    const std::lock_guard lock(mutex_);
    const Directory& directory = *directory_.load();
    const auto claims = directory.claims.find(listenerOf(manifest));
    if (claims == directory.claims.end()) {
        return;
    }
    for (const validate::Route& route : manifest.routes) {
        const auto claim = claims->second.find(claimOf(route.path));
        if (claim != claims->second.end() && claim->second->name() != manifest.name) {
            refuseClaim(*claim->second, manifest, claim->first);
        }
    }
}

void Dispatcher::withdraw(const std::string& service) {
    const std::lock_guard lock(mutex_);
    auto next = std::make_unique<Directory>(*directory_.load());
    for (auto& [listener, claims] : next->claims) {
        std::erase_if(claims, [&](const auto& claim) { return claim.second->name() == service; });
    }
    next->services.erase(service);
    publish(std::move(next));
    metrics_.keepOnly(service, {});
}

bool Dispatcher::serves(const std::string& service) const { return directory_.load()->services.contains(service); }

const Dispatcher::BuiltInRoute* Dispatcher::findBuiltIn(const http::Request& head) const {
    const auto method_fits = [&](const BuiltInRoute& route) {
        return head.method == route.method || (head.method == "HEAD" && route.method == "GET");
    };
    for (const BuiltInRoute& route : built_in_) {
        if (route.listener == head.listener && route.fits(head.path) && method_fits(route)) {
            return &route;
        }
    }
    return nullptr;
}

http::Response Dispatcher::unclaimed() const {
    return expects_more_ ? busy(1, "This host is still starting its services.") : notFound();
}

Dispatcher::Refused Dispatcher::findService(const http::Request& head, stoa_request& request) const {
    const Directory& directory = *directory_.load();
    const auto claims = directory.claims.find(head.listener);
    if (claims == directory.claims.end()) {
        return unclaimed();
    }
    auto claim = claims->second.find(claimOf(head.path));
    if (claim == claims->second.end()) {
        claim = claims->second.find(kEverything);
    }
    if (claim == claims->second.end()) {
        return unclaimed();
    }
    request.service = claim->second;
    return std::nullopt;
}

Dispatcher::Refused Dispatcher::enter(const http::Request& head, std::string_view user, stoa_request& request) const {
    // What stays the same for all that one person does, or for the repetitions of one request, also in other services:
    // a canary gets all of it or nothing.
    std::string_view key = user.empty() ? head.headers.find("Idempotency-Key").value_or("") : user;
    if (key.empty()) {
        key = request.work.correlation_id;
    }
    request.lease = request.service->slot().enter(plugin::Share{key});
    if (!request.lease) {
        return busy(1, request.service->name() + " has no active version at this moment.");
    }
    request.manifest = request.lease->environment().manifest;
    const auto match = request.lease->routes().find(head.method, head.path);
    if (!match.route) {
        return match.allow.empty() ? notFound() : notAllowed(match.allow);
    }
    request.route = match.route;
    request.index = match.index;
    for (const auto& [name, raw] : match.parameters) {
        // A tail keeps its escapes: it is forwarded as it came.
        auto decoded = match.route->path.ends_with("*}") ? std::optional(std::string(raw)) : http::percentDecode(raw);
        if (!decoded) {
            return http::problem(400, "invalid-parameter", "The path has a bad escape");
        }
        request.path_parameters.emplace_back(name, std::move(*decoded));
    }
    return std::nullopt;
}

void Dispatcher::begin(const http::Request& head, stoa_request& request) const {
    Work& work = request.work;
    const bool inside = head.listener == http::Listener::kInternal;
    work.service = request.service->name();
    work.version = request.manifest->version;
    work.generation = request.lease->environment().generation;
    work.route = request.route->method + " " + request.route->path;
    work.deadline = deadlineOf(head, inside, options_.deadline, options_.max_deadline);
    tracer_.begin(work, traceParentOf(head));
    request.address = addressOf(head, inside);
}

tl::expected<security::Identity, security::Refusal> Dispatcher::identify(const http::Request& head,
                                                                         const stoa_request& request) const {
    const auto authorization = head.headers.find("Authorization").value_or("");
    // From outside nobody speaks for a service: the header is ignored there, and never forwarded.
    const auto service_token = head.listener == http::Listener::kInternal
                                   ? head.headers.find("Stoa-Service-Token").value_or("")
                                   : std::string_view{};
    return authenticator_.authenticate(authorization, service_token, request.service->name());
}

Dispatcher::Refused Dispatcher::authorise(const http::Request& head,
                                          tl::expected<security::Identity, security::Refusal> identity,
                                          stoa_request& request) {
    if (!identity) {
        auto refusal = identity.error().status == 503
                           ? busy(1, identity.error().detail)
                           : http::problem(identity.error().status, identity.error().slug, "The token is not accepted",
                                           identity.error().detail);
        if (identity.error().status == 401) {
            refusal.headers.set("WWW-Authenticate", "Bearer error=\"invalid_token\"");
        }
        return refusal;
    }
    request.identity = std::move(*identity);
    if (request.identity.user) {
        request.work.user_token = head.headers.find("Authorization").value_or("");
    }
    return checkAccess(*request.route, request.identity);
}

http::Admission Dispatcher::admit(const http::Request& head) {
    http::Admission admission;
    if (const BuiltInRoute* route = findBuiltIn(head)) {
        return route->admit ? route->admit(head) : admission;
    }
    if (head.listener == http::Listener::kEdge) {
        if (const auto wait = rate_limiter_.take(head.remote_address, head.received)) {
            admission.refusal = http::problem(429, "too-many-requests", "Too many requests from this address");
            admission.refusal->headers.set("Retry-After", std::to_string(wait->count()));
            return admission;
        }
    }
    auto request = std::make_shared<stoa_request>();
    request->work.correlation_id = correlationOf(head);
    Refused refused = findService(head, *request);
    tl::expected<security::Identity, security::Refusal> identity;
    if (!refused) {
        identity = identify(head, *request);
        refused = enter(head, identity ? identity->subject : "", *request);
    }
    if (!refused) {
        begin(head, *request);
        refused = authorise(head, std::move(identity), *request);
        if (!refused) {
            refused = checkContentType(*request->route, head);
        }
        auto query = parseQuery(head.query);
        if (!refused && !query) {
            refused = http::problem(400, "invalid-parameter", "The query has a bad escape",
                                    "After each % come two hex digits, and never 00.");
        }
        if (!refused) {
            request->query = std::move(*query);
            refused = checkParameters(*request->route, head, request->path_parameters, request->query);
        }
        if (!refused && !request->route->nonblocking && request->service->pool().full()) {
            refused = busy(1, "Its queue is full.");
        }
        if (refused) {
            refused->headers.set("X-Correlation-ID", request->work.correlation_id);
            metrics_.record(request->work.service, request->work.version, request->route->path, head.method,
                            refused->status, 0);
        }
    }
    if (refused) {
        admission.refusal = std::move(refused);
        return admission;
    }
    admission.max_body = request->route->max_body;
    admission.streaming = request->route->streaming;
    admission.ticket = std::move(request);
    return admission;
}

void Dispatcher::handle(std::shared_ptr<http::Exchange> exchange) {
    if (const BuiltInRoute* route = exchange->ticket ? nullptr : findBuiltIn(exchange->request())) {
        route->handler(std::move(exchange));
        return;
    }
    auto request = std::static_pointer_cast<stoa_request>(std::exchange(exchange->ticket, nullptr));
    request->exchange = std::move(exchange);
    if (auto refused = checkBody(*request->route, request->message())) {
        finish(*request, std::move(*refused));
        return;
    }
    run(request);
}

}  // namespace stoa::host::dispatch
