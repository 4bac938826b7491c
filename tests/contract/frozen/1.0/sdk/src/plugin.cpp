#include <stoa/plugin.h>

namespace stoa {

namespace {

template <class Table, class Handler, class Index>
void wire(const Table* table, Index&& index, std::string_view what, std::string_view name,
          std::vector<Handler>& handlers, Handler handler) {
    std::uint32_t at = 0;
    if (table == nullptr || index(at) != STOA_OK) {
        throw Error(STOA_INVALID, "the manifest has no " + std::string(what) + " " + std::string(name));
    }
    if (at >= handlers.size()) {
        handlers.resize(at + 1);
    }
    handlers[at] = std::move(handler);
}

}  // namespace

void Plugin::route(std::string_view operation, RouteHandler handler) {
    const stoa_http* http = host_.capabilities().http;
    const auto index = [&](std::uint32_t& at) { return http->route(http, view(operation), &at); };
    wire(http, index, "route", operation, routes_, std::move(handler));
}

void Plugin::on(std::string_view topic, EventHandler handler) {
    const stoa_events* events = host_.capabilities().events;
    const auto index = [&](std::uint32_t& at) { return events->subscription(events, view(topic), &at); };
    wire(events, index, "subscription to", topic, events_, std::move(handler));
}

void Plugin::timer(std::string_view name, TimerHandler handler) {
    const stoa_timer* timers = host_.capabilities().timer;
    const auto index = [&](std::uint32_t& at) { return timers->index(timers, view(name), &at); };
    wire(timers, index, "timer", name, timers_, Timer{std::move(handler), nullptr});
}

void Plugin::job(std::string_view name, JobHandler handler) {
    const stoa_timer* timers = host_.capabilities().timer;
    const auto index = [&](std::uint32_t& at) { return timers->index(timers, view(name), &at); };
    wire(timers, index, "timer", name, timers_, Timer{nullptr, std::move(handler)});
}

}  // namespace stoa
