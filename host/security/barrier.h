/// Keeps exceptions on this side of the C ABI.
#pragma once

#include <exception>
#include <string_view>

#include <stoa/error.h>

#include "host/base/work.h"
#include "host/memory/account.h"

namespace stoa::host::security {

/// Runs `body`, which returns a status; an exception becomes one, and its text the thread's last error.
template <typename Body>
stoa_status guarded(Body&& body) noexcept {
    const memory::HostScope host;
    try {
        return body();
    } catch (const Error& error) {
        setLastError(error.what());
        return error.status();
    } catch (const std::exception& error) {
        setLastError(error.what());
        return STOA_INTERNAL;
    }
}

inline stoa_status write(const stoa_writer* writer, std::string_view text) {
    return writer->write(writer, text.data(), text.size());
}

}  // namespace stoa::host::security
