#include "dispatch.h"

#include "answer.h"

namespace stoa {

namespace {

Problem generic(stoa_status status) {
    const int http = httpStatus(status);
    Problem problem{http, statusName(status), "The request failed.",
                    http == 500 ? "The service has a fault; it is in its log." : "See the status."};
    if (http == 503) {
        problem.retryAfter(1);
    }
    return problem;
}

/// Status of an event's or timer's handler that ended with a Problem: only 503 and 409 are worth another try.
stoa_status statusOf(const Problem& problem) {
    switch (problem.status()) {
        case 503:
            return STOA_UNAVAILABLE;
        case 409:
            return STOA_CONFLICT;
        default:
            return STOA_INVALID;
    }
}

template <class Handlers>
bool hasHole(const Handlers& handlers, std::uint32_t index) {
    return index >= handlers.size() || !handlers[index];
}

}  // namespace

Dispatch::Dispatch(const stoa_host* host, PluginFactory factory) : host_(host), plugin_(factory(host_)) {
    refuseHoles();
}

void Dispatch::refuseHoles() const {
    const Capabilities& has = host_.capabilities();
    std::string holes;
    const auto hole = [&](std::string_view what, stoa_str name) {
        holes += (holes.empty() ? "" : ", ") + std::string(what) + " " + std::string(text(name));
    };
    stoa_str name{};
    for (std::uint32_t i = 0; has.http != nullptr && has.http->operation(has.http, i, &name) == STOA_OK; ++i) {
        if (hasHole(plugin_->routes_, i)) {
            hole("route", name);
        }
    }
    for (std::uint32_t i = 0; has.events != nullptr && has.events->topic(has.events, i, &name) == STOA_OK; ++i) {
        if (hasHole(plugin_->events_, i)) {
            hole("subscription to", name);
        }
    }
    std::uint32_t transactional = 0;
    for (std::uint32_t i = 0; has.timer != nullptr && has.timer->name(has.timer, i, &name, &transactional) == STOA_OK;
         ++i) {
        const Plugin::Timer none;
        const Plugin::Timer& timer = i < plugin_->timers_.size() ? plugin_->timers_[i] : none;
        if (transactional != 0 ? !timer.transactional : !timer.job) {
            hole(transactional != 0 ? "transactional timer" : "job", name);
        }
    }
    if (!holes.empty()) {
        throw Error(STOA_INVALID, "the manifest names what the plugin has no handler for: " + holes);
    }
}

stoa_status Dispatch::failed(std::string_view what, std::string_view subject, stoa_status status,
                             std::string_view why) {
    try {
        const bool fault = status == STOA_INTERNAL || status == STOA_INVALID;
        const LogFields fields = {{"subject", subject}, {"status", statusName(status)}, {"error", why}};
        if (fault) {
            host_.log().error(what, fields);
        } else {
            host_.log().warn(what, fields);
        }
        const stoa_host* host = host_.capabilities().host;
        host->explain(host, view(why));
    } catch (...) {
        // Without memory for a log line the status alone has to do.
        return status;
    }
    return status;
}

template <class Work>
stoa_status Dispatch::guard(std::string_view what, std::string_view subject, Work&& work) {
    try {
        work();
        return STOA_OK;
    } catch (const Problem& problem) {
        return failed(what, subject, statusOf(problem), problem.what());
    } catch (const Error& error) {
        return failed(what, subject, error.status(), error.what());
    } catch (const std::exception& error) {
        return failed(what, subject, STOA_INTERNAL, error.what());
    } catch (...) {
        return failed(what, subject, STOA_INTERNAL, "something that is no exception was thrown");
    }
}

stoa_status Dispatch::request(std::uint32_t route, stoa_request* request, stoa_response* response) {
    const Capabilities& capabilities = host_.capabilities();
    const stoa_status status = guard("request failed", text(capabilities.http->path(request)), [&] {
        if (hasHole(plugin_->routes_, route)) {
            throw Error(STOA_INTERNAL, "there is no handler for route " + std::to_string(route));
        }
        Request typed{capabilities, request, response};
        try {
            const Response answer = plugin_->routes_[route](typed);
            if (!answer.stored_) {
                detail::setAnswer(capabilities, response, answer);
            }
        } catch (const Problem& problem) {
            detail::setAnswer(capabilities, response, problem);
        }
    });
    if (status != STOA_OK) {
        guard("answer failed", "", [&] { detail::setAnswer(capabilities, response, generic(status)); });
    }
    return status;
}

stoa_status Dispatch::event(std::uint32_t subscription, const stoa_event& event, stoa_tx* tx) {
    return guard("event failed", text(event.id), [&] {
        if (hasHole(plugin_->events_, subscription)) {
            throw Error(STOA_INTERNAL, "there is no handler for subscription " + std::to_string(subscription));
        }
        auto data = parseJson(text(event.data));
        if (!data) {
            throw Error(STOA_INVALID, "the event's data are not JSON: " + data.error());
        }
        const Event typed{std::string(text(event.topic)),
                          std::string(text(event.key)),
                          std::string(text(event.id)),
                          std::string(text(event.source)),
                          event.aggregate_version,
                          fromMicros(event.time_us),
                          std::move(*data)};
        Transaction transaction{host_.capabilities(), tx};
        plugin_->events_[subscription](typed, transaction);
    });
}

stoa_status Dispatch::timer(std::uint32_t timer, const stoa_firing& firing, stoa_tx* tx) {
    return guard("timer failed", text(firing.key), [&] {
        const Firing typed{firing.attempt, std::string(text(firing.key)), std::string(text(firing.payload)),
                           fromMicros(firing.due_us)};
        const Plugin::Timer none;
        const Plugin::Timer& handler = timer < plugin_->timers_.size() ? plugin_->timers_[timer] : none;
        if (tx != nullptr && handler.transactional) {
            Transaction transaction{host_.capabilities(), tx};
            handler.transactional(typed, transaction);
        } else if (tx == nullptr && handler.job) {
            handler.job(typed);
        } else {
            throw Error(STOA_INTERNAL, "there is no handler for timer " + std::to_string(timer));
        }
    });
}

}  // namespace stoa
