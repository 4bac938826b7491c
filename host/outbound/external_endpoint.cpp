#include "host/outbound/external_endpoint.h"

#include <fmt/format.h>

#include "host/base/crash_point.h"
#include "host/http/target.h"

namespace stoa::host::outbound {
namespace {

bool isFailure(const Outcome& outcome) {
    return outcome.answered() ? outcome.response.status >= 500
                              : outcome.status == STOA_UNAVAILABLE || outcome.status == STOA_DEADLINE;
}

}  // namespace

ExternalEndpoint::ExternalEndpoint(const std::string& service, const std::string& name, const Json::Value& section,
                                   std::string bearer, HttpClient& client, observe::Metrics& metrics)
    : service_(service),
      name_(name),
      bearer_(std::move(bearer)),
      client_(client),
      metrics_(metrics),
      target_(service + "/" + name, metrics) {
    const auto refuse = [&](const std::string& why) {
        return Error(STOA_INVALID, fmt::format("plugins.{}.external.{}.{}", service, name, why));
    };
    if (!section.isObject() || !section["url"].isString()) {
        throw refuse("url is missing: give \"http(s)://host:port/base\"");
    }
    const auto url = section["url"].asString();
    const auto authority = url.find("://");
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
        throw refuse("url: \"" + url + "\" must begin with http:// or https://");
    }
    const auto path = std::min(url.find('/', authority + 3), url.size());
    base_ = url.substr(path);
    while (base_.ends_with('/')) {
        base_.pop_back();
    }
    if (!base_.empty() && (base_.find('?') != std::string::npos || !http::parseTarget(base_))) {
        throw refuse("url: \"" + base_ + "\" is no path");
    }
    try {
        origin_ = Origin::parse(url.substr(0, path));
    } catch (const Error& error) {
        throw refuse(std::string{"url: "} + error.what());
    }
    origin_.refuse_link_local = true;
    if (section.isMember("timeout_ms")) {
        if (!section["timeout_ms"].isInt() || section["timeout_ms"].asInt() <= 0) {
            throw refuse("timeout_ms must be a positive number of milliseconds");
        }
        timeout_ = std::chrono::milliseconds{section["timeout_ms"].asInt()};
    }
}

HttpCall ExternalEndpoint::compose(PlainCall call) const {
    HttpCall made;
    made.method = std::move(call.method);
    made.target = base_ + call.path;
    made.headers = std::move(call.headers);
    if (!bearer_.empty()) {
        made.headers.set("Authorization", "Bearer " + bearer_);
    }
    made.body = std::move(call.body);
    made.once = true;
    made.caller = service_;
    const auto now = std::chrono::steady_clock::now();
    made.deadline = now + (call.timeout.count() > 0 ? call.timeout : timeout_);
    if (const auto* const work = currentWork(); work && work->deadline) {
        made.deadline = std::min(made.deadline, *work->deadline);
    }
    return made;
}

std::shared_ptr<observe::Histogram> ExternalEndpoint::duration(const std::string& method, int status) {
    const std::lock_guard lock{mutex_};
    auto& found = durations_[method + ' ' + std::to_string(status)];
    if (!found) {
        found = metrics_.histogram("client_request_duration_seconds",
                                   "Calls to services, with their retries; status 0: no answer",
                                   {{"service", service_},
                                    {"target", "external/" + name_},
                                    {"method", method},
                                    {"status", std::to_string(status)}});
    }
    return found;
}

Outcome ExternalEndpoint::call(PlainCall call) {
    const auto method = call.method;
    Outcome outcome;
    // The path is the plugin's, the base is the operator's: it must not lead out of the base.
    if (const auto target = http::parseTarget(call.path); !target || !target->authority.empty()) {
        outcome.status = STOA_INVALID;
        outcome.error = target ? "the path must begin with /" : std::string{target.error()};
        return outcome;
    }
    const auto begun = std::chrono::steady_clock::now();
    const auto leave = target_.breaker.admit(begun);
    if (!leave) {
        outcome.status = STOA_UNAVAILABLE;
        outcome.error = name_ + " fails too often; it is left alone for a while";
        return outcome;
    }
    outcome = client_.sendAndWait(origin_, compose(std::move(call)));
    if (outcome.answered()) {
        crashPoint(CrashPoint::kExternalAnswered, service_);
    }
    const auto now = std::chrono::steady_clock::now();
    if (outcome.status == STOA_INVALID || outcome.status == STOA_FORBIDDEN) {
        target_.breaker.release(*leave);
    } else {
        target_.breaker.record(*leave, isFailure(outcome), now);
        target_.noteState(now);
    }
    const std::chrono::duration<double> took = now - begun;
    duration(method, outcome.answered() ? outcome.response.status : 0)->observe(took.count());
    return outcome;
}

}  // namespace stoa::host::outbound
