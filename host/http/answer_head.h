/// The head of an answer as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/http/message.h"

namespace stoa::host::http {

struct AnswerFraming {
    std::optional<std::uint64_t> length;  ///< Content-Length
    bool chunked = false;
    bool close = false;       ///< Connection: close
    bool keep_alive = false;  ///< Connection: keep-alive, for HTTP/1.0
};

/// Appends status line, `Date`, `Server`, the response's headers, framing and the blank line to `out`. Headers that are
/// the listener's own, and those that would break the framing, are left out.
void appendAnswerHead(const Response& response, const AnswerFraming& framing, std::string& out);

/// A date of HTTP (RFC 9110, IMF-fixdate), as of this second.
std::string_view httpDate();

/// Whether an answer of this status never has a body.
constexpr bool bodiless(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace stoa::host::http
