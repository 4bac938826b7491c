/// Tells the shop what was decided.
#pragma once

#include <stoa/event.h>
#include <stoa/host.h>

namespace sandbox_psp {

inline constexpr const char* kWebhook = "webhook";  ///< job, keyed by the operation's number

/// Calls the shop, signed; throws Error when it did not take it, so that it is tried again, up to ten times.
void sendWebhook(stoa::Host& host, const stoa::Firing& firing);

}  // namespace sandbox_psp
