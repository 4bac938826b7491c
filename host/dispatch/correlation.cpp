#include "host/dispatch/correlation.h"

#include <algorithm>
#include <charconv>

#include "host/base/ids.h"

namespace stoa::host::dispatch {
namespace {

constexpr std::size_t kMaxCorrelationId = 128;

bool visible(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::string correlationOf(const http::Request& head) {
    const auto sent = head.headers.find("X-Correlation-ID");
    if (sent && !sent->empty() && sent->size() <= kMaxCorrelationId && visible(*sent)) {
        return std::string(*sent);
    }
    return randomHex(16);
}

std::optional<observe::TraceParent> traceParentOf(const http::Request& head) {
    if (const auto header = head.headers.find("traceparent")) {
        if (auto parent = observe::parseTraceparent(*header)) {
            return parent;
        }
    }
    if (const auto id = head.headers.find("X-Trace-ID")) {
        // Without a parent span: any valid one makes the parse check the trace id; it is dropped again.
        if (auto parent = observe::parseTraceparent("00-" + std::string(*id) + "-0000000000000001-01")) {
            parent->span_id.clear();
            return parent;
        }
    }
    return std::nullopt;
}

Deadline deadlineOf(const http::Request& head, bool inside, std::chrono::milliseconds usual,
                    std::chrono::milliseconds most) {
    std::chrono::milliseconds left = usual;
    if (const auto header = inside ? head.headers.find("Stoa-Deadline-Ms") : std::nullopt) {
        std::int64_t asked = 0;
        const auto [end, error] = std::from_chars(header->data(), header->data() + header->size(), asked);
        if (error == std::errc{} && end == header->data() + header->size() && asked >= 0) {
            left = std::min(most, std::chrono::milliseconds{asked});
        }
    }
    const auto from = head.received == Deadline{} ? std::chrono::steady_clock::now() : head.received;
    return from + left;
}

std::string addressOf(const http::Request& head, bool inside) {
    if (const auto forwarded = inside ? head.headers.find("X-Forwarded-For") : std::nullopt) {
        return std::string(forwarded->substr(0, forwarded->find(',')));
    }
    return head.remote_address;
}

}  // namespace stoa::host::dispatch
