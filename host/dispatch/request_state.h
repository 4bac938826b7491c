/// A request on its way through the host: what stoa_request and stoa_response of the ABI are on this side.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <stoa/abi/http.h>
#include <stoa/validate/manifest.h>

#include "host/base/work.h"
#include "host/dispatch/idempotency.h"
#include "host/http/message.h"
#include "host/observe/trace.h"
#include "host/plugin/service.h"
#include "host/plugin/slot.h"
#include "host/security/authenticator.h"

/// Made at admission, freed when the answer has been handed over. One thread at a time: I/O, then worker.
struct stoa_request : std::enable_shared_from_this<stoa_request> {
    stoa::host::plugin::Service* service = nullptr;
    stoa::host::plugin::Lease lease;  ///< entered at admission, so queued requests count
    std::shared_ptr<const stoa::validate::Manifest> manifest;
    const stoa::validate::Route* route = nullptr;  ///< in `manifest`
    std::uint32_t index = 0;
    std::vector<std::pair<std::string, std::string>> path_parameters;  ///< decoded
    std::vector<std::pair<std::string, std::string>> query;            ///< decoded, in order
    stoa::host::security::Identity identity;
    stoa::host::Work work;
    std::string address;  ///< of the client at the edge
    std::shared_ptr<stoa::host::http::Exchange> exchange;
    std::optional<stoa::host::dispatch::Claim> claim;
    std::unique_ptr<stoa::host::observe::Span> span;
    bool body_ended = false;
    std::string unread;  ///< of a streaming body: what the last chunk held beyond the reader's buffer

    const stoa::host::http::Request& message() const { return exchange->request(); }
    std::optional<std::string_view> parameter(std::string_view name) const;
    std::optional<std::string_view> queryValue(std::string_view name) const;
};

/// The answer that a handler is putting together. Host memory throughout.
struct stoa_response {
    stoa_response(stoa_request& of, const stoa::host::dispatch::Idempotency& with) : request(of), idempotency(with) {}

    stoa_request& request;
    const stoa::host::dispatch::Idempotency& idempotency;
    int status = 0;  ///< 0: not set
    stoa::host::http::Headers headers;
    std::string body;
    bool stored = false;  ///< lies in the handler's transaction for the idempotency key
    struct Forward {
        std::string service, path, require;
        std::vector<std::pair<std::string, std::string>> set;
        std::vector<std::string> drop;
        std::chrono::milliseconds timeout{0};
    };
    std::optional<Forward> forward;
};
