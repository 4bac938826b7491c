/// Request targets (RFC 9112, section 3.2), strictly.
#pragma once

#include <string_view>

#include <tl/expected.hpp>

namespace stoa::host::http {

struct Target {
    std::string_view path;       ///< begins with '/'; no dot segments, no empty segments, no encoded control characters
    std::string_view query;      ///< without '?'
    std::string_view authority;  ///< of the absolute form; replaces Host
};

/// Origin form and absolute form. The error says what is wrong; the target is then to be refused with 400.
tl::expected<Target, std::string_view> parseTarget(std::string_view target);

/// A value of Host: a name or an address, and perhaps a port.
bool isAuthority(std::string_view text);

}  // namespace stoa::host::http
