/// Failures of capability calls, as exceptions of the SDK.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <stoa/abi/core.h>

namespace stoa {

/// A status of the ABI other than STOA_OK, with a sentence that says what failed. Uncaught in a handler it becomes the
/// HTTP status that the code maps to; the sentence goes to the log, not to the client.
class Error : public std::runtime_error {
public:
    Error(stoa_status status, const std::string& message) : std::runtime_error(message), status_(status) {}

    stoa_status status() const { return status_; }
    /// Whether the same call may succeed later.
    bool retryable() const;

private:
    stoa_status status_;
};

/// HTTP status of an ABI status (see core.h).
int httpStatus(stoa_status status);
/// Name for logs: "not_found", "deadline", …
std::string_view statusName(stoa_status status);

inline stoa_str view(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view text(stoa_str view) {
    return view.size == 0 ? std::string_view{} : std::string_view{view.data, view.size};
}

}  // namespace stoa
