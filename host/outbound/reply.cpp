#include "host/outbound/reply.h"

#include <array>

#include "host/base/work.h"
#include "host/http/text.h"

namespace stoa::host::outbound {
namespace {

/// Headers that the host alone sets.
bool isHosts(std::string_view name) {
    constexpr std::array<std::string_view, 12> kHosts{"Authorization",
                                                      "Connection",
                                                      "Content-Length",
                                                      "Expect",
                                                      "Host",
                                                      "Keep-Alive",
                                                      "TE",
                                                      "Trailer",
                                                      "Transfer-Encoding",
                                                      "Upgrade",
                                                      "Proxy-Authorization",
                                                      "Proxy-Connection"};
    constexpr std::string_view kOwn = "Stoa-";
    return (name.size() >= kOwn.size() && http::equalsIgnoringCase(name.substr(0, kOwn.size()), kOwn)) ||
           std::any_of(kHosts.begin(), kHosts.end(),
                       [&](std::string_view own) { return http::equalsIgnoringCase(name, own); });
}

}  // namespace

uint32_t replyStatus(const stoa_reply* reply) { return static_cast<uint32_t>(reply->response.status); }

stoa_status replyHeader(const stoa_reply* reply, stoa_str name, stoa_str* value) {
    const auto found = reply->response.headers.find(text(name));
    *value = view(found.value_or(std::string_view{}));
    return found ? STOA_OK : STOA_NOT_FOUND;
}

stoa_str replyBody(const stoa_reply* reply) { return view(reply->response.body); }

void releaseReply(stoa_reply* reply) { delete reply; }

stoa_status takeOutcome(Outcome outcome, stoa_reply** reply) {
    *reply = nullptr;
    if (!outcome.answered()) {
        setLastError(std::move(outcome.error));
        return outcome.status;
    }
    *reply = new stoa_reply{std::move(outcome.response)};
    return STOA_OK;
}

tl::expected<PlainCall, std::string> copyCall(const stoa_call* call) {
    if (!call || !STOA_HAS(call, idempotent)) {
        return tl::unexpected(std::string{"struct_size of the call is not set"});
    }
    PlainCall copied;
    copied.service = text(call->service);
    copied.method = text(call->method);
    copied.path = text(call->path);
    copied.body = text(call->body);
    copied.timeout = std::chrono::milliseconds{call->timeout_ms};
    copied.as_user = call->as_user != 0;
    copied.idempotent = call->idempotent != 0;
    if (!http::isToken(copied.method)) {
        return tl::unexpected("\"" + copied.method + "\" is no method");
    }
    for (std::size_t i = 0; i < call->header_count; ++i) {
        const auto name = text(call->headers[i].name);
        const auto value = text(call->headers[i].value);
        if (!http::isToken(name) || !http::isFieldValue(value) || isHosts(name)) {
            return tl::unexpected("the header \"" + std::string{name} + "\" is the host's or can't be sent");
        }
        copied.headers.add(std::string{name}, std::string{value});
    }
    if (call->content_type.size > 0) {
        if (!http::isFieldValue(text(call->content_type))) {
            return tl::unexpected(std::string{"the content type can't be sent"});
        }
        copied.headers.set("Content-Type", std::string{text(call->content_type)});
    }
    return copied;
}

}  // namespace stoa::host::outbound
