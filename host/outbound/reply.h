/// stoa_reply, as stoa.client/1 and stoa.external/1 give it out.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include <stoa/abi/client.h>

#include "host/http/message.h"
#include "host/outbound/http_client.h"

struct stoa_reply {
    stoa::host::http::Response response;
};

namespace stoa::host::outbound {

/// The functions of both tables.
uint32_t replyStatus(const stoa_reply* reply);
stoa_status replyHeader(const stoa_reply* reply, stoa_str name, stoa_str* value);
stoa_str replyBody(const stoa_reply* reply);
void releaseReply(stoa_reply* reply);

/// Keeps why a call failed, or makes the reply.
stoa_status takeOutcome(Outcome outcome, stoa_reply** reply);

/// A call of the ABI, checked and copied. The error says what is wrong with it.
struct PlainCall {
    std::string service, method, path, body;
    http::Headers headers;
    std::chrono::milliseconds timeout{0};
    bool as_user = false;
    bool idempotent = false;
};
tl::expected<PlainCall, std::string> copyCall(const stoa_call* call);

}  // namespace stoa::host::outbound
